// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "expression.h"

#include <cstdint>
#include <optional>

namespace wdbg::dwarf {

/// A number on the stack of a DWARF expression.
///
/// LLVM writes the operations of its IR down as DWARF operations on the generic type, whatever the
/// width and the sign they had there. Where the high bits matter (division, right shifts,
/// comparisons) one operation therefore has several readings. `width` is the least width that the
/// operands may have had; an operation whose readings disagree gives nothing.
struct ExpressionValue {
    std::uint64_t bits = 0;
    std::uint8_t width = 64;
    /// What DW_OP_convert made it.
    BaseType type{};

    [[nodiscard]] static ExpressionValue constant(std::uint64_t bits) { return {.bits = bits}; }
};

/// nullopt if the readings of the operation disagree, and for a division by zero.
using BinaryOperation = std::optional<ExpressionValue> (*)(const ExpressionValue& left,
                                                           const ExpressionValue& right);

/// The arithmetic, logical or relational operation of this code; nullopt if it is none.
[[nodiscard]] std::optional<BinaryOperation> binary_operation(std::uint8_t code);

[[nodiscard]] ExpressionValue converted(const ExpressionValue& value, BaseType type);

} // namespace wdbg::dwarf
