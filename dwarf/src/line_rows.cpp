// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "line_rows.h"

#include "dwarf_sections.h"
#include "line_check.h"

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDataExtractor.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugLine.h>

namespace wdbg::dwarf {
namespace {

void ignore(llvm::Error error) {
    llvm::consumeError(std::move(error));
}

void add_sequence(std::span<const llvm::DWARFDebugLine::Row> rows, std::vector<LineRow>& to) {
    if (rows.empty() || rows.front().Address.Address == 0) {
        return;
    }
    for (const llvm::DWARFDebugLine::Row& row : rows) {
        to.push_back({.address = row.Address.Address,
                      .line = row.Line,
                      .column = row.Column,
                      .file = row.File,
                      .is_statement = row.IsStmt != 0,
                      .prologue_end = row.PrologueEnd != 0,
                      .end_sequence = row.EndSequence != 0});
    }
}

void add_table(const llvm::DWARFDebugLine::LineTable& table, std::vector<LineRow>& to) {
    const std::span<const llvm::DWARFDebugLine::Row> rows(table.Rows);
    std::size_t begin = 0;
    for (std::size_t each = 0; each < rows.size(); ++each) {
        if (rows[each].EndSequence) {
            add_sequence(rows.subspan(begin, each + 1 - begin), to);
            begin = each + 1;
        }
    }
}

} // namespace

std::vector<LineRow> read_line_rows(const LineSections& sections) {
    SectionMap map;
    add_section(map, ".debug_line", sections.line);
    add_section(map, ".debug_line_str", sections.line_str);
    add_section(map, ".debug_str", sections.str);
    const auto context =
        llvm::DWARFContext::create(map, sections.address_size, true, ignore, ignore);
    llvm::DWARFDataExtractor data(to_string_ref(sections.line), true, sections.address_size);
    std::vector<LineRow> rows;
    if (sections.line.empty() || !check_debug_line(to_string_ref(sections.line))) {
        return rows;
    }
    llvm::DWARFDebugLine::SectionParser parser(data, *context, context->normal_units());
    while (!parser.done()) {
        add_table(parser.parseNext(ignore, ignore), rows);
    }
    return rows;
}

} // namespace wdbg::dwarf
