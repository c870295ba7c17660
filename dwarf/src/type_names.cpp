// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry_names.h"
#include "type_reader.h"

namespace wdbg::dwarf {

namespace dw = llvm::dwarf;

std::string TypeReader::function_type_name(const llvm::DWARFDie& die, std::string_view declarator,
                                           unsigned depth) {
    std::string name = type_name(data_.reference(die, dw::DW_AT_type), depth + 1);
    name.append(" ").append(declarator).append("(");
    bool first = true;
    for (const llvm::DWARFDie& child : die.children()) {
        if (child.isValid() && child.getTag() == dw::DW_TAG_formal_parameter) {
            name +=
                (first ? "" : ", ") + type_name(data_.reference(child, dw::DW_AT_type), depth + 1);
            first = false;
        } else if (child.isValid() && child.getTag() == dw::DW_TAG_unspecified_parameters) {
            name += first ? "..." : ", ...";
            first = false;
        }
        if (name.size() > 10'000) {
            break;
        }
    }
    return name + ")";
}

std::string TypeReader::pointer_name(const llvm::DWARFDie& die, std::string_view sign,
                                     unsigned depth) {
    const llvm::DWARFDie pointee = data_.reference(die, dw::DW_AT_type);
    if (pointee.isValid() && pointee.getTag() == dw::DW_TAG_subroutine_type) {
        return function_type_name(pointee, std::string("(").append(sign).append(")"), depth);
    }
    const std::string name = type_name(pointee, depth + 1);
    const bool joined = name.ends_with('*') || name.ends_with('&');
    return name + (joined ? "" : " ") + std::string(sign);
}

std::string TypeReader::qualified_name(const llvm::DWARFDie& die, std::string_view qualifier,
                                       unsigned depth) {
    const std::string name = type_name(data_.reference(die, dw::DW_AT_type), depth + 1);
    const bool behind = name.ends_with('*') || name.ends_with('&');
    return behind ? name + std::string(qualifier) : std::string(qualifier) + " " + name;
}

std::string TypeReader::array_name(const llvm::DWARFDie& die, unsigned depth) {
    Type type;
    for (const llvm::DWARFDie& child : die.children()) {
        if (child.isValid() && child.getTag() == dw::DW_TAG_subrange_type) {
            read_dimension(child, type);
        }
    }
    std::string name = type_name(data_.reference(die, dw::DW_AT_type), depth + 1);
    name += name.ends_with(']') ? "" : " ";
    for (const Dimension& each : type.dimensions) {
        name += "[" + (each.count ? std::to_string(*each.count) : std::string()) + "]";
    }
    return name;
}

std::string TypeReader::type_name(const llvm::DWARFDie& die, unsigned depth) {
    if (!die.isValid()) {
        return "void";
    }
    budget_ = depth == 0 ? max_web : budget_;
    if (depth > max_type_depth || budget_ == 0) {
        return "...";
    }
    --budget_;
    const dw::Tag tag = die.getTag();
    const bool rust_name = tag == dw::DW_TAG_pointer_type && die.find(dw::DW_AT_name);
    const auto named = [&](dw::Attribute attribute) {
        return type_name(data_.reference(die, attribute), depth + 1);
    };
    switch (tag) {
    case dw::DW_TAG_pointer_type:
        return rust_name ? name_of(die) : pointer_name(die, "*", depth);
    case dw::DW_TAG_reference_type:
        return pointer_name(die, "&", depth);
    case dw::DW_TAG_rvalue_reference_type:
        return pointer_name(die, "&&", depth);
    case dw::DW_TAG_const_type:
        return qualified_name(die, "const", depth);
    case dw::DW_TAG_volatile_type:
        return qualified_name(die, "volatile", depth);
    case dw::DW_TAG_restrict_type:
        return named(dw::DW_AT_type);
    case dw::DW_TAG_atomic_type:
        return qualified_name(die, "_Atomic", depth);
    case dw::DW_TAG_subroutine_type:
        return function_type_name(die, "", depth);
    case dw::DW_TAG_ptr_to_member_type: {
        std::string name = named(dw::DW_AT_type); // first: both draw on one budget
        name += " ";
        name += named(dw::DW_AT_containing_type);
        return name + "::*";
    }
    case dw::DW_TAG_array_type:
        return array_name(die, depth);
    default:
        break;
    }
    const std::string name = qualified_name_of(data_, die);
    return name_of(die).empty() ? name + "(anonymous)" : name;
}

} // namespace wdbg::dwarf
