// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

namespace wdbg::dwarf {

/// A base type that DW_OP_convert names.
struct BaseType {
    std::uint8_t bits = 64; ///< 1 to 64
    bool is_signed = false;
};

/// What an expression needs of its surroundings. Each gives Unavailable for what is not known.
class ExpressionContext {
  public:
    virtual ~ExpressionContext() = default;

    /// A general register, as the code at this pc has it (DW_OP_breg*).
    [[nodiscard]] virtual Result<std::uint64_t> register_value(std::uint32_t number) const = 0;
    /// All 16 or 8 bytes of a register that a value lies in (DW_OP_reg*).
    [[nodiscard]] virtual Result<ComputedPlace> register_bytes(std::uint32_t number) const = 0;
    [[nodiscard]] virtual Result<std::uint64_t> frame_base() const = 0;
    /// A general register when the function was entered (DW_OP_entry_value).
    [[nodiscard]] virtual Result<std::uint64_t> entry_value(std::uint32_t number) const = 0;
    [[nodiscard]] virtual Result<std::uint64_t> frame_address() const = 0;
    [[nodiscard]] virtual Result<void> read(std::uint64_t address,
                                            std::span<std::byte> into) const = 0;
    /// `offset` is from the start of the unit.
    [[nodiscard]] virtual std::optional<BaseType> base_type(std::uint64_t offset) const = 0;
};

struct Expression {
    std::span<const std::uint8_t> bytes;
    std::uint8_t address_size = 8;
    /// Bytes of the value that it locates.
    std::size_t value_size = 8;
};

using Place = std::variant<RegisterPlace, MemoryPlace, ComputedPlace>;

/// Evaluates a location description (DWARF 5 §2.6). Unavailable where it needs what is not known,
/// has an operation that this evaluator does not have (named in the message), or where LLVM's use
/// of an operation leaves more than one reading and they disagree. Malformed if it is damaged.
[[nodiscard]] Result<Place> evaluate_location(const Expression& expression,
                                              const ExpressionContext& context);

/// Evaluates an expression of call frame information (DWARF 5 §6.4.2) to the number on top; the
/// stack begins with `initial` if there is one.
[[nodiscard]] Result<std::uint64_t> evaluate_number(const Expression& expression,
                                                    const ExpressionContext& context,
                                                    std::optional<std::uint64_t> initial);

} // namespace wdbg::dwarf
