// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "opcode_tables.h"

#include <array>
#include <cstddef>

namespace wdbg::wasm {

namespace {

constexpr std::size_t max_number = 0x120; ///< above the largest number behind any prefix

/// Rows by number, for one prefix.
using RowIndex = std::array<const OpcodeInfo*, max_number>;

RowIndex index_rows(std::span<const OpcodeInfo> rows) {
    RowIndex index{};
    for (const OpcodeInfo& row : rows) {
        index.at(static_cast<std::uint32_t>(row.opcode) & 0xFFFFU) = &row;
    }
    return index;
}

const RowIndex* index_of_prefix(std::uint8_t prefix) {
    static const RowIndex core = index_rows(core_opcodes);
    static const RowIndex gc = index_rows(gc_opcodes);
    static const RowIndex misc = index_rows(misc_opcodes);
    static const RowIndex simd = index_rows(simd_opcodes);
    static const RowIndex atomic = index_rows(atomic_opcodes);
    switch (prefix) {
    case 0:
        return &core;
    case gc_prefix:
        return &gc;
    case misc_prefix:
        return &misc;
    case simd_prefix:
        return &simd;
    case atomic_prefix:
        return &atomic;
    default:
        return nullptr;
    }
}

} // namespace

const OpcodeInfo* find_opcode(Opcode opcode) {
    const std::uint32_t number = static_cast<std::uint32_t>(opcode) & 0xFFFFU;
    const RowIndex* index = index_of_prefix(prefix_of(opcode));
    return index == nullptr || number >= max_number ? nullptr : (*index)[number];
}

std::span<const OpcodeInfo> opcodes_of_prefix(std::uint8_t prefix) {
    switch (prefix) {
    case 0:
        return core_opcodes;
    case gc_prefix:
        return gc_opcodes;
    case misc_prefix:
        return misc_opcodes;
    case simd_prefix:
        return simd_opcodes;
    case atomic_prefix:
        return atomic_opcodes;
    default:
        return {};
    }
}

} // namespace wdbg::wasm
