// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/location.h>
#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace wdbg::dwarf {

struct BaseType {
    Encoding encoding = Encoding::None;
    std::uint8_t size = 0;
};

/// What an expression needs of the unit and the function that it belongs to.
class ExpressionScope {
  public:
    virtual ~ExpressionScope() = default;
    [[nodiscard]] virtual const FrameState& state() const = 0;
    [[nodiscard]] virtual std::uint8_t address_size() const = 0;
    [[nodiscard]] virtual std::uint8_t offset_size() const = 0;
    /// DW_AT_frame_base of the function, evaluated.
    [[nodiscard]] virtual Result<std::uint64_t> frame_base() = 0;
    /// .debug_addr of the unit.
    [[nodiscard]] virtual std::optional<std::uint64_t> indexed_address(std::uint64_t index) = 0;
    /// What the local held when the function was entered.
    [[nodiscard]] virtual Result<Value> entry_local(std::uint32_t index) = 0;
    /// The address of a thread-local variable.
    [[nodiscard]] virtual Result<std::uint64_t> tls_address(std::uint64_t offset) = 0;
    /// A base type of the unit, for typed stack operations (DWARF 5 §2.5.1).
    [[nodiscard]] virtual std::optional<BaseType> base_type(std::uint64_t unit_offset) = 0;
    /// An entry by its offset in .debug_info, for implicit pointers.
    [[nodiscard]] virtual EntryId entry_at(std::uint64_t info_offset) = 0;
};

/// Evaluates a location description (DWARF 5 §2.6), at most `max_operations` operations.
/// `initial` is pushed first (member pointers, virtual bases). Malformed for bytes that are no
/// expression; otherwise what cannot be known is a Place of kind Unavailable.
[[nodiscard]] Result<Location> evaluate_location(std::span<const std::byte> expression,
                                                 ExpressionScope& scope,
                                                 std::optional<std::uint64_t> initial = {});

} // namespace wdbg::dwarf
