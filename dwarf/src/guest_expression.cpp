// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_expression.h"

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
    if (code >= OpLit0 && code <= OpLit31) {
        push(static_cast<std::uint64_t>(code - OpLit0));
        return true;
    }
    switch (code) {
    case OpAddr:
        push(reader_.fixed(scope_.address_size()));
        return true;
    case OpConst1u:
    case OpConst2u:
    case OpConst4u:
    case OpConst8u:
        push_constant(reader_.fixed(1U << ((code - OpConst1u) / 2U)));
        return true;
    case OpConst1s:
    case OpConst2s:
    case OpConst4s:
    case OpConst8s:
        push_constant(reader_.signed_fixed(1U << ((code - OpConst1s) / 2U)));
        return true;
    case OpConstu:
        push_constant(reader_.uleb());
        return true;
    case OpConsts:
        push_constant(reader_.sleb());
        return true;
    case OpAddrx:
    case OpConstx:
    case OpGnuAddrIndex:
    case OpGnuConstIndex:
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
    case OpDup:
        pick(0);
        return true;
    case OpOver:
        pick(1);
        return true;
    case OpPick:
        pick(reader_.fixed(1));
        return true;
    case OpDrop:
        pop();
        return true;
    case OpSwap:
    case OpRot: {
        const std::size_t depth = code == OpSwap ? 2 : 3;
        if (stack_.size() < depth) {
            malformed("its stack underflows");
        } else {
            std::rotate(stack_.end() - static_cast<std::ptrdiff_t>(depth), stack_.end() - 1,
                        stack_.end());
        }
        return true;
    }
    case OpBra:
    case OpSkip: {
        const std::int64_t distance = reader_.signed_fixed(2);
        if (code == OpSkip || pop().bits != 0) {
            reader_.jump(distance);
        }
        return true;
    }
    case OpNop:
        return true;
    default:
        return false;
    }
}

bool Evaluation::arithmetic(std::uint8_t code) {
    switch (code) {
    case OpPlusUconst: {
        const Item item = pop();
        push(item.bits + reader_.uleb(), item.type);
        return true;
    }
    case OpAbs:
    case OpNeg: {
        const Item item = pop();
        const std::int64_t value = to_signed(item);
        const bool negate = code == OpNeg || value < 0;
        push(negate ? 0 - static_cast<std::uint64_t>(value) : item.bits, item.type);
        return true;
    }
    case OpNot: {
        const Item item = pop();
        push(~item.bits, item.type);
        return true;
    }
    case OpAnd:
    case OpDiv:
    case OpMinus:
    case OpMod:
    case OpMul:
    case OpOr:
    case OpPlus:
    case OpShl:
    case OpShr:
    case OpShra:
    case OpXor:
    case OpEq:
    case OpGe:
    case OpGt:
    case OpLe:
    case OpLt:
    case OpNe:
        binary(code);
        return true;
    default:
        return false;
    }
}

namespace {

std::uint64_t compare(std::uint8_t code, std::int64_t left, std::int64_t right) {
    switch (code) {
    case OpEq:
        return static_cast<std::uint64_t>(left == right);
    case OpGe:
        return static_cast<std::uint64_t>(left >= right);
    case OpGt:
        return static_cast<std::uint64_t>(left > right);
    case OpLe:
        return static_cast<std::uint64_t>(left <= right);
    case OpLt:
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
    case OpAnd:
        return push(left.bits & right.bits, left.type);
    case OpOr:
        return push(left.bits | right.bits, left.type);
    case OpXor:
        return push(left.bits ^ right.bits, left.type);
    case OpPlus:
        return push(left.bits + right.bits, left.type);
    case OpMinus:
        return push(left.bits - right.bits, left.type);
    case OpMul:
        return push(left.bits * right.bits, left.type);
    case OpDiv:
    case OpMod:
        if (zero || overflow) {
            return unavailable("its location divides by zero");
        }
        return push(code == OpDiv ? static_cast<std::uint64_t>(a / b) : left.bits % right.bits,
                    left.type);
    case OpShl:
        return push(shift < 64 ? left.bits << shift : 0, left.type);
    case OpShr:
        return push(shift < 64 ? left.bits >> shift : 0, left.type);
    case OpShra:
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
