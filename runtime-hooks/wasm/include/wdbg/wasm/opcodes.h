// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

/// The instruction set as data (wasm core 3.0 §5.4, threads proposal, legacy exception handling).
namespace wdbg::wasm {

/// An opcode with its prefix: a plain one is its byte (0x28 i32.load), a prefixed one is
/// `prefix << 16 | number` (0xFC000A memory.copy, 0xFD0100 i8x16.relaxed_swizzle).
/// Only opcodes that code has to name are enumerators; all known ones are rows of the table.
enum class Opcode : std::uint32_t {
    Unreachable = 0x00,
    Nop = 0x01,
    Block = 0x02,
    Loop = 0x03,
    If = 0x04,
    Else = 0x05,
    Try = 0x06,
    Catch = 0x07,
    Throw = 0x08,
    Rethrow = 0x09,
    ThrowRef = 0x0A,
    End = 0x0B,
    Br = 0x0C,
    BrIf = 0x0D,
    BrTable = 0x0E,
    Return = 0x0F,
    Call = 0x10,
    CallIndirect = 0x11,
    ReturnCall = 0x12,
    ReturnCallIndirect = 0x13,
    CallRef = 0x14,
    ReturnCallRef = 0x15,
    Delegate = 0x18,
    CatchAll = 0x19,
    Drop = 0x1A,
    Select = 0x1B,
    SelectTyped = 0x1C,
    TryTable = 0x1F,
    LocalGet = 0x20,
    LocalSet = 0x21,
    LocalTee = 0x22,
    GlobalGet = 0x23,
    GlobalSet = 0x24,
    TableGet = 0x25,
    TableSet = 0x26,
    I32Const = 0x41,
    I32Add = 0x6A,
    I32Sub = 0x6B,
    I32And = 0x71,
    RefNull = 0xD0,
    RefIsNull = 0xD1,
    RefFunc = 0xD2,
    RefEq = 0xD3,
    RefAsNonNull = 0xD4,
    BrOnNull = 0xD5,
    BrOnNonNull = 0xD6,
    MemoryCopy = 0xFC000A,
    TableInit = 0xFC000C,
    TableCopy = 0xFC000E,
    TableGrow = 0xFC000F,
    TableSize = 0xFC0010,
    TableFill = 0xFC0011,
};

/// What follows the opcode in the code. Names in brackets are the fields of Instruction they fill.
enum class Immediates : std::uint8_t {
    None,
    Block,      ///< block type [block]
    TryTable,   ///< block type, vector of catch clauses [block, list_count, list_offset]
    Index,      ///< label, function, local, global, table, tag, type, element … [index]
    IndexPair,  ///< two indices, as encoded [index, second_index]
    Memory,     ///< memory index [memory.index]
    MemArg,     ///< [memory]
    MemArgLane, ///< [memory, lane]
    DataMemory, ///< memory.init: data segment, memory [index, memory.index]
    MemoryCopy, ///< destination memory, source memory [memory.index, second_index]
    LabelTable, ///< br_table: labels and default [list_count, list_offset, index = default]
    ValueTypes, ///< select t: vector of value types [list_count, list_offset]
    HeapType,   ///< [heap_type]
    I32,        ///< signed LEB [bits]
    I64,        ///< signed LEB [bits]
    F32,        ///< 4 bytes [bits]
    F64,        ///< 8 bytes [bits]
    Bytes16,    ///< v128.const and i8x16.shuffle [list_offset = first byte, list_count = 16]
    Lane,       ///< [lane]
    Fence,      ///< atomic.fence: one reserved byte
    BrOnCast,   ///< flags, label, two heap types [index = label]
};

/// How an instruction touches linear memory.
enum class MemoryOperation : std::uint8_t {
    None,
    Load,
    Store,
    AtomicLoad,
    AtomicStore,
    AtomicReadModifyWrite,
    AtomicCompareExchange,
    AtomicWait,
    AtomicNotify, ///< reads nothing, but its address is checked
    Fill,
    Copy,
    Init,
    Grow,
};

/// One row of the table.
///
/// `signature` is `operands:results`, the top of the stack last, one letter for each value:
/// i (i32) l (i64) f (f32) d (f64) v (v128) a (i32, or i64 for a 64-bit memory or table), empty
/// for none. "*" stands for a type that depends on immediates or on the stack: those opcodes are
/// typed by code (stack_types.cpp). "-" means that typing is not supported (GC).
struct OpcodeInfo {
    Opcode opcode{};
    std::string_view mnemonic;
    Immediates immediates = Immediates::None;
    std::string_view signature;
    MemoryOperation operation = MemoryOperation::None;
    std::uint8_t width = 0; ///< bytes accessed in linear memory; 0 for bulk operations and none
};

/// The row of an opcode, nullptr if there is none. Constant time.
[[nodiscard]] const OpcodeInfo* find_opcode(Opcode opcode);

/// All rows, ordered by opcode within each prefix (0, 0xFB GC, 0xFC, 0xFD SIMD, 0xFE atomics).
[[nodiscard]] std::span<const OpcodeInfo> opcodes_of_prefix(std::uint8_t prefix);

[[nodiscard]] constexpr std::uint8_t prefix_of(Opcode opcode) {
    return static_cast<std::uint8_t>(static_cast<std::uint32_t>(opcode) >> 16U);
}

[[nodiscard]] constexpr Opcode make_opcode(std::uint8_t prefix, std::uint16_t number) {
    return static_cast<Opcode>((std::uint32_t{prefix} << 16U) | number);
}

inline constexpr std::uint8_t gc_prefix = 0xFB;
inline constexpr std::uint8_t misc_prefix = 0xFC;
inline constexpr std::uint8_t simd_prefix = 0xFD;
inline constexpr std::uint8_t atomic_prefix = 0xFE;

} // namespace wdbg::wasm
