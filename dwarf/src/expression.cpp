// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "expression.h"

#include "evaluation.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace wdbg::dwarf {

Result<Location> Evaluation::run(std::optional<std::uint64_t> initial) {
    if (initial) {
        push(*initial);
    }
    std::size_t count = 0;
    while (!reader_.at_end() && stop_.kind == Stop::Kind::None) {
        if (++count > max_operations) {
            malformed("it does not end");
            break;
        }
        execute(static_cast<std::uint8_t>(reader_.fixed(1)));
    }
    if (!reader_.good()) {
        malformed("it ends within an operation");
    }
    if (stop_.kind == Stop::Kind::Malformed) {
        return fail(ErrorCode::Malformed, "damaged location expression: " + stop_.text);
    }
    if (stop_.kind == Stop::Kind::Unavailable) {
        return Location{{{.place = unavailable_place(stop_.text)}}};
    }
    if (location_.pieces.empty()) {
        location_.pieces.push_back({.place = current_place()});
    }
    return std::move(location_);
}

void Evaluation::execute(std::uint8_t code) {
    const bool known = constant(code) || stack_operation(code) || arithmetic(code) ||
                       memory_operation(code) || description(code) || typed_operation(code);
    if (!known) {
        constexpr std::array digits{'0', '1', '2', '3', '4', '5', '6', '7',
                                    '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
        unavailable(std::string("its location uses DWARF operation 0x") + digits[code >> 4U] +
                    digits[code & 15U] + ", which is not supported");
    }
}

bool Evaluation::constant(std::uint8_t code) {
    if (code >= op_lit0 && code <= op_lit31) {
        push(static_cast<std::uint64_t>(code - op_lit0));
        return true;
    }
    switch (code) {
    case op_addr:
        push(reader_.fixed(scope_.address_size()));
        return true;
    case op_const1u:
    case op_const2u:
    case op_const4u:
    case op_const8u:
        push(reader_.fixed(1U << ((code - op_const1u) / 2U)));
        return true;
    case op_const1s:
    case op_const2s:
    case op_const4s:
    case op_const8s:
        push(static_cast<std::uint64_t>(reader_.signed_fixed(1U << ((code - op_const1s) / 2U))));
        return true;
    case op_constu:
        push(reader_.uleb());
        return true;
    case op_consts:
        push(static_cast<std::uint64_t>(reader_.sleb()));
        return true;
    case op_addrx:
    case op_constx:
    case op_gnu_addr_index:
    case op_gnu_const_index:
        if (const auto address = scope_.indexed_address(reader_.uleb())) {
            push(*address);
        } else {
            malformed("it names an address that .debug_addr does not have");
        }
        return true;
    default:
        return false;
    }
}

bool Evaluation::stack_operation(std::uint8_t code) {
    const auto pick = [this](std::uint64_t depth) {
        if (depth >= stack_.size()) {
            return malformed("its stack underflows");
        }
        const Item item = stack_[stack_.size() - 1 - depth];
        push(item.bits, item.type);
    };
    switch (code) {
    case op_dup:
        pick(0);
        return true;
    case op_over:
        pick(1);
        return true;
    case op_pick:
        pick(reader_.fixed(1));
        return true;
    case op_drop:
        pop();
        return true;
    case op_swap:
    case op_rot: {
        const std::size_t depth = code == op_swap ? 2 : 3;
        if (stack_.size() < depth) {
            malformed("its stack underflows");
        } else {
            std::rotate(stack_.end() - static_cast<std::ptrdiff_t>(depth), stack_.end() - 1,
                        stack_.end());
        }
        return true;
    }
    case op_bra:
    case op_skip: {
        const std::int64_t distance = reader_.signed_fixed(2);
        if (code == op_skip || pop().bits != 0) {
            reader_.jump(distance);
        }
        return true;
    }
    case op_nop:
        return true;
    default:
        return false;
    }
}

bool Evaluation::arithmetic(std::uint8_t code) {
    switch (code) {
    case op_plus_uconst: {
        const Item item = pop();
        push(item.bits + reader_.uleb(), item.type);
        return true;
    }
    case op_abs:
    case op_neg: {
        const Item item = pop();
        const std::int64_t value = to_signed(item);
        const bool negate = code == op_neg || value < 0;
        push(negate ? 0 - static_cast<std::uint64_t>(value) : item.bits, item.type);
        return true;
    }
    case op_not: {
        const Item item = pop();
        push(~item.bits, item.type);
        return true;
    }
    case op_and:
    case op_div:
    case op_minus:
    case op_mod:
    case op_mul:
    case op_or:
    case op_plus:
    case op_shl:
    case op_shr:
    case op_shra:
    case op_xor:
    case op_eq:
    case op_ge:
    case op_gt:
    case op_le:
    case op_lt:
    case op_ne:
        binary(code);
        return true;
    default:
        return false;
    }
}

namespace {

std::uint64_t compare(std::uint8_t code, std::int64_t left, std::int64_t right) {
    switch (code) {
    case op_eq:
        return static_cast<std::uint64_t>(left == right);
    case op_ge:
        return static_cast<std::uint64_t>(left >= right);
    case op_gt:
        return static_cast<std::uint64_t>(left > right);
    case op_le:
        return static_cast<std::uint64_t>(left <= right);
    case op_lt:
        return static_cast<std::uint64_t>(left < right);
    default:
        return static_cast<std::uint64_t>(left != right);
    }
}

} // namespace

void Evaluation::binary(std::uint8_t code) {
    const Item right = pop();
    const Item left = pop();
    if (left.type.encoding == Encoding::Float || right.type.encoding == Encoding::Float) {
        return unavailable("its location computes with floating-point numbers");
    }
    const std::int64_t a = to_signed(left);
    const std::int64_t b = to_signed(right);
    const bool zero = right.bits == 0 || b == 0;
    const bool overflow = b == -1 && a == INT64_MIN;
    const std::uint64_t shift = right.bits;
    switch (code) {
    case op_and:
        return push(left.bits & right.bits, left.type);
    case op_or:
        return push(left.bits | right.bits, left.type);
    case op_xor:
        return push(left.bits ^ right.bits, left.type);
    case op_plus:
        return push(left.bits + right.bits, left.type);
    case op_minus:
        return push(left.bits - right.bits, left.type);
    case op_mul:
        return push(left.bits * right.bits, left.type);
    case op_div:
    case op_mod:
        if (zero || overflow) {
            return unavailable("its location divides by zero");
        }
        return push(code == op_div ? static_cast<std::uint64_t>(a / b) : left.bits % right.bits,
                    left.type);
    case op_shl:
        return push(shift < 64 ? left.bits << shift : 0, left.type);
    case op_shr:
        return push(shift < 64 ? left.bits >> shift : 0, left.type);
    case op_shra:
        return push(static_cast<std::uint64_t>(a >> std::min<std::uint64_t>(shift, 63)), left.type);
    default:
        return push(compare(code, a, b));
    }
}

Result<Location> evaluate_location(std::span<const std::byte> expression, ExpressionScope& scope,
                                   std::optional<std::uint64_t> initial) {
    if (expression.empty()) {
        return Location{{{.place = unavailable_place("optimized out")}}};
    }
    return Evaluation(expression, scope).run(initial);
}

} // namespace wdbg::dwarf
