// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scope_reader.h"

#include "demangle.h"
#include "entry_names.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <unordered_set>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;

constexpr std::size_t max_variables = 100'000;

std::uint32_t small_number(const std::optional<llvm::DWARFFormValue>& value) {
    const auto number = dw::toUnsigned(value);
    return number && *number <= UINT32_MAX ? static_cast<std::uint32_t>(*number) : 0;
}

bool is_variable(dw::Tag tag) {
    return tag == dw::DW_TAG_variable || tag == dw::DW_TAG_formal_parameter ||
           tag == dw::DW_TAG_constant;
}

} // namespace

std::vector<llvm::DWARFDie> ScopeReader::chain_at(CodeOffset offset) {
    const auto index = data_.unit_at(offset);
    const auto address = data_.image().to_dwarf(offset);
    if (!index || !address) {
        return {};
    }
    llvm::SmallVector<llvm::DWARFDie, 4> chain;
    data_.unit(*index).getInlinedChainForAddress(address->value, chain);
    return {chain.begin(), chain.end()};
}

FileIndex ScopeReader::file_attribute(const llvm::DWARFDie& die, dw::Attribute name) {
    // The number counts in the table of the unit that has the attribute.
    const llvm::DWARFDie holder =
        name == dw::DW_AT_call_file || die.find(name) ? die : declaration_of(data_, die);
    const auto number = dw::toUnsigned(holder.find(name));
    const auto unit = data_.index_of(holder.getDwarfUnit());
    return number && unit ? lines_.file_of(*unit, *number) : no_file;
}

std::string ScopeReader::display_name(const llvm::DWARFDie& die, SourceLanguage language,
                                      const std::string& linkage) {
    if (language == SourceLanguage::Rust && !linkage.empty()) {
        return demangled(linkage);
    }
    std::string name = qualified_name_of(data_, die);
    return name.empty() && !linkage.empty() ? demangled(linkage) : name;
}

FunctionInfo ScopeReader::function_info(const llvm::DWARFDie& die) {
    FunctionInfo info;
    info.entry = data_.id_of(die);
    info.base_name = name_of(die);
    info.linkage_name = linkage_name_of(die);
    info.language = language_of(die);
    info.name = display_name(die, info.language, info.linkage_name);
    info.ranges = data_.ranges_of(die);
    info.inlined = die.getTag() == dw::DW_TAG_inlined_subroutine;
    info.file = file_attribute(die, dw::DW_AT_decl_file);
    info.line = static_cast<std::uint32_t>(std::min<std::uint64_t>(die.getDeclLine(), UINT32_MAX));
    if (!info.ranges.empty()) {
        const CodeRange first = info.ranges.front();
        info.entry_offset = info.inlined ? first.begin : lines_.entry_of(first);
    }
    return info;
}

std::vector<ScopeFrame> ScopeReader::frames_at(CodeOffset offset) {
    std::vector<ScopeFrame> frames;
    const auto chain = chain_at(offset);
    for (std::size_t i = 0; i < chain.size(); ++i) {
        ScopeFrame frame;
        frame.function = function_info(chain[i]);
        if (i == 0) {
            if (const auto row = lines_.row_at(offset)) {
                frame.file = row->file;
                frame.line = row->line;
                frame.column = row->column;
            }
        } else {
            const llvm::DWARFDie& call = chain[i - 1];
            frame.file = file_attribute(call, dw::DW_AT_call_file);
            frame.line = small_number(call.find(dw::DW_AT_call_line));
            frame.column = small_number(call.find(dw::DW_AT_call_column));
        }
        frames.push_back(std::move(frame));
    }
    return frames;
}

Variable ScopeReader::variable(const llvm::DWARFDie& die, std::uint32_t depth) {
    Variable variable;
    variable.entry = data_.id_of(die);
    variable.name = name_of(die);
    variable.linkage_name = linkage_name_of(die);
    variable.type = data_.id_of(data_.reference(die, dw::DW_AT_type));
    variable.file = file_attribute(die, dw::DW_AT_decl_file);
    variable.line = small_number(die.findRecursively(dw::DW_AT_decl_line));
    variable.depth = depth;
    variable.artificial = die.findRecursively(dw::DW_AT_artificial).has_value();
    if (die.getTag() == dw::DW_TAG_formal_parameter) {
        variable.kind = VariableKind::Parameter;
    } else if (fixed_address(die)) {
        variable.kind = VariableKind::StaticLocal;
    } else if (die.findRecursively(dw::DW_AT_const_value) && !die.find(dw::DW_AT_location)) {
        variable.kind = VariableKind::Constant;
    }
    return variable;
}

void ScopeReader::collect(const llvm::DWARFDie& block, CodeOffset offset, std::uint32_t depth,
                          std::vector<Variable>& into) {
    if (depth > max_nesting) {
        return;
    }
    for (const llvm::DWARFDie& child : block.children()) {
        if (!child.isValid() || into.size() >= max_variables) {
            return;
        }
        if (is_variable(child.getTag())) {
            into.push_back(variable(child, depth));
        } else if (child.getTag() == dw::DW_TAG_lexical_block && data_.covers(child, offset)) {
            collect(child, offset, depth + 1, into);
        }
    }
}

/// Variables that the compiler removed from a copy of a function are in its abstract origin only.
void ScopeReader::add_missing(const llvm::DWARFDie& function, std::vector<Variable>& into) {
    const llvm::DWARFDie origin = data_.reference(function, dw::DW_AT_abstract_origin);
    if (!origin.isValid()) {
        return;
    }
    std::unordered_set<std::uint64_t> present;
    for (const Variable& variable : into) {
        const llvm::DWARFDie die = data_.die_of(variable.entry);
        const llvm::DWARFDie from = data_.reference(die, dw::DW_AT_abstract_origin);
        present.insert(from.isValid() ? data_.id_of(from).value : 0);
    }
    for (const llvm::DWARFDie& child : origin.children()) {
        if (!child.isValid() || into.size() >= max_variables) {
            break;
        }
        if (is_variable(child.getTag()) && !present.contains(data_.id_of(child).value)) {
            into.push_back(variable(child, 0));
        }
    }
}

std::vector<Variable> ScopeReader::variables_at(CodeOffset offset, std::uint32_t level) {
    std::vector<Variable> variables;
    const auto chain = chain_at(offset);
    if (level >= chain.size()) {
        return variables;
    }
    collect(chain[level], offset, 0, variables);
    add_missing(chain[level], variables);
    std::erase_if(variables, [](const Variable& each) { return each.name.empty(); });
    std::multimap<std::pair<bool, std::uint32_t>, Variable> ordered;
    for (Variable& each : variables) {
        const std::pair key(each.kind != VariableKind::Parameter, each.depth);
        ordered.emplace(key, std::move(each));
    }
    variables.clear();
    for (auto& [key, each] : ordered) {
        variables.push_back(std::move(each));
    }
    std::unordered_set<std::string> seen;
    for (Variable& each : std::views::reverse(variables)) {
        each.shadowed = !seen.insert(each.name).second;
    }
    return variables;
}

void ScopeReader::collect_globals(const llvm::DWARFDie& scope, unsigned depth,
                                  std::vector<Variable>& into) {
    for (const llvm::DWARFDie& child : scope.children()) {
        if (!child.isValid() || into.size() >= max_variables) {
            return;
        }
        if (child.getTag() == dw::DW_TAG_namespace && depth < max_nesting) {
            collect_globals(child, depth + 1, into);
        } else if (child.getTag() == dw::DW_TAG_variable && child.find(dw::DW_AT_location)) {
            Variable global = variable(child, 0);
            global.kind = VariableKind::Global;
            global.qualified_name = qualified_name_of(data_, child);
            const auto address = fixed_address(child);
            const bool removed = address && (*address == 0 || *address >= UINT32_MAX - 1);
            const bool internal = global.name.empty() || global.name.starts_with("_vtable$") ||
                                  global.name.starts_with("<");
            if (!removed && !internal) {
                into.push_back(std::move(global));
            }
        }
    }
}

std::vector<Variable> ScopeReader::unit_globals(CodeOffset offset) {
    std::vector<Variable> globals;
    if (const auto index = data_.unit_at(offset)) {
        collect_globals(data_.unit(*index).getUnitDIE(false), 0, globals);
    }
    return globals;
}

} // namespace wdbg::dwarf
