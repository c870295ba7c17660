// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "packed_rows.h"

#include <wdbg/dwarf/debug_file.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace wdbg::dwarf {

/// The native line table, by address and by wasm offset. Immutable.
class NativeLines {
  public:
    [[nodiscard]] static NativeLines read(const DebugFile& file);

    /// By address; rows of one address in the order of the line program.
    [[nodiscard]] RowReader rows() const { return RowReader(rows_); }

    /// Index of the last row at or before `at`, if its code goes so far.
    [[nodiscard]] std::optional<std::size_t> row_at(TextOffset at) const;

    /// The first row at or behind `at`.
    [[nodiscard]] std::size_t first_from(TextOffset at) const { return rows_.lower_bound(at); }

    /// Where the code of this row ends: the next row's address.
    [[nodiscard]] TextOffset end_of(std::size_t row) const;

    /// Indices of the rows with this wasm offset, by address.
    [[nodiscard]] std::vector<std::uint32_t> rows_of(std::uint32_t line) const {
        return by_line_.rows_of(line);
    }

    /// The least wasm offset in [begin, end) that has a row.
    [[nodiscard]] std::optional<std::uint32_t> next_line(std::uint32_t begin,
                                                         std::uint32_t end) const {
        return by_line_.next(begin, end);
    }

  private:
    PackedRows rows_;
    LineOrder by_line_;
};

} // namespace wdbg::dwarf
