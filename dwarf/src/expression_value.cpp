// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "expression_value.h"

#include <llvm/BinaryFormat/Dwarf.h>

#include <algorithm>
#include <array>
#include <limits>

namespace wdbg::dwarf {
namespace {

using Number = ExpressionValue;

/// One way to read an operation.
struct Reading {
    std::uint8_t width = 64;
    bool is_signed = false;
};

std::uint64_t low_bits(std::uint64_t bits, std::uint8_t width) {
    return width >= 64 ? bits : bits & ((std::uint64_t{1} << width) - 1);
}

std::uint64_t extended(std::uint64_t bits, Reading reading) {
    const std::uint64_t low = low_bits(bits, reading.width);
    const bool negative = ((low >> (reading.width - 1U)) & 1U) != 0;
    return reading.is_signed && negative && reading.width < 64
               ? low | (~std::uint64_t{0} << reading.width)
               : low;
}

/// The operation on two extended operands; nullopt where it has no result.
using Compute = std::optional<std::uint64_t> (*)(std::uint64_t left, std::uint64_t right,
                                                 Reading reading);

/// All readings of an operation must give the same low bits.
template <Compute Operation>
std::optional<Number> read_every_way(const Number& left, const Number& right) {
    const std::uint8_t width = std::min(left.width, right.width);
    std::optional<std::uint64_t> result;
    for (const std::uint8_t each : {std::uint8_t{64}, std::uint8_t{32}, width}) {
        for (const bool is_signed : {false, true}) {
            const Reading reading{.width = each, .is_signed = is_signed};
            if (each < width) {
                continue;
            }
            const auto value =
                Operation(extended(left.bits, reading), extended(right.bits, reading), reading);
            if (!value || (result && low_bits(*result ^ *value, width) != 0)) {
                return std::nullopt;
            }
            result = result ? result : value;
        }
    }
    return Number{.bits = *result, .width = width};
}

/// Operations whose low bits depend on the operands' low bits only.
template <class Operation>
std::optional<Number> plain(const Number& left, const Number& right) {
    return Number{.bits = Operation{}(left.bits, right.bits),
                  .width = std::min(left.width, right.width)};
}

struct Minus {
    std::uint64_t operator()(std::uint64_t left, std::uint64_t right) const { return left - right; }
};

struct Plus {
    std::uint64_t operator()(std::uint64_t left, std::uint64_t right) const { return left + right; }
};

struct Times {
    std::uint64_t operator()(std::uint64_t left, std::uint64_t right) const { return left * right; }
};

struct Or {
    std::uint64_t operator()(std::uint64_t left, std::uint64_t right) const { return left | right; }
};

struct Xor {
    std::uint64_t operator()(std::uint64_t left, std::uint64_t right) const { return left ^ right; }
};

/// A mask of low bits says how wide the value is.
std::optional<Number> conjunction(const Number& left, const Number& right) {
    const std::uint64_t mask = right.bits;
    const bool is_low_mask = mask != 0 && (mask & (mask + 1)) == 0;
    std::uint8_t width = std::min(left.width, right.width);
    if (is_low_mask && mask == std::numeric_limits<std::uint32_t>::max()) {
        width = std::min<std::uint8_t>(width, 32);
    }
    return Number{.bits = left.bits & mask, .width = width};
}

std::optional<Number> shift_left(const Number& left, const Number& right) {
    const std::uint8_t width = std::min(left.width, right.width);
    return right.bits >= width
               ? std::nullopt
               : std::optional(Number{.bits = left.bits << right.bits, .width = width});
}

std::optional<std::uint64_t> divide(std::uint64_t left, std::uint64_t right, Reading reading) {
    constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
    const auto signed_left = static_cast<std::int64_t>(left);
    const auto signed_right = static_cast<std::int64_t>(right);
    if (right == 0 || (signed_left == lowest && signed_right == -1)) {
        return std::nullopt;
    }
    return reading.is_signed ? static_cast<std::uint64_t>(signed_left / signed_right)
                             : left / right;
}

std::optional<std::uint64_t> remainder(std::uint64_t left, std::uint64_t right, Reading reading) {
    const auto quotient = divide(left, right, reading);
    return quotient ? std::optional(left - *quotient * right) : std::nullopt;
}

/// The operation says whether the sign is kept; the readings differ in width only.
std::optional<std::uint64_t> shift_right(std::uint64_t left, std::uint64_t right, Reading reading) {
    return right >= reading.width ? std::nullopt
                                  : std::optional(low_bits(left, reading.width) >> right);
}

std::optional<std::uint64_t> shift_right_signed(std::uint64_t left, std::uint64_t right,
                                                Reading reading) {
    if (right >= reading.width) {
        return std::nullopt;
    }
    const Reading with_sign{.width = reading.width, .is_signed = true};
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(extended(left, with_sign)) >>
                                      right);
}

template <class Compare>
std::optional<std::uint64_t> compare(std::uint64_t left, std::uint64_t right, Reading reading) {
    const bool result = reading.is_signed ? Compare{}(static_cast<std::int64_t>(left),
                                                      static_cast<std::int64_t>(right))
                                          : Compare{}(left, right);
    return result ? 1 : 0;
}

struct Row {
    std::uint8_t code;
    BinaryOperation operation;
};

namespace op = llvm::dwarf;

constexpr std::array operations{
    Row{op::DW_OP_and, conjunction},
    Row{op::DW_OP_div, read_every_way<divide>},
    Row{op::DW_OP_minus, plain<Minus>},
    Row{op::DW_OP_mod, read_every_way<remainder>},
    Row{op::DW_OP_mul, plain<Times>},
    Row{op::DW_OP_or, plain<Or>},
    Row{op::DW_OP_plus, plain<Plus>},
    Row{op::DW_OP_shl, shift_left},
    Row{op::DW_OP_shr, read_every_way<shift_right>},
    Row{op::DW_OP_shra, read_every_way<shift_right_signed>},
    Row{op::DW_OP_xor, plain<Xor>},
    Row{op::DW_OP_eq, read_every_way<compare<std::equal_to<>>>},
    Row{op::DW_OP_ge, read_every_way<compare<std::greater_equal<>>>},
    Row{op::DW_OP_gt, read_every_way<compare<std::greater<>>>},
    Row{op::DW_OP_le, read_every_way<compare<std::less_equal<>>>},
    Row{op::DW_OP_lt, read_every_way<compare<std::less<>>>},
    Row{op::DW_OP_ne, read_every_way<compare<std::not_equal_to<>>>},
};

} // namespace

std::optional<BinaryOperation> binary_operation(std::uint8_t code) {
    const auto* const found = std::ranges::find(operations, code, &Row::code);
    return found == operations.end() ? std::nullopt : std::optional(found->operation);
}

ExpressionValue converted(const ExpressionValue& value, BaseType type) {
    const std::uint64_t as_it_is =
        extended(value.bits, {.width = value.type.bits, .is_signed = value.type.is_signed});
    return {.bits = extended(as_it_is, {.width = type.bits, .is_signed = type.is_signed}),
            .width = type.bits,
            .type = type};
}

} // namespace wdbg::dwarf
