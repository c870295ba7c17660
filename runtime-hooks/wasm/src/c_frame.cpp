// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/wasm/c_frame.h>
#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/stack_types.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace wdbg::wasm {

namespace {

/// What a value can be: any of these; nothing where no code has given it yet.
struct Origin {
    std::optional<std::int64_t>
        from_entry{};                       ///< at least that much above the entry's stack pointer
    std::optional<std::int64_t> constant{}; ///< among `other` if there is that
    bool other = false;                     ///< as an address within an array of the frame

    [[nodiscard]] bool is_nothing() const { return !from_entry && !constant && !other; }

    [[nodiscard]] bool is_constant() const { return constant && !from_entry && !other; }

    [[nodiscard]] bool is_stack() const { return from_entry && !constant && !other; }

    friend bool operator==(const Origin&, const Origin&) = default;
};

constexpr Origin unknown{.other = true};

Origin either(const Origin& a, const Origin& b) {
    Origin result{.from_entry = a.from_entry ? a.from_entry : b.from_entry,
                  .constant = a.constant ? a.constant : b.constant,
                  .other = a.other || b.other};
    if (a.from_entry && b.from_entry) {
        result.from_entry = std::min(*a.from_entry, *b.from_entry);
    }
    result.other = result.other || (a.constant && b.constant && *a.constant != *b.constant);
    if (result.other) {
        result.constant.reset();
    }
    return result;
}

/// All that was ever stored in one place.
struct Place {
    Origin origin{};
    bool walks = false; ///< a loop lowers it further and further
};

/// Follows what comes from the stack pointer through operands and locals. A prologue is
///
///     global.get sp   i32.const 64   i32.sub   local.tee 5   global.set sp
///
/// where a leaf stores nothing, constants and results may go through locals (-O0), and a second
/// constant aligns (i32.and). An alloca() takes a size off what the prologue has made,
///
///     local.get 5   local.get 0   i32.const 15   i32.add   i32.const -16   i32.and   i32.sub
///
/// or a constant, in a loop again and again. A place is what any of its writers gives it: the code
/// is read until that does not change any more.
class FrameReader {
  public:
    FrameReader(const Module& module, const FunctionBody& body, std::uint32_t stack_pointer)
        : module_(module)
        , body_(body)
        , stack_pointer_(stack_pointer)
        , locals_(module.local_types(body).size()) {
        const FunctionType* type = module.function_type(body.index);
        const std::size_t params = type != nullptr ? type->params.size() : 0;
        std::fill_n(locals_.begin(), std::min(params, locals_.size()), Place{.origin = unknown});
    }

    [[nodiscard]] Result<CFrame> frame();

  private:
    /// Readings behind which only loops can lower anything further.
    static constexpr int settled = 8;
    /// What no compiler makes would take as many as it has locals.
    static constexpr int most_readings = 64;

    [[nodiscard]] Result<void> read();
    void visit(const Instruction& instruction);
    void visit_value(const Instruction& instruction);
    void visit_plain(const Instruction& instruction);
    void enter(const Instruction& instruction);
    void branch();
    void leave();
    void call(const Instruction& instruction);

    void push(const Origin& origin) { operands_.push_back(origin); }

    Origin pop();
    void pop(std::size_t count);
    void resize(std::size_t height);
    void store(Place& place, const Origin& origin);
    Origin set_local(std::uint32_t index);
    void store_stack_pointer(const Origin& origin);

    [[nodiscard]] bool is_bottom(const Origin& origin) const {
        return origin.from_entry && (!bottom_ || *origin.from_entry <= *bottom_);
    }

    [[nodiscard]] Origin sum(const Origin& left, const Origin& right, std::int64_t sign);
    [[nodiscard]] Origin aligned(const Origin& value, const Origin& mask);
    void lower(Origin& into, std::int64_t from_entry);

    const Module& module_;
    const FunctionBody& body_;
    std::uint32_t stack_pointer_;
    std::vector<Place> locals_;
    std::vector<Origin> operands_;
    std::vector<std::size_t> blocks_;      ///< for each open one, how many operands lie below it
    Place carried_;                        ///< into and out of blocks
    std::optional<std::int64_t> bottom_{}; ///< what the prologue has made, or above it
    std::int64_t lowest_ = 0;
    unsigned reads_ = 0;
    int readings_ = 0;
    bool written_ = false;
    bool variable_ = false; ///< the frame's size
    bool unexplained_ = false;
    bool changed_ = false;
};

Result<CFrame> FrameReader::frame() {
    do {
        if (const auto done = read(); !done) {
            return std::unexpected(done.error());
        }
    } while (changed_ && !variable_ && readings_ < most_readings);
    const bool reads_again = written_ && reads_ != 1;
    if (changed_ || variable_ || unexplained_ || reads_again ||
        -lowest_ > std::numeric_limits<int>::max()) {
        return fail(ErrorCode::Unsupported, "its stack frame has no fixed size");
    }
    const bool in_red_zone = !written_ && -lowest_ <= std::int64_t{c_red_zone};
    return CFrame{.size = in_red_zone ? 0U : static_cast<std::uint32_t>(-lowest_),
                  .moves_stack_pointer = written_};
}

Result<void> FrameReader::read() {
    ++readings_;
    operands_.clear();
    blocks_.assign(1, 0);
    reads_ = 0;
    unexplained_ = false;
    changed_ = false;
    return walk_operand_stacks(module_, body_.index,
                               [this](const Instruction& instruction, const OperandStack& stack) {
                                   resize(stack.types.size());
                                   visit(instruction);
                                   return !variable_;
                               });
}

// --- Values --------------------------------------------------------------------------------------

Origin FrameReader::pop() {
    const Origin last = operands_.empty() ? unknown : operands_.back();
    pop(1);
    return last;
}

void FrameReader::pop(std::size_t count) {
    operands_.resize(operands_.size() - std::min(count, operands_.size()));
}

/// What is new there came into or out of a block, or from code that is never executed.
void FrameReader::resize(std::size_t height) {
    operands_.resize(height, either(carried_.origin, unknown));
}

/// A stack pointer that walks has no bottom. Anything else that walks does so along an array.
void FrameReader::store(Place& place, const Origin& origin) {
    Origin joined = either(place.origin, origin);
    if (place.walks || (readings_ > settled && joined.from_entry < place.origin.from_entry)) {
        variable_ = variable_ || is_bottom(place.origin) || is_bottom(origin);
        place.walks = true;
        joined = unknown;
    }
    changed_ = changed_ || joined != place.origin;
    place.origin = joined;
}

Origin FrameReader::set_local(std::uint32_t index) {
    const Origin value = pop();
    bottom_ = bottom_ ? bottom_ : value.from_entry;
    if (index < locals_.size()) {
        store(locals_[index], value);
    }
    return value;
}

void FrameReader::store_stack_pointer(const Origin& origin) {
    bottom_ = bottom_ ? bottom_ : origin.from_entry;
    written_ = true;
    variable_ = variable_ || origin.constant || origin.other;
    unexplained_ = unexplained_ || origin.is_nothing();
}

void FrameReader::lower(Origin& into, std::int64_t from_entry) {
    into.from_entry = from_entry;
    lowest_ = std::min(lowest_, from_entry);
}

/// left + sign * right
Origin FrameReader::sum(const Origin& left, const Origin& right, std::int64_t sign) {
    if (left.is_nothing() || right.is_nothing()) {
        return {};
    }
    if (sign > 0 && left.is_constant() && !right.is_constant()) {
        return sum(right, left, sign);
    }
    if (!right.is_constant()) {
        variable_ = variable_ || (sign < 0 && is_bottom(left));
        return unknown;
    }
    Origin result{.other = left.other};
    if (left.from_entry) {
        lower(result, *left.from_entry + sign * *right.constant);
    }
    if (left.constant) {
        result.constant = static_cast<std::int32_t>(*left.constant + sign * *right.constant);
    }
    return result;
}

Origin FrameReader::aligned(const Origin& value, const Origin& mask) {
    if (value.is_nothing() || mask.is_nothing()) {
        return {};
    }
    const bool aligns = mask.is_constant() && *mask.constant < 0 &&
                        (*mask.constant & (-*mask.constant)) == -*mask.constant;
    Origin result = unknown;
    if (aligns && value.from_entry) {
        result.other = !value.is_stack();
        lower(result, *value.from_entry + *mask.constant);
    }
    return result;
}

// --- Instructions --------------------------------------------------------------------------------

void FrameReader::visit(const Instruction& instruction) {
    switch (instruction.opcode) {
    case Opcode::If:
        pop(1);
        [[fallthrough]];
    case Opcode::Block:
    case Opcode::Loop:
    case Opcode::Try:
    case Opcode::TryTable:
        enter(instruction);
        break;
    case Opcode::BrIf:
    case Opcode::BrTable:
        pop(1);
        [[fallthrough]];
    case Opcode::Br:
    case Opcode::BrOnNull:
    case Opcode::BrOnNonNull:
        branch();
        break;
    case Opcode::Else:
    case Opcode::Catch:
    case Opcode::CatchAll:
        leave();
        break;
    case Opcode::Delegate:
    case Opcode::End:
        leave();
        blocks_.pop_back();
        break;
    case Opcode::Call:
    case Opcode::CallIndirect:
    case Opcode::CallRef:
        call(instruction);
        break;
    default:
        visit_value(instruction);
    }
}

void FrameReader::visit_value(const Instruction& instruction) {
    const bool of_stack_pointer = instruction.index == stack_pointer_;
    switch (instruction.opcode) {
    case Opcode::LocalGet:
        push(instruction.index < locals_.size() ? locals_[instruction.index].origin : unknown);
        break;
    case Opcode::LocalTee:
        push(set_local(instruction.index));
        break;
    case Opcode::LocalSet:
        set_local(instruction.index);
        break;
    case Opcode::GlobalSet: {
        const Origin value = pop();
        if (of_stack_pointer) {
            store_stack_pointer(value);
        }
        break;
    }
    case Opcode::GlobalGet:
        reads_ += of_stack_pointer ? 1 : 0;
        push(of_stack_pointer ? Origin{.from_entry = 0} : unknown);
        break;
    case Opcode::Select:
    case Opcode::SelectTyped: {
        pop(1);
        const Origin second = pop();
        push(either(pop(), second));
        break;
    }
    default:
        visit_plain(instruction);
    }
}

/// Of those that a signature does not describe none gives a number that matters; resize() follows.
void FrameReader::visit_plain(const Instruction& instruction) {
    const std::string_view signature = instruction.info->signature;
    const std::size_t colon = signature.find(':');
    if (colon == std::string_view::npos) {
        return;
    }
    Origin result = unknown;
    if (instruction.opcode == Opcode::I32Const) {
        result = {.constant = static_cast<std::int64_t>(instruction.bits)};
    } else if (colon == 2 && operands_.size() >= 2) {
        const Origin& left = operands_.at(operands_.size() - 2);
        const Origin& right = operands_.back();
        switch (instruction.opcode) {
        case Opcode::I32Add:
            result = sum(left, right, 1);
            break;
        case Opcode::I32Sub:
            result = sum(left, right, -1);
            break;
        case Opcode::I32And:
            result = left.is_constant() ? aligned(right, left) : aligned(left, right);
            break;
        default:
            break;
        }
    }
    pop(colon);
    operands_.resize(operands_.size() + signature.size() - colon - 1, result);
}

void FrameReader::call(const Instruction& instruction) {
    const bool by_function = instruction.opcode == Opcode::Call;
    const FunctionType* type = nullptr;
    if (by_function) {
        type = module_.function_type(instruction.index);
    } else if (instruction.index < module_.types().size()) {
        type = &module_.types()[instruction.index];
    }
    if (type != nullptr) { // the typer finds fault otherwise
        pop(type->params.size() + (by_function ? 0 : 1));
        operands_.resize(operands_.size() + type->results.size(), unknown);
    }
}

// --- Blocks: all that goes into and out of them counts as one place ------------------------------

void FrameReader::enter(const Instruction& instruction) {
    const bool has_params = instruction.block.kind == BlockType::Kind::TypeIndex &&
                            instruction.block.type_index < module_.types().size();
    const std::size_t params =
        has_params ? module_.types()[instruction.block.type_index].params.size() : 0;
    blocks_.push_back(operands_.size() - std::min(params, operands_.size()));
    leave();
}

void FrameReader::branch() {
    for (std::size_t i = blocks_.back(); i < operands_.size(); ++i) {
        store(carried_, operands_.at(i));
    }
}

void FrameReader::leave() {
    branch();
    pop(operands_.size() - std::min(blocks_.back(), operands_.size()));
}

} // namespace

Result<CFrame> c_frame(const Module& module, std::uint32_t function, std::uint32_t stack_pointer) {
    const FunctionBody* const body = module.body(function);
    auto frame = body != nullptr ? FrameReader(module, *body, stack_pointer).frame() : CFrame{};
    if (!frame) {
        return fail(frame.error().code,
                    module.function_name(function) + ": " + frame.error().message);
    }
    return frame;
}

} // namespace wdbg::wasm
