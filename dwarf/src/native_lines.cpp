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
    table.rows_.reserve(order.size());
    for (const std::uint32_t row : order) {
        table.rows_.push_back(unsorted[row]);
    }
    for (std::uint32_t each = 0; each < table.rows_.size(); ++each) {
        if (table.rows_[each].line != 0) {
            table.by_line_.push_back(each);
        }
    }
    std::ranges::sort(table.by_line_, {}, [&table](std::uint32_t row) {
        return std::pair(table.rows_[row].line, row);
    });
    return table;
}

std::optional<std::size_t> NativeLines::row_at(TextOffset at) const {
    const auto behind = std::ranges::upper_bound(rows_, at, {}, &NativeRow::at);
    if (behind == rows_.begin() || std::prev(behind)->end) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(behind - rows_.begin()) - 1;
}

std::size_t NativeLines::first_from(TextOffset at) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(rows_, at, {}, &NativeRow::at) -
                                    rows_.begin());
}

TextOffset NativeLines::end_of(std::size_t row) const {
    return row + 1 < rows_.size() ? rows_[row + 1].at : rows_[row].at;
}

std::span<const std::uint32_t> NativeLines::rows_of(std::uint32_t line) const {
    const auto found = std::ranges::equal_range(
        by_line_, line, {}, [this](std::uint32_t row) { return rows_[row].line; });
    return {found.begin(), found.end()};
}

std::optional<std::uint32_t> NativeLines::next_line(std::uint32_t begin, std::uint32_t end) const {
    const auto found = std::ranges::lower_bound(
        by_line_, begin, {}, [this](std::uint32_t row) { return rows_[row].line; });
    if (found == by_line_.end() || rows_[*found].line >= end) {
        return std::nullopt;
    }
    return rows_[*found].line;
}

} // namespace wdbg::dwarf
