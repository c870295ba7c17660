// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "native_lines.h"

#include "line_rows.h"

#include <algorithm>
#include <tuple>

namespace wdbg::dwarf {

NativeLines NativeLines::read(const DebugFile& file) {
    const std::vector<LineRow> rows =
        read_line_rows({.line = file.section(".debug_line"),
                        .line_str = file.section(".debug_line_str"),
                        .str = file.section(".debug_str"),
                        .address_size = static_cast<std::uint8_t>(file.is_64() ? 8 : 4)});
    std::vector<NativeRow> unsorted;
    unsorted.reserve(rows.size());
    for (const LineRow& row : rows) {
        const std::uint64_t at = row.address - file.text_address();
        if (row.address >= file.text_address() && at <= file.text_size()) {
            unsorted.push_back({.at = TextOffset{static_cast<std::uint32_t>(at)},
                                .line = row.end_sequence ? 0 : row.line,
                                .is_statement = row.is_statement,
                                .begins = row.column == begins_here,
                                .prologue_end = row.prologue_end,
                                .end = row.end_sequence});
        }
    }
    // The end of one sequence comes before the begin of the next at the same address.
    std::vector<std::uint32_t> order(unsorted.size());
    for (std::uint32_t row = 0; row < order.size(); ++row) {
        order[row] = row;
    }
    std::ranges::sort(order, {}, [&unsorted](std::uint32_t row) {
        return std::tuple(unsorted[row].at, !unsorted[row].end, row);
    });
    NativeLines table;
    for (const std::uint32_t row : order) {
        table.rows_.add(unsorted[row]);
    }
    table.rows_.finish();
    // Now by line: where each row is in the table.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> lines;
    for (std::uint32_t each = 0; each < order.size(); ++each) {
        if (const std::uint32_t line = unsorted[order[each]].line; line != 0) {
            lines.emplace_back(line, each);
        }
    }
    std::ranges::sort(lines);
    for (const auto& [line, row] : lines) {
        table.by_line_.add(line, row);
    }
    table.by_line_.finish();
    return table;
}

std::optional<std::size_t> NativeLines::row_at(TextOffset at) const {
    const std::size_t behind = rows_.upper_bound(at);
    if (behind == 0 || rows()[behind - 1].end) {
        return std::nullopt;
    }
    return behind - 1;
}

TextOffset NativeLines::end_of(std::size_t row) const {
    const RowReader all = rows();
    return row + 1 < all.size() ? all[row + 1].at : all[row].at;
}

} // namespace wdbg::dwarf
