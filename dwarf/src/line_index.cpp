// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "line_index.h"

#include <llvm/DebugInfo/DWARF/DWARFDebugLine.h>
#include <llvm/DebugInfo/DWARF/DWARFUnit.h>

#include <algorithm>
#include <filesystem>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;

/// Files that one table may name: far above what compilers write.
constexpr std::uint64_t max_files = 1'000'000;

std::string normalised(const std::string& path) {
    return std::filesystem::path(path).lexically_normal().string();
}

/// How many components two paths share at their ends.
std::size_t common_end(const std::filesystem::path& left, const std::filesystem::path& right) {
    auto a = left.end();
    auto b = right.end();
    std::size_t count = 0;
    while (a != left.begin() && b != right.begin()) {
        --a;
        --b;
        if (*a != *b) {
            break;
        }
        ++count;
    }
    return count;
}

} // namespace

FileIndex LineIndex::add_file(const std::string& path) {
    const auto [found, is_new] =
        by_path_.try_emplace(normalised(path), static_cast<FileIndex>(files_.size()));
    if (is_new) {
        files_.push_back({found->first});
        units_by_file_.emplace_back();
    }
    return found->second;
}

void LineIndex::load_unit_files(std::size_t unit_index) {
    llvm::DWARFUnit& unit = data_.line_unit(unit_index);
    const llvm::DWARFDie die = unit.getUnitDIE();
    const auto offset = die.isValid() ? dw::toSectionOffset(die.find(dw::DW_AT_stmt_list))
                                      : std::optional<std::uint64_t>();
    const llvm::DWARFSection& section = data_.context().getDWARFObj().getLineSection();
    if (!offset || *offset >= section.Data.size()) {
        return;
    }
    const auto report = [this](llvm::Error error) { data_.note(std::move(error)); };
    const llvm::DWARFDataExtractor bytes(data_.context().getDWARFObj(), section, true,
                                         unit.getAddressByteSize());
    llvm::DWARFDebugLine::Prologue prologue;
    std::uint64_t position = *offset;
    if (llvm::Error error = prologue.parse(bytes, &position, report, data_.context(), &unit)) {
        return data_.note(std::move(error));
    }
    const char* directory = unit.getCompilationDir();
    const auto last = prologue.getLastValidFileIndex();
    UnitLines& lines = units_[unit_index];
    for (std::uint64_t i = 0; last && i <= *last && i < max_files; ++i) {
        std::string path;
        const bool known = prologue.getFileNameByIndex(
            i, directory == nullptr ? "" : directory,
            llvm::DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath, path);
        lines.file_map.push_back(known ? add_file(path) : no_file);
        if (known) {
            auto& users = units_by_file_[lines.file_map.back()];
            if (users.empty() || users.back() != unit_index) {
                users.push_back(unit_index);
            }
        }
    }
}

void LineIndex::load_files() {
    if (loaded_) {
        return;
    }
    loaded_ = true;
    units_.resize(data_.unit_count());
    for (std::size_t i = 0; i < units_.size(); ++i) {
        load_unit_files(i);
    }
}

const std::vector<SourceFile>& LineIndex::files() {
    load_files();
    return files_;
}

std::vector<FileIndex> LineIndex::find_files(std::string_view path) {
    load_files();
    const std::string wanted = normalised(std::string(path));
    if (const auto found = by_path_.find(wanted); found != by_path_.end()) {
        return {found->second};
    }
    std::vector<FileIndex> best;
    std::size_t best_length = 1;
    const std::filesystem::path wanted_path(wanted);
    for (FileIndex i = 0; i < files_.size(); ++i) {
        const std::size_t length = common_end(wanted_path, files_[i].path);
        if (length > best_length) {
            best.clear();
            best_length = length;
        }
        if (length == best_length) {
            best.push_back(i);
        }
    }
    return best;
}

std::vector<std::size_t> LineIndex::units_of(FileIndex file) {
    load_files();
    return file < units_by_file_.size() ? units_by_file_[file] : std::vector<std::size_t>{};
}

FileIndex LineIndex::file_of(std::size_t unit, std::uint64_t number) {
    load_files();
    const auto& map = units_[unit].file_map;
    return number < map.size() ? map[number] : no_file;
}

/// Of rows at one address the last one counts, but a prologue's end is not lost.
void LineIndex::append_sequence(const llvm::DWARFDebugLine::LineTable& table,
                                const llvm::DWARFDebugLine::Sequence& sequence, UnitLines& lines) {
    const std::size_t end = std::min<std::size_t>(sequence.LastRowIndex, table.Rows.size());
    bool prologue_end = false;
    for (std::size_t i = sequence.FirstRowIndex; i + 1 < end; ++i) {
        const llvm::DWARFDebugLine::Row& row = table.Rows[i];
        prologue_end = prologue_end || row.PrologueEnd != 0;
        const auto range = data_.to_code(row.Address.Address, table.Rows[i + 1].Address.Address);
        if (!range) {
            continue;
        }
        const FileIndex file =
            row.File < lines.file_map.size() ? lines.file_map[row.File] : no_file;
        lines.rows.push_back({.range = *range,
                              .file = file,
                              .line = row.Line,
                              .column = row.Column,
                              .is_statement = row.IsStmt != 0,
                              .prologue_end = prologue_end});
        prologue_end = false;
    }
}

const std::vector<LineRow>& LineIndex::rows_of(std::size_t unit_index) {
    load_files();
    UnitLines& lines = units_[unit_index];
    if (lines.rows_loaded) {
        return lines.rows;
    }
    lines.rows_loaded = true;
    llvm::DWARFUnit& unit = data_.line_unit(unit_index);
    const auto report = [this](llvm::Error error) { data_.note(std::move(error)); };
    auto table = data_.context().getLineTableForUnit(&unit, report);
    if (!table) {
        data_.note(table.takeError());
        return lines.rows;
    }
    if (*table == nullptr) {
        return lines.rows;
    }
    for (const auto& sequence : (*table)->Sequences) {
        append_sequence(**table, sequence, lines);
    }
    std::ranges::sort(lines.rows, {}, &LineRow::range);
    lines.rows.shrink_to_fit();
    data_.context().clearLineTableForUnit(&unit); // our rows are smaller
    return lines.rows;
}

std::optional<std::size_t> LineIndex::row_index(const std::vector<LineRow>& rows,
                                                CodeOffset offset) const {
    const auto behind = std::ranges::upper_bound(
        rows, offset, {}, [](const LineRow& row) { return row.range.begin; });
    if (behind == rows.begin() || !std::prev(behind)->range.contains(offset)) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(std::prev(behind) - rows.begin());
}

std::optional<LineRow> LineIndex::row_at(CodeOffset offset) {
    const auto unit = data_.unit_at(offset);
    if (!unit) {
        return std::nullopt;
    }
    const auto& rows = rows_of(*unit);
    const auto index = row_index(rows, offset);
    return index ? std::optional(rows[*index]) : std::nullopt;
}

std::vector<LineRow> LineIndex::rows_in(CodeRange range) {
    std::vector<LineRow> found;
    const auto unit = data_.unit_at(range.begin);
    if (!unit) {
        return found;
    }
    const auto& rows = rows_of(*unit);
    auto row = std::ranges::lower_bound(rows, range.begin, {},
                                        [](const LineRow& each) { return each.range.begin; });
    if (row != rows.begin() && std::prev(row)->range.contains(range.begin)) {
        --row;
    }
    for (; row != rows.end() && row->range.begin < range.end; ++row) {
        found.push_back(*row);
    }
    return found;
}

std::optional<CodeRange> LineIndex::step_range(CodeOffset offset) {
    const auto unit = data_.unit_at(offset);
    if (!unit) {
        return std::nullopt;
    }
    const auto& rows = rows_of(*unit);
    const auto index = row_index(rows, offset);
    if (!index) {
        return std::nullopt;
    }
    const LineRow& here = rows[*index];
    const auto same = [&](const LineRow& row) {
        return row.line == 0 || (row.file == here.file && row.line == here.line);
    };
    std::size_t first = *index;
    while (first > 0 && rows[first - 1].range.end == rows[first].range.begin &&
           same(rows[first - 1])) {
        --first;
    }
    std::size_t last = *index;
    while (last + 1 < rows.size() && rows[last].range.end == rows[last + 1].range.begin &&
           same(rows[last + 1])) {
        ++last;
    }
    return CodeRange{rows[first].range.begin, rows[last].range.end};
}

CodeOffset LineIndex::entry_of(CodeRange function) {
    const std::vector<LineRow> rows = rows_in(function);
    for (const LineRow& row : rows) {
        if (row.prologue_end && function.contains(row.range.begin)) {
            return row.range.begin;
        }
    }
    for (const LineRow& row : rows) { // as other debuggers do: the second line's begin
        if (row.range.begin > function.begin && row.line != 0 &&
            function.contains(row.range.begin)) {
            return row.range.begin;
        }
    }
    return function.begin;
}

} // namespace wdbg::dwarf
