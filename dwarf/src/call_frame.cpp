// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "call_frame.h"

#include <limits>
#include <string>

namespace wdbg::dwarf {
namespace {

std::unexpected<Error> unavailable(std::string message) {
    return fail(ErrorCode::Unavailable, std::move(message));
}

/// The surroundings of an expression of call frame information.
class RuleContext : public ExpressionContext {
  public:
    explicit RuleContext(const CallFrame& frame) : frame_(frame) {}

    Result<std::uint64_t> register_value(std::uint32_t number) const override {
        return frame_.register_value(number);
    }

    Result<ComputedPlace> register_bytes(std::uint32_t /*number*/) const override {
        return not_here();
    }

    Result<std::uint64_t> frame_base() const override { return not_here(); }

    Result<std::uint64_t> entry_value(std::uint32_t /*number*/) const override {
        return not_here();
    }

    Result<std::uint64_t> frame_address() const override { return not_here(); }

    Result<void> read(std::uint64_t address, std::span<std::byte> into) const override {
        return frame_.read(address, into);
    }

    std::optional<BaseType> base_type(std::uint64_t /*offset*/) const override {
        return std::nullopt;
    }

  private:
    /// DWARF 5 §6.4.2 forbids them.
    static std::unexpected<Error> not_here() {
        return fail(ErrorCode::Malformed, "an unwind rule is damaged");
    }

    const CallFrame& frame_;
};

} // namespace

bool is_known(const NativeRegisters& registers, std::uint32_t number) {
    return number < registers.general.size() &&
           ((registers.known >> number) & std::uint64_t{1}) != 0;
}

Result<void> CallFrame::read(std::uint64_t address, std::span<std::byte> into) const {
    return activation_.memory(NativeAddress{address}, into);
}

Result<std::uint64_t> CallFrame::read_word(std::uint64_t address) const {
    std::uint64_t word = 0;
    const auto into =
        std::as_writable_bytes(std::span(&word, 1)).first(machine_.is_64 ? sizeof word : 4);
    if (Result<void> done = read(address, into); !done) {
        return std::unexpected(done.error());
    }
    return word;
}

Result<std::uint64_t> CallFrame::register_value(std::uint32_t number) const {
    if (!is_known(activation_.registers, number) || number >= machine_.general_count) {
        return unavailable("register " + std::to_string(number) + " is not known in this frame");
    }
    const bool is_pc = machine_.machine == Machine::X86_64 && number == machine_.return_address;
    return is_pc ? activation_.registers.pc.value : activation_.registers.general[number];
}

Result<std::uint64_t> CallFrame::frame_address() const {
    // The rule of the frame address itself cannot refer to it.
    return row_.cfa.kind == FrameRule::Kind::CfaOffset
               ? fail(ErrorCode::Malformed, "an unwind rule is damaged")
               : apply(row_.cfa, std::numeric_limits<std::uint32_t>::max());
}

Result<std::uint64_t> CallFrame::value_of(const FrameRule& rule, std::uint32_t number) const {
    switch (rule.kind) {
    case FrameRule::Kind::SameValue:
        return register_value(number);
    case FrameRule::Kind::CfaOffset:
    case FrameRule::Kind::RegisterOffset: {
        Result<std::uint64_t> base =
            rule.kind == FrameRule::Kind::CfaOffset ? frame_address() : register_value(rule.number);
        if (base) {
            *base += static_cast<std::uint64_t>(rule.offset);
        }
        return base;
    }
    case FrameRule::Kind::Expression: {
        std::optional<std::uint64_t> initial;
        if (&rule != &row_.cfa) {
            const Result<std::uint64_t> cfa = frame_address();
            if (!cfa) {
                return cfa;
            }
            initial = *cfa;
        }
        const auto address_size = static_cast<std::uint8_t>(machine_.is_64 ? 8 : 4);
        return evaluate_number({.bytes = rule.expression, .address_size = address_size},
                               RuleContext(*this), initial);
    }
    case FrameRule::Kind::Constant:
        return static_cast<std::uint64_t>(rule.offset);
    default:
        return unavailable("register " + std::to_string(number) + " is not kept by this frame");
    }
}

Result<std::uint64_t> CallFrame::apply(const FrameRule& rule, std::uint32_t number) const {
    const Result<std::uint64_t> value = value_of(rule, number);
    return value && rule.in_memory ? read_word(*value) : value;
}

Result<std::uint64_t> CallFrame::body_stack_pointer() const {
    const FrameRule& cfa = row_.cfa;
    if (!table_.body_depth || cfa.number != machine_.stack_pointer ||
        cfa.kind != FrameRule::Kind::RegisterOffset || cfa.in_memory) {
        return unavailable("it is not known where the locals of this frame are");
    }
    if (cfa.offset < *table_.body_depth) {
        return unavailable("the frame is not complete here (prologue or epilogue)");
    }
    Result<std::uint64_t> stack_pointer = frame_address();
    if (stack_pointer) {
        *stack_pointer -= static_cast<std::uint64_t>(*table_.body_depth);
    }
    return stack_pointer;
}

Result<std::uint64_t> CallFrame::caller_register(std::uint32_t number) const {
    const auto rule = row_.registers.find(number);
    if (rule != row_.registers.end()) {
        return apply(rule->second, number);
    }
    if (number == machine_.stack_pointer) {
        return frame_address();
    }
    const bool is_kept = number < 64 && ((machine_.callee_saved >> number) & 1U) != 0;
    // The link register still holds the return address where no rule says otherwise.
    return is_kept || number == table_.return_address
               ? register_value(number)
               : unavailable("register " + std::to_string(number) + " is not kept by calls");
}

Result<NativeRegisters> CallFrame::caller() const {
    const Result<std::uint64_t> cfa = frame_address();
    if (!cfa) {
        return std::unexpected(cfa.error());
    }
    const bool has_pc_column = machine_.machine == Machine::X86_64;
    if (has_pc_column && !row_.registers.contains(table_.return_address)) {
        return unavailable("no rule for the return address");
    }
    const Result<std::uint64_t> pc = caller_register(table_.return_address);
    if (!pc) {
        return std::unexpected(pc.error());
    }
    // Bit 0 of a return address on Arm says that the caller is Thumb code.
    const std::uint64_t mask =
        machine_.machine == Machine::Arm ? ~std::uint64_t{1} : ~std::uint64_t{0};
    NativeRegisters result{.machine = activation_.registers.machine,
                           .pc = NativeAddress{*pc & mask}};
    result.known = 0;
    result.vectors_known = false;
    for (std::uint32_t each = 0; each < machine_.general_count; ++each) {
        const bool is_pc = has_pc_column && each == table_.return_address;
        const Result<std::uint64_t> value = is_pc ? pc : caller_register(each);
        if (!value && value.error().code != ErrorCode::Unavailable) {
            return std::unexpected(value.error());
        }
        // A link register that this function has not changed says nothing of its caller's own.
        if (value && (is_pc || each != table_.return_address)) {
            result.general[each] = *value;
            result.known |= std::uint64_t{1} << each;
        }
    }
    return result;
}

} // namespace wdbg::dwarf
