// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/debug_file.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wdbg::dwarf {

/// A row of the native line table: where code of a wasm instruction begins.
struct NativeRow {
    TextOffset at;
    std::uint32_t line = 0; ///< wasm code offset; 0: of no instruction
    bool is_statement = false;
    bool begins = false; ///< the instruction is known to begin here (a held place: column 1)
    bool prologue_end = false;
    bool end = false; ///< of a sequence: no code from here on
};

/// The native line table, by address and by wasm offset. Immutable.
class NativeLines {
  public:
    [[nodiscard]] static NativeLines read(const DebugFile& file);

    /// By address; rows of one address in the order of the line program.
    [[nodiscard]] std::span<const NativeRow> rows() const { return rows_; }

    /// Index of the last row at or before `at`, if its code goes so far.
    [[nodiscard]] std::optional<std::size_t> row_at(TextOffset at) const;
    /// The first row at or behind `at`.
    [[nodiscard]] std::size_t first_from(TextOffset at) const;
    /// Where the code of this row ends: the next row's address.
    [[nodiscard]] TextOffset end_of(std::size_t row) const;

    /// Indices of the rows with this wasm offset, by address.
    [[nodiscard]] std::span<const std::uint32_t> rows_of(std::uint32_t line) const;
    /// The least wasm offset in [begin, end) that has a row.
    [[nodiscard]] std::optional<std::uint32_t> next_line(std::uint32_t begin,
                                                         std::uint32_t end) const;

  private:
    std::vector<NativeRow> rows_;
    std::vector<std::uint32_t> by_line_; ///< of rows with a line, by (line, address)
};

} // namespace wdbg::dwarf
