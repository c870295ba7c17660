// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_data.h"

#include <unordered_map>
#include <vector>

namespace wdbg::dwarf {

/// Line tables of all units. Their headers are read at once, rows of a unit when first needed.
class LineIndex {
  public:
    explicit LineIndex(DebugData& data) : data_(data) {}

    [[nodiscard]] const std::vector<SourceFile>& files();
    [[nodiscard]] std::vector<FileIndex> find_files(std::string_view path);
    /// Units whose line table names the file.
    [[nodiscard]] std::vector<std::size_t> units_of(FileIndex file);
    /// Ordered by address; row of the unit without gaps closed.
    [[nodiscard]] const std::vector<LineRow>& rows_of(std::size_t unit);
    [[nodiscard]] std::optional<LineRow> row_at(CodeOffset offset);
    [[nodiscard]] std::vector<LineRow> rows_in(CodeRange range);
    [[nodiscard]] std::optional<CodeRange> step_range(CodeOffset offset);
    /// File number of a unit's own table (DW_AT_decl_file, DW_AT_call_file).
    [[nodiscard]] FileIndex file_of(std::size_t unit, std::uint64_t number);
    /// Where to stop in a function: behind its prologue.
    [[nodiscard]] CodeOffset entry_of(CodeRange function);

  private:
    struct UnitLines {
        std::vector<FileIndex> file_map; ///< by the table's own numbers
        std::vector<LineRow> rows;
        bool rows_loaded = false;
    };

    void load_files();
    void load_unit_files(std::size_t unit);
    [[nodiscard]] FileIndex add_file(const std::string& path);
    void append_sequence(const llvm::DWARFDebugLine::LineTable& table,
                         const llvm::DWARFDebugLine::Sequence& sequence, UnitLines& lines);
    [[nodiscard]] std::optional<std::size_t> row_index(const std::vector<LineRow>& rows,
                                                       CodeOffset offset) const;

    DebugData& data_;
    bool loaded_ = false;
    std::vector<SourceFile> files_;
    std::unordered_map<std::string, FileIndex> by_path_;
    std::vector<std::vector<std::size_t>> units_by_file_;
    std::vector<UnitLines> units_;
};

} // namespace wdbg::dwarf
