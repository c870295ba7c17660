// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/// x86-64: an instruction rewritten so that it does at another address what it does at its own.
namespace wdbg::native {

inline constexpr std::size_t longest_instruction = 15; ///< bytes (Intel SDM volume 2, 2.3.11)
inline constexpr std::byte trap_byte{0xCC};            ///< int3; pc is behind it in the handler

/// A place in a slot where a thread can be interrupted, other than its start, and what it stands
/// for in the original code.
struct SlotPoint {
    std::uint8_t offset = 0; ///< bytes from the start of the slot
    std::uint8_t pushed = 0; ///< bytes on the stack that the original has not pushed yet
    /// The original pc. Where `pushed` is 0 the instruction is done, only jumps are left, and a
    /// thread may as well go on at this address.
    std::uint64_t original = 0;
};

/// One instruction, or several one behind the other (a window).
struct Slot {
    std::array<std::byte, 64> code{};
    std::uint8_t size = 0;
    InstructionKind kind = InstructionKind::Plain; ///< of the last one
    std::uint8_t length = 0;                       ///< of the original instructions
    std::array<SlotPoint, 8> points{};
    std::uint8_t point_count = 0;
};

[[nodiscard]] inline std::span<const SlotPoint> points_of(const Slot& slot) {
    return std::span(slot.points).first(slot.point_count);
}

/// The address that an operand relative to the pc has, of the instruction as decoded at `address`;
/// 0 if it has none.
[[nodiscard]] NativeAddress pc_operand(std::span<const std::byte> code,
                                       const DecodedInstruction& decoded, NativeAddress address);

/// `original` is the instruction as decoded at `address`, `slot` where it is to run, both within
/// rel32 of each other. Unsupported if it cannot run elsewhere.
[[nodiscard]] Result<Slot> build_slot(std::span<const std::byte> original,
                                      const DecodedInstruction& decoded, std::uint64_t address,
                                      std::uint64_t slot);

/// As build_slot(), for the instructions at `address` that are needed to cover `least` bytes; there
/// is a point at each but the first. Unsupported also if control may leave them before the last
/// one, and if one is a call.
[[nodiscard]] Result<Slot> build_window(std::span<const std::byte> original, std::size_t least,
                                        const InstructionDecoder& decoder, std::uint64_t address,
                                        std::uint64_t slot);

} // namespace wdbg::native
