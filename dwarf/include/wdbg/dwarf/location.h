// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/types.h>
#include <wdbg/model/error.h>
#include <wdbg/model/value.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wdbg::dwarf {

/// Where a location expression reads the machine's state: one frame of a stopped guest. Each
/// member fails with its own reason, which becomes the variable's.
class FrameState {
  public:
    virtual ~FrameState() = default;
    [[nodiscard]] virtual Result<Value> local(std::uint32_t index) const = 0;
    [[nodiscard]] virtual Result<Value> global(std::uint32_t index) const = 0;
    [[nodiscard]] virtual Result<Value> stack_value(std::uint32_t index) const = 0;
    /// All bytes or OutOfRange.
    [[nodiscard]] virtual Result<void> read_memory(std::uint64_t address,
                                                   std::span<std::byte> into) const = 0;
};

enum class PlaceKind : std::uint8_t {
    Memory,          ///< `address` in memory 0
    Local,           ///< wasm local `index`, from byte 0 of its value
    Global,          ///< wasm global `index`
    Stack,           ///< operand stack slot `index`; cannot be written
    Value,           ///< no place: the bytes are `bytes`
    ImplicitPointer, ///< a pointer to what is not in memory: `target` plus `address` bytes
    Unavailable,     ///< `reason`
};

struct Place {
    PlaceKind kind = PlaceKind::Unavailable;
    std::uint64_t address = 0;
    std::uint32_t index = 0;
    std::vector<std::byte> bytes{};
    EntryId target{};
    std::string reason{};
};

/// Part of an object (DWARF 5 §2.6.1.2). `bit_size` 0: the whole object.
struct LocationPiece {
    Place place;
    std::uint64_t bit_size = 0;
    std::uint64_t bit_offset = 0; ///< within the place, DW_OP_bit_piece
};

/// Never empty; one element with bit_size 0 unless DW_OP_piece is used.
struct Location {
    std::vector<LocationPiece> pieces;

    [[nodiscard]] bool is_memory() const {
        return pieces.size() == 1 && pieces.front().bit_size == 0 &&
               pieces.front().place.kind == PlaceKind::Memory;
    }
};

} // namespace wdbg::dwarf
