// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/agent/program.h>

#include <cstring>
#include <limits>
#include <string>

namespace wdbg::agent {

std::int64_t Variables::get(std::uint16_t number) const noexcept {
    return number < variable_limit ? values_[number].load(std::memory_order_relaxed) : 0;
}

void Variables::set(std::uint16_t number, std::int64_t value) noexcept {
    if (number < variable_limit) {
        values_[number].store(value, std::memory_order_relaxed);
    }
}

std::int64_t Variables::count(std::uint16_t number) noexcept {
    if (number >= variable_limit) {
        return 0;
    }
    const std::int64_t before = values_[number].fetch_add(1, std::memory_order_relaxed);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + 1); // it wraps
}

static_assert(std::atomic<std::int64_t>::is_always_lock_free);

namespace {

std::unexpected<Error> no_variable(std::uint16_t number) {
    return fail(ErrorCode::OutOfRange, "there is no variable " + std::to_string(number));
}

} // namespace

Result<std::int64_t> Variables::checked_get(std::uint16_t number) const {
    return number < variable_limit ? Result<std::int64_t>(get(number)) : no_variable(number);
}

Result<void> Variables::checked_set(std::uint16_t number, std::int64_t value) {
    if (number >= variable_limit) {
        return no_variable(number);
    }
    set(number, value);
    return {};
}

namespace {

std::int64_t as_signed(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

std::uint64_t as_unsigned(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

/// Bits above the lowest `bits` (1 to 64) are not the value's.
std::uint64_t zero_extended(std::uint64_t value, unsigned bits) {
    return bits == 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

std::uint64_t sign_extended(std::uint64_t value, unsigned bits) {
    const unsigned shift = 64 - bits;
    return as_unsigned(as_signed(value << shift) >> shift);
}

/// Shifts by 64 and more move everything out.
std::uint64_t shifted_right(std::uint64_t value, std::uint64_t count, bool arithmetic) {
    const bool negative = arithmetic && as_signed(value) < 0;
    if (count > 63) {
        return negative ? ~std::uint64_t{0} : 0;
    }
    return arithmetic ? as_unsigned(as_signed(value) >> count) : value >> count;
}

/// The running program. Verified: the stack always has what is asked of it.
class Machine {
  public:
    Machine(std::span<const std::uint8_t> bytes, const Surroundings& surroundings)
        : bytes_(bytes)
        , surroundings_(surroundings) {}

    Outcome run() {
        while (fault_ == Fault::None) {
            const auto opcode = static_cast<Opcode>(bytes_[at_]);
            if (opcode == Opcode::End) {
                return {.fault = Fault::None, .value = as_signed(top())};
            }
            const std::size_t operand = at_ + 1;
            at_ = operand + shape_of(bytes_[at_]).operand_bytes;
            step(opcode, operand);
        }
        return {.fault = fault_, .value = 0};
    }

  private:
    void step(Opcode opcode, std::size_t operand) {
        switch (opcode) {
        case Opcode::IfGoto:
            return pop() != 0 ? jump(operand) : void();
        case Opcode::Goto:
            return jump(operand);
        case Opcode::Const8:
            return push(number(operand, 1));
        case Opcode::Const16:
            return push(number(operand, 2));
        case Opcode::Const32:
            return push(number(operand, 4));
        case Opcode::Const64:
            return push(number(operand, 8));
        case Opcode::Ref8:
            return load(1);
        case Opcode::Ref16:
            return load(2);
        case Opcode::Ref32:
            return load(4);
        case Opcode::Ref64:
            return load(8);
        case Opcode::Register:
            return read_register(variable(operand));
        case Opcode::GetVariable:
            return push(as_unsigned(surroundings_.variables->get(variable(operand))));
        case Opcode::SetVariable:
            return surroundings_.variables->set(variable(operand), as_signed(top()));
        case Opcode::Count:
            return push(as_unsigned(surroundings_.variables->count(variable(operand))));
        default:
            return rearrange(opcode, operand);
        }
    }

    void rearrange(Opcode opcode, std::size_t operand) {
        switch (opcode) {
        case Opcode::SignExtend:
            top() = sign_extended(top(), bytes_[operand]);
            return;
        case Opcode::ZeroExtend:
            top() = zero_extended(top(), bytes_[operand]);
            return;
        case Opcode::LogicalNot:
            top() = top() == 0 ? 1 : 0;
            return;
        case Opcode::BitNot:
            top() = ~top();
            return;
        case Opcode::Duplicate:
            return push(top());
        case Opcode::Pop:
            pop();
            return;
        case Opcode::Pick:
            return push(stack_[depth_ - 1 - bytes_[operand]]);
        case Opcode::Swap:
            return exchange(1, 2);
        case Opcode::Rotate: // a b c -> c a b
            exchange(1, 2);
            return exchange(2, 3);
        default:
            return combine(opcode);
        }
    }

    void combine(Opcode opcode) {
        const std::uint64_t right = pop();
        const std::uint64_t left = pop();
        push(combined(opcode, left, right));
    }

    std::uint64_t combined(Opcode opcode, std::uint64_t left, std::uint64_t right) {
        switch (opcode) {
        case Opcode::Add:
            return left + right;
        case Opcode::Subtract:
            return left - right;
        case Opcode::Multiply:
            return left * right;
        case Opcode::ShiftLeft:
            return right > 63 ? 0 : left << right;
        case Opcode::ShiftRightSigned:
            return shifted_right(left, right, true);
        case Opcode::ShiftRightUnsigned:
            return shifted_right(left, right, false);
        case Opcode::BitAnd:
            return left & right;
        case Opcode::BitOr:
            return left | right;
        case Opcode::BitXor:
            return left ^ right;
        case Opcode::Equal:
            return left == right ? 1 : 0;
        case Opcode::LessSigned:
            return as_signed(left) < as_signed(right) ? 1 : 0;
        case Opcode::LessUnsigned:
            return left < right ? 1 : 0;
        default:
            return divided(opcode, left, right);
        }
    }

    std::uint64_t divided(Opcode opcode, std::uint64_t left, std::uint64_t right) {
        if (right == 0) {
            fault_ = Fault::DivisionByZero;
            return 0;
        }
        const bool overflows =
            as_signed(left) == std::numeric_limits<std::int64_t>::min() && as_signed(right) == -1;
        switch (opcode) {
        case Opcode::DivideSigned:
            return overflows ? left : as_unsigned(as_signed(left) / as_signed(right));
        case Opcode::RemainderSigned:
            return overflows ? 0 : as_unsigned(as_signed(left) % as_signed(right));
        case Opcode::DivideUnsigned:
            return left / right;
        default: // RemainderUnsigned
            return left % right;
        }
    }

    void load(std::size_t size) {
        std::uint64_t value = 0; // little-endian, as wasm's memory and all our hosts
        if (!surroundings_.read_memory(surroundings_.context, top(), &value, size)) {
            fault_ = Fault::NoMemory;
            return;
        }
        top() = value;
    }

    void read_register(std::uint16_t encoded) {
        std::uint64_t value = 0;
        if (!surroundings_.read_register(surroundings_.context, decode_register(encoded), value)) {
            fault_ = Fault::NoRegister;
        }
        push(value);
    }

    void jump(std::size_t operand) { at_ = variable(operand); }

    [[nodiscard]] std::uint64_t number(std::size_t operand, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            value = value << 8 | bytes_[operand + i];
        }
        return value;
    }

    [[nodiscard]] std::uint16_t variable(std::size_t operand) const {
        return static_cast<std::uint16_t>(number(operand, 2));
    }

    /// Counted from the top, 1 the top itself.
    void exchange(std::size_t a, std::size_t b) {
        const std::uint64_t value = stack_[depth_ - a];
        stack_[depth_ - a] = stack_[depth_ - b];
        stack_[depth_ - b] = value;
    }

    void push(std::uint64_t value) { stack_[depth_++] = value; }

    std::uint64_t pop() { return stack_[--depth_]; }

    std::uint64_t& top() { return stack_[depth_ - 1]; }

    std::span<const std::uint8_t> bytes_;
    const Surroundings& surroundings_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    Fault fault_ = Fault::None;
    std::array<std::uint64_t, stack_limit> stack_{};
};

} // namespace

Outcome evaluate(const Program& program, const Surroundings& surroundings) noexcept {
    return Machine(program.bytes(), surroundings).run();
}

} // namespace wdbg::agent
