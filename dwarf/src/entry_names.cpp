// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry_names.h"

#include <array>
#include <vector>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;

bool is_scope(dw::Tag tag) {
    return tag == dw::DW_TAG_namespace || tag == dw::DW_TAG_structure_type ||
           tag == dw::DW_TAG_class_type || tag == dw::DW_TAG_union_type ||
           tag == dw::DW_TAG_enumeration_type || tag == dw::DW_TAG_module;
}

std::string scope_name(const llvm::DWARFDie& die) {
    std::string name = name_of(die);
    if (name.empty()) {
        return die.getTag() == dw::DW_TAG_namespace ? "(anonymous namespace)" : "(anonymous)";
    }
    return name;
}

/// Where the template arguments or parameters at the end of `name` begin; npos if there are none.
std::size_t closing_group(std::string_view name, char open, char close) {
    if (!name.ends_with(close)) {
        return std::string_view::npos;
    }
    int depth = 0;
    for (std::size_t i = name.size(); i-- > 0;) {
        if (name[i] == close && (i == 0 || name[i - 1] != '-')) {
            ++depth;
        } else if (name[i] == open && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

} // namespace

std::string name_of(const llvm::DWARFDie& die) {
    const char* name = die.isValid() ? die.getShortName() : nullptr;
    return name == nullptr ? std::string() : std::string(name);
}

std::string linkage_name_of(const llvm::DWARFDie& die) {
    const char* name = die.isValid() ? die.getLinkageName() : nullptr;
    return name == nullptr ? std::string() : std::string(name);
}

llvm::DWARFDie declaration_of(DebugData& data, llvm::DWARFDie die) {
    for (unsigned i = 0; i < max_nesting && die.isValid(); ++i) {
        llvm::DWARFDie next;
        for (const auto attribute : {dw::DW_AT_abstract_origin, dw::DW_AT_specification}) {
            if (const auto value = die.find(attribute); value && !next.isValid()) {
                next = die.getAttributeValueAsReferencedDie(*value);
            }
        }
        if (!next.isValid() || next == die) {
            break;
        }
        die = next;
    }
    static_cast<void>(data);
    return die;
}

std::string qualified_name_of(DebugData& data, const llvm::DWARFDie& die) {
    std::string name = name_of(die);
    llvm::DWARFDie at = declaration_of(data, die);
    at = at.isValid() ? at.getParent() : at;
    for (unsigned i = 0; i < max_nesting && at.isValid() && is_scope(at.getTag()); ++i) {
        const bool is_inline = at.find(dw::DW_AT_export_symbols).has_value();
        if (!is_inline) {
            name.insert(0, scope_name(at).append("::"));
        }
        at = at.getParent();
    }
    return without_inline_namespaces(std::move(name));
}

SourceLanguage language_of(const llvm::DWARFDie& die) {
    llvm::DWARFUnit* unit = die.isValid() ? die.getDwarfUnit() : nullptr;
    const llvm::DWARFDie root = unit == nullptr ? llvm::DWARFDie() : unit->getUnitDIE();
    const auto language =
        root.isValid() ? dw::toUnsigned(root.find(dw::DW_AT_language)) : std::nullopt;
    if (!language) {
        return SourceLanguage::Unknown;
    }
    switch (*language) {
    case dw::DW_LANG_C:
    case dw::DW_LANG_C89:
    case dw::DW_LANG_C99:
    case dw::DW_LANG_C11:
    case dw::DW_LANG_C17:
        return SourceLanguage::C;
    case dw::DW_LANG_C_plus_plus:
    case dw::DW_LANG_C_plus_plus_03:
    case dw::DW_LANG_C_plus_plus_11:
    case dw::DW_LANG_C_plus_plus_14:
    case dw::DW_LANG_C_plus_plus_17:
    case dw::DW_LANG_C_plus_plus_20:
        return SourceLanguage::Cpp;
    case dw::DW_LANG_Rust:
        return SourceLanguage::Rust;
    case dw::DW_LANG_Zig:
        return SourceLanguage::Zig;
    default:
        return SourceLanguage::Other;
    }
}

std::string without_inline_namespaces(std::string name) {
    for (const std::string_view inline_name : {"std::__1::", "std::__2::", "std::__cxx11::"}) {
        for (std::size_t at = name.find(inline_name); at != std::string::npos;
             at = name.find(inline_name, at)) {
            name.replace(at, inline_name.size(), "std::");
        }
    }
    return name;
}

std::string_view without_template(std::string_view name) {
    if (name.starts_with("operator") || name.starts_with("<") || name.starts_with("{")) {
        return name;
    }
    const std::size_t begin = closing_group(name, '<', '>');
    return begin == std::string_view::npos || begin == 0 ? name : name.substr(0, begin);
}

std::string_view without_parameters(std::string_view name) {
    constexpr std::string_view qualifier = " const";
    if (name.ends_with(qualifier)) {
        name.remove_suffix(qualifier.size());
    }
    const std::size_t begin = closing_group(name, '(', ')');
    if (begin == std::string_view::npos || begin == 0 ||
        name.substr(0, begin).ends_with("operator")) {
        return name;
    }
    return name.substr(0, begin);
}

std::string_view last_component(std::string_view name) {
    name = without_template(without_parameters(name));
    int depth = 0;
    for (std::size_t i = name.size(); i-- > 1;) {
        const char c = name[i];
        depth += c == '>' || c == ')' || c == '}' ? 1 : 0;
        depth -= c == '<' || c == '(' || c == '{' ? 1 : 0;
        if (depth == 0 && c == ':' && name[i - 1] == ':') {
            return name.substr(i + 1);
        }
    }
    return name;
}

bool ends_with_component(std::string_view qualified, std::string_view wanted) {
    if (wanted.starts_with("::")) {
        return qualified == wanted.substr(2);
    }
    if (!qualified.ends_with(wanted)) {
        return false;
    }
    const std::size_t before = qualified.size() - wanted.size();
    return before == 0 || qualified.substr(0, before).ends_with("::");
}

} // namespace wdbg::dwarf
