// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wdbg::dwarf {

/// What is used of a row of a line table (DWARF 5 §6.2.2).
struct LineRow {
    std::uint64_t address = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::uint32_t file = 0; ///< in the table's own numbering
    bool is_statement = false;
    bool prologue_end = false;
    bool end_sequence = false;
};

struct LineSections {
    std::span<const std::byte> line;
    std::span<const std::byte> line_str;
    std::span<const std::byte> str;
    std::uint8_t address_size = 4;
};

/// Rows of all tables of .debug_line in the order they stand there, sequences one behind the other.
/// Sequences that begin at address 0 belong to functions that the linker dropped and are left out.
/// What is damaged is left out as well.
[[nodiscard]] std::vector<LineRow> read_line_rows(const LineSections& sections);

} // namespace wdbg::dwarf
