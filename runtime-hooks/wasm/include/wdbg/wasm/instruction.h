// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>
#include <wdbg/model/value.h>
#include <wdbg/wasm/opcodes.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace wdbg::wasm {

/// Type of a structured instruction (wasm core §5.4.1): nothing, one value, or a function type.
struct BlockType {
    enum class Kind : std::uint8_t { Empty, Value, TypeIndex };
    Kind kind = Kind::Empty;
    ValueType value = ValueType::I32; ///< for Value
    std::uint32_t type_index = 0;     ///< for TypeIndex
};

struct MemArg {
    std::uint32_t align_log2 = 0;
    std::uint32_t index = 0;  ///< memory index; not 0 only with several memories
    std::uint64_t offset = 0; ///< added to the address operand
};

/// A decoded instruction. Which fields are filled is said by `info->immediates`.
struct Instruction {
    CodeOffset offset{};    ///< of the opcode, from the start of the .wasm file
    std::uint32_t size = 0; ///< bytes including immediates, at least 1
    Opcode opcode{};
    const OpcodeInfo* info = nullptr; ///< never null in an instruction given by decode()
    BlockType block{};
    MemArg memory{};
    std::uint32_t index = 0;
    std::uint32_t second_index = 0;
    std::uint8_t lane = 0;
    std::int64_t heap_type = 0; ///< ≥ 0: type index; negative: abstract (-0x10 func, -0x11 extern)
    std::uint64_t bits = 0;     ///< a constant's bits; i32 and i64 sign-extended
    std::uint32_t list_count = 0;
    CodeOffset list_offset{}; ///< of the first element of a variable part

    [[nodiscard]] CodeOffset end() const { return CodeOffset{offset.value + size}; }
};

/// Decodes the instruction at `offset` (from the start of `bytes`, which begins with the start of
/// the .wasm file; cut the span at the end of the function). Malformed, with the offset in its
/// message, for an unknown opcode, an over-long LEB and immediates that reach behind `bytes`.
[[nodiscard]] Result<Instruction> decode(std::span<const std::byte> bytes, CodeOffset offset);

/// Label `position` of a br_table (0 ≤ position < list_count; its default is in `index`).
/// OutOfRange otherwise. `bytes` as for decode().
[[nodiscard]] Result<std::uint32_t> br_table_label(std::span<const std::byte> bytes,
                                                   const Instruction& instruction,
                                                   std::uint32_t position);

/// How one instruction accesses linear memory.
///
/// Slots count operand-stack values from the top (0 = topmost) before the instruction executes.
/// The effective address of a load, store or atomic is `operand[address_slot] + offset`, computed
/// without wrapping. For Fill, Copy and Init `address_slot` is the destination and `length_slot`
/// the number of bytes; for Grow `address_slot` is the number of pages to add and nothing is
/// accessed.
struct MemoryAccess {
    MemoryOperation operation = MemoryOperation::None;
    std::uint8_t width = 0;   ///< bytes; 0 where length_slot says it
    std::uint64_t offset = 0; ///< from the memarg
    std::uint32_t memory = 0; ///< memory that is written, or read if nothing is written
    std::uint8_t address_slot = 0;
    std::optional<std::uint8_t> source_slot; ///< Copy: address in `source_memory`; Init: offset in
                                             ///< the data segment
    std::optional<std::uint8_t> length_slot; ///< Fill, Copy, Init
    std::optional<std::uint8_t> value_slot;  ///< Store, AtomicStore, Fill: what is stored
    std::uint32_t source_memory = 0;         ///< Copy

    [[nodiscard]] bool reads() const; ///< a memory (for Copy: source_memory)
    [[nodiscard]] bool writes() const;
};

/// nullopt for an instruction that does not touch linear memory (memory.size included).
[[nodiscard]] std::optional<MemoryAccess> memory_access(const Instruction& instruction);

} // namespace wdbg::wasm
