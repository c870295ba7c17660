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
    const auto target = [&] { return data_.reference(die, dw::DW_AT_type); };
    const auto pointer = [&](std::string_view sign) {
        const llvm::DWARFDie pointee = target();
        if (pointee.isValid() && pointee.getTag() == dw::DW_TAG_subroutine_type) {
            return function_type_name(pointee, std::string("(").append(sign).append(")"), depth);
        }
        const std::string name = type_name(pointee, depth + 1);
        const bool joined = name.ends_with('*') || name.ends_with('&');
        return name + (joined ? "" : " ") + std::string(sign);
    };
    const auto qualified = [&](std::string_view qualifier) {
        const std::string name = type_name(target(), depth + 1);
        const bool behind = name.ends_with('*') || name.ends_with('&');
        return behind ? name + std::string(qualifier) : std::string(qualifier) + " " + name;
    };
    switch (tag) {
    case dw::DW_TAG_pointer_type:
        return rust_name ? name_of(die) : pointer("*");
    case dw::DW_TAG_reference_type:
        return pointer("&");
    case dw::DW_TAG_rvalue_reference_type:
        return pointer("&&");
    case dw::DW_TAG_const_type:
        return qualified("const");
    case dw::DW_TAG_volatile_type:
        return qualified("volatile");
    case dw::DW_TAG_restrict_type:
        return type_name(target(), depth + 1);
    case dw::DW_TAG_atomic_type:
        return qualified("_Atomic");
    case dw::DW_TAG_subroutine_type:
        return function_type_name(die, "", depth);
    case dw::DW_TAG_ptr_to_member_type:
        return type_name(target(), depth + 1) + " " +
               type_name(data_.reference(die, dw::DW_AT_containing_type), depth + 1) + "::*";
    case dw::DW_TAG_array_type: {
        Type type;
        for (const llvm::DWARFDie& child : die.children()) {
            if (child.isValid() && child.getTag() == dw::DW_TAG_subrange_type) {
                read_dimension(child, type);
            }
        }
        std::string name = type_name(target(), depth + 1);
        name += name.ends_with(']') ? "" : " ";
        for (const Dimension& each : type.dimensions) {
            name += "[" + (each.count ? std::to_string(*each.count) : std::string()) + "]";
        }
        return name;
    }
    default:
        break;
    }
    const std::string name = qualified_name_of(data_, die);
    return name_of(die).empty() ? name + "(anonymous)" : name;
}

} // namespace wdbg::dwarf
