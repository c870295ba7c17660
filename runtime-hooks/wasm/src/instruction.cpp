// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "byte_reader.h"
#include "value_types.h"

#include <wdbg/wasm/instruction.h>

namespace wdbg::wasm {

namespace {

constexpr std::uint32_t memory_index_follows = 1U << 6U; // multi-memory, in a memarg's alignment

bool is_prefix(std::uint8_t byte) {
    return byte >= gc_prefix && byte <= atomic_prefix;
}

Opcode read_opcode(ByteReader& reader) {
    const std::uint8_t byte = reader.u8();
    if (!is_prefix(byte)) {
        return make_opcode(0, byte);
    }
    const std::size_t start = reader.position();
    const std::uint32_t number = reader.u32();
    if (number > 0xFFFFU) {
        reader.fail_at(start, "unknown opcode");
    }
    return make_opcode(byte, static_cast<std::uint16_t>(number));
}

MemArg read_memarg(ByteReader& reader) {
    MemArg argument{.align_log2 = reader.u32()};
    if ((argument.align_log2 & memory_index_follows) != 0) {
        argument.align_log2 &= ~memory_index_follows;
        argument.index = reader.u32();
    }
    argument.offset = reader.u64();
    return argument;
}

void skip_catch_clause(ByteReader& reader) {
    const std::uint8_t kind = reader.u8();
    if (kind > 3) {
        reader.fail_here("unknown catch clause");
    }
    if (kind < 2) { // catch and catch_ref name a tag, catch_all and catch_all_ref do not
        reader.u32();
    }
    reader.u32();
}

void read_try_table(ByteReader& reader, Instruction& instruction) {
    instruction.block = read_block_type(reader);
    instruction.list_count = reader.count(2);
    instruction.list_offset = reader.offset();
    for (std::uint32_t i = 0; i < instruction.list_count && reader.ok(); ++i) {
        skip_catch_clause(reader);
    }
}

void read_label_table(ByteReader& reader, Instruction& instruction) {
    instruction.list_count = reader.count();
    instruction.list_offset = reader.offset();
    for (std::uint32_t i = 0; i < instruction.list_count && reader.ok(); ++i) {
        reader.u32();
    }
    instruction.index = reader.u32();
}

void read_value_types(ByteReader& reader, Instruction& instruction) {
    instruction.list_count = reader.count();
    instruction.list_offset = reader.offset();
    for (std::uint32_t i = 0; i < instruction.list_count && reader.ok(); ++i) {
        read_value_type(reader);
    }
}

void read_16_bytes(ByteReader& reader, Instruction& instruction) {
    instruction.list_count = 16;
    instruction.list_offset = reader.offset();
    reader.skip(16);
}

void read_br_on_cast(ByteReader& reader, Instruction& instruction) {
    reader.u8();
    instruction.index = reader.u32();
    read_heap_type(reader);
    instruction.heap_type = read_heap_type(reader);
}

/// Immediates of instructions that touch memory or have a variable part.
void read_compound_immediates(ByteReader& reader, Instruction& instruction) {
    switch (instruction.info->immediates) {
    case Immediates::TryTable:
        return read_try_table(reader, instruction);
    case Immediates::MemArg:
        instruction.memory = read_memarg(reader);
        return;
    case Immediates::MemArgLane:
        instruction.memory = read_memarg(reader);
        instruction.lane = reader.u8();
        return;
    case Immediates::DataMemory:
        instruction.index = reader.u32();
        instruction.memory.index = reader.u32();
        return;
    case Immediates::MemoryCopy:
        instruction.memory.index = reader.u32();
        instruction.second_index = reader.u32();
        return;
    case Immediates::LabelTable:
        return read_label_table(reader, instruction);
    case Immediates::ValueTypes:
        return read_value_types(reader, instruction);
    case Immediates::Bytes16:
        return read_16_bytes(reader, instruction);
    case Immediates::BrOnCast:
        return read_br_on_cast(reader, instruction);
    default:
        return;
    }
}

void read_immediates(ByteReader& reader, Instruction& instruction) {
    switch (instruction.info->immediates) {
    case Immediates::None:
        return;
    case Immediates::Block:
        instruction.block = read_block_type(reader);
        return;
    case Immediates::Index:
        instruction.index = reader.u32();
        return;
    case Immediates::IndexPair:
        instruction.index = reader.u32();
        instruction.second_index = reader.u32();
        return;
    case Immediates::Memory:
        instruction.memory.index = reader.u32();
        return;
    case Immediates::HeapType:
        instruction.heap_type = read_heap_type(reader);
        return;
    case Immediates::I32:
        instruction.bits = static_cast<std::uint64_t>(std::int64_t{reader.s32()});
        return;
    case Immediates::I64:
        instruction.bits = static_cast<std::uint64_t>(reader.s64());
        return;
    case Immediates::F32:
        instruction.bits = reader.fixed(4);
        return;
    case Immediates::F64:
        instruction.bits = reader.fixed(8);
        return;
    case Immediates::Lane:
        instruction.lane = reader.u8();
        return;
    case Immediates::Fence:
        reader.u8();
        return;
    default:
        return read_compound_immediates(reader, instruction);
    }
}

} // namespace

Result<Instruction> decode(std::span<const std::byte> bytes, CodeOffset offset) {
    if (offset.value >= bytes.size()) {
        return fail(ErrorCode::Malformed, "Code section: no instruction at file offset " +
                                              hex(offset.value) + ", the code ends there");
    }
    ByteReader reader(bytes, offset.value, bytes.size(), "Code section");
    Instruction instruction{.offset = offset};
    instruction.opcode = read_opcode(reader);
    instruction.info = find_opcode(instruction.opcode);
    if (instruction.info == nullptr) {
        reader.fail_at(offset.value, "unknown opcode");
    } else {
        read_immediates(reader, instruction);
    }
    if (!reader.ok()) {
        return std::unexpected(reader.error());
    }
    instruction.size = static_cast<std::uint32_t>(reader.position() - offset.value);
    return instruction;
}

Result<std::uint32_t> br_table_label(std::span<const std::byte> bytes,
                                     const Instruction& instruction, std::uint32_t position) {
    if (instruction.opcode != Opcode::BrTable || position >= instruction.list_count ||
        instruction.list_offset.value > bytes.size()) {
        return fail(ErrorCode::OutOfRange, "no label " + std::to_string(position));
    }
    ByteReader reader(bytes, instruction.list_offset.value, bytes.size(), "Code section");
    std::uint32_t label = 0;
    for (std::uint32_t i = 0; i <= position && reader.ok(); ++i) {
        label = reader.u32();
    }
    if (!reader.ok()) {
        return std::unexpected(reader.error());
    }
    return label;
}

} // namespace wdbg::wasm
