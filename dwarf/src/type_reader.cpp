// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "type_reader.h"

#include "entry_names.h"

#include <algorithm>
#include <array>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;

constexpr std::size_t max_children = 1'000'000;

struct TagRow {
    dw::Tag tag;
    TypeKind kind;
};

constexpr std::array tag_table{
    TagRow{dw::DW_TAG_base_type, TypeKind::Base},
    TagRow{dw::DW_TAG_pointer_type, TypeKind::Pointer},
    TagRow{dw::DW_TAG_reference_type, TypeKind::Reference},
    TagRow{dw::DW_TAG_rvalue_reference_type, TypeKind::RvalueReference},
    TagRow{dw::DW_TAG_ptr_to_member_type, TypeKind::MemberPointer},
    TagRow{dw::DW_TAG_array_type, TypeKind::Array},
    TagRow{dw::DW_TAG_structure_type, TypeKind::Struct},
    TagRow{dw::DW_TAG_class_type, TypeKind::Class},
    TagRow{dw::DW_TAG_union_type, TypeKind::Union},
    TagRow{dw::DW_TAG_enumeration_type, TypeKind::Enum},
    TagRow{dw::DW_TAG_typedef, TypeKind::Typedef},
    TagRow{dw::DW_TAG_template_alias, TypeKind::Typedef},
    TagRow{dw::DW_TAG_const_type, TypeKind::Const},
    TagRow{dw::DW_TAG_volatile_type, TypeKind::Volatile},
    TagRow{dw::DW_TAG_restrict_type, TypeKind::Restrict},
    TagRow{dw::DW_TAG_atomic_type, TypeKind::Atomic},
    TagRow{dw::DW_TAG_subroutine_type, TypeKind::Function},
    TagRow{dw::DW_TAG_unspecified_type, TypeKind::Void},
};

std::optional<TypeKind> kind_of(dw::Tag tag) {
    for (const TagRow& row : tag_table) {
        if (row.tag == tag) {
            return row.kind;
        }
    }
    return std::nullopt;
}

Encoding encoding_of(std::uint64_t attribute) {
    switch (attribute) {
    case dw::DW_ATE_boolean:
        return Encoding::Boolean;
    case dw::DW_ATE_signed:
        return Encoding::Signed;
    case dw::DW_ATE_unsigned:
        return Encoding::Unsigned;
    case dw::DW_ATE_signed_char:
        return Encoding::SignedChar;
    case dw::DW_ATE_unsigned_char:
        return Encoding::UnsignedChar;
    case dw::DW_ATE_UTF:
    case dw::DW_ATE_UCS:
    case dw::DW_ATE_ASCII:
        return Encoding::Utf;
    case dw::DW_ATE_float:
        return Encoding::Float;
    case dw::DW_ATE_complex_float:
        return Encoding::ComplexFloat;
    case dw::DW_ATE_address:
        return Encoding::Address;
    default:
        return Encoding::None;
    }
}

/// A constant of any form; DW_FORM_block of up to 8 bytes too.
std::optional<std::int64_t> constant(const std::optional<llvm::DWARFFormValue>& value) {
    if (!value) {
        return std::nullopt;
    }
    if (const auto number = value->getAsSignedConstant()) {
        return number;
    }
    if (const auto number = value->getAsUnsignedConstant()) {
        return static_cast<std::int64_t>(*number);
    }
    const auto block = value->getAsBlock();
    if (!block || block->empty() || block->size() > 8) {
        return std::nullopt;
    }
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < block->size(); ++i) {
        bits |= std::uint64_t{(*block)[i]} << (8 * i);
    }
    return static_cast<std::int64_t>(bits);
}

/// As constant(), but without extending the sign of DW_FORM_data1 and friends.
std::optional<std::uint64_t> unsigned_constant(const std::optional<llvm::DWARFFormValue>& value) {
    if (value) {
        if (const auto number = value->getAsUnsignedConstant()) {
            return number;
        }
    }
    const auto number = constant(value);
    return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

/// DW_AT_data_member_location: a constant, or DW_OP_plus_uconst N in old DWARF.
std::optional<std::uint64_t> member_offset(const llvm::DWARFDie& die) {
    const auto value = die.find(dw::DW_AT_data_member_location);
    if (!value) {
        return std::nullopt;
    }
    if (const auto number = value->getAsUnsignedConstant()) {
        return number;
    }
    const auto block = value->getAsBlock();
    if (!block || block->size() < 2 || block->front() != dw::DW_OP_plus_uconst) {
        return std::nullopt;
    }
    std::uint64_t offset = 0;
    for (std::size_t i = 1; i < block->size() && i < 10; ++i) {
        offset |= std::uint64_t{(*block)[i] & 0x7FU} << (7 * (i - 1));
    }
    return offset;
}

} // namespace

llvm::DWARFDie TypeReader::definition_of(const llvm::DWARFDie& die) {
    if (!die.find(dw::DW_AT_declaration)) {
        return die;
    }
    const std::string name = name_of(die);
    const std::string qualified = qualified_name_of(data_, die);
    for (const llvm::DWARFDie& candidate : names_.find(NameKind::Type, without_template(name))) {
        if (candidate.getTag() != dw::DW_TAG_typedef && name_of(candidate) == name &&
            qualified_name_of(data_, candidate) == qualified) {
            return candidate;
        }
    }
    return die;
}

Result<TypePointer> TypeReader::type(TypeId id) {
    if (!id) {
        static const TypePointer none = std::make_shared<const Type>(
            Type{.id = {}, .kind = TypeKind::Void, .name = "void", .base_name = "void"});
        return none;
    }
    const auto found = types_.find(id.value);
    if (found != types_.end()) {
        return found->second;
    }
    const llvm::DWARFDie die = data_.die_of(id);
    if (!die.isValid()) {
        return data_.damaged("a reference to a type that does not exist");
    }
    Type type = read(definition_of(die));
    type.id = id;
    return types_.emplace(id.value, std::make_shared<const Type>(std::move(type))).first->second;
}

Type TypeReader::read(const llvm::DWARFDie& die) {
    Type type;
    const dw::Tag tag = die.getTag();
    type.kind = tag == dw::DW_TAG_subprogram ? TypeKind::Function
                                             : kind_of(tag).value_or(TypeKind::Unknown);
    type.base_name = name_of(die);
    type.name = type_name(die);
    type.language = language_of(die);
    type.size = size_of(die, 0);
    type.is_declaration = die.find(dw::DW_AT_declaration).has_value();
    type.is_enum_class = die.find(dw::DW_AT_enum_class).has_value();
    type.target = data_.id_of(data_.reference(die, dw::DW_AT_type));
    type.container = data_.id_of(data_.reference(die, dw::DW_AT_containing_type));
    if (const auto encoding = dw::toUnsigned(die.find(dw::DW_AT_encoding))) {
        type.encoding = encoding_of(*encoding);
    }
    if (type.kind == TypeKind::Pointer && type.language == SourceLanguage::Rust &&
        !type.base_name.empty()) {
        type.name = type.base_name;
    }
    type.has_vtable = has_vtable(die, 0);
    read_children(die, type);
    std::vector<Member> ordered; // bases first
    for (const bool bases : {true, false}) {
        for (Member& member : type.members) {
            if (member.is_base == bases) {
                ordered.push_back(std::move(member));
            }
        }
    }
    type.members = std::move(ordered);
    return type;
}

void TypeReader::read_children(const llvm::DWARFDie& die, Type& type) {
    std::size_t count = 0;
    for (const llvm::DWARFDie& child : die.children()) {
        if (!child.isValid() || child.isNULL() || ++count > max_children) {
            break;
        }
        read_child(child, type);
    }
}

void TypeReader::read_child(const llvm::DWARFDie& child, Type& type) {
    switch (child.getTag()) {
    case dw::DW_TAG_member:
    case dw::DW_TAG_inheritance:
        type.members.push_back(read_member(child));
        break;
    case dw::DW_TAG_variable: { // DWARF 5: static members
        Member member = read_member(child);
        member.is_static = true;
        if (!member.name.starts_with("_vtable$")) {
            type.members.push_back(std::move(member));
        }
        break;
    }
    case dw::DW_TAG_variant_part:
        read_variant_part(child, type);
        break;
    case dw::DW_TAG_enumerator:
        type.enumerators.push_back(
            {.name = name_of(child),
             .value = constant(child.find(dw::DW_AT_const_value)).value_or(0)});
        break;
    case dw::DW_TAG_subrange_type:
        read_dimension(child, type);
        break;
    case dw::DW_TAG_formal_parameter:
        type.parameters.push_back(data_.id_of(data_.reference(child, dw::DW_AT_type)));
        break;
    case dw::DW_TAG_template_type_parameter:
    case dw::DW_TAG_template_value_parameter:
        read_template_argument(child, type);
        break;
    case dw::DW_TAG_GNU_template_parameter_pack:
        for (const llvm::DWARFDie& argument : child.children()) {
            if (argument.isValid() && !argument.isNULL() && type.template_arguments.size() < 1000) {
                read_template_argument(argument, type);
            }
        }
        break;
    default:
        break;
    }
}

void TypeReader::read_template_argument(const llvm::DWARFDie& die, Type& type) {
    type.template_arguments.push_back({.name = name_of(die),
                                       .type = data_.id_of(data_.reference(die, dw::DW_AT_type)),
                                       .value = constant(die.find(dw::DW_AT_const_value))});
}

Member TypeReader::read_member(const llvm::DWARFDie& die) {
    Member member;
    member.name = name_of(die);
    member.entry = data_.id_of(die);
    member.type = data_.id_of(data_.reference(die, dw::DW_AT_type));
    member.offset = member_offset(die).value_or(0);
    member.is_base = die.getTag() == dw::DW_TAG_inheritance;
    member.is_virtual = die.find(dw::DW_AT_virtuality).has_value() && member.is_base;
    member.is_artificial = die.find(dw::DW_AT_artificial).has_value();
    member.is_static = die.find(dw::DW_AT_external).has_value() && !member.is_base &&
                       !die.find(dw::DW_AT_data_member_location);
    if (member.is_base) {
        member.name = type_name(data_.reference(die, dw::DW_AT_type));
    }
    read_bit_field(die, member);
    return member;
}

/// DW_AT_data_bit_offset counts from the object's start; the older DW_AT_bit_offset counts from
/// the most significant bit of the storage unit (DWARF 4 §5.5.6).
void TypeReader::read_bit_field(const llvm::DWARFDie& die, Member& member) {
    const auto bit_size = dw::toUnsigned(die.find(dw::DW_AT_bit_size));
    if (!bit_size || *bit_size == 0 || *bit_size > 128) {
        return;
    }
    member.bit_size = static_cast<std::uint32_t>(*bit_size);
    if (const auto offset = dw::toUnsigned(die.find(dw::DW_AT_data_bit_offset))) {
        member.offset = *offset / 8;
        member.bit_offset = static_cast<std::uint32_t>(*offset % 8);
        return;
    }
    const auto from_top = dw::toUnsigned(die.find(dw::DW_AT_bit_offset));
    if (!from_top) {
        return;
    }
    auto storage = dw::toUnsigned(die.find(dw::DW_AT_byte_size));
    if (!storage) {
        storage = size_of(data_.reference(die, dw::DW_AT_type), 0);
    }
    const std::uint64_t bits = storage.value_or(4) * 8;
    if (bits > 128 || *from_top + *bit_size > bits) {
        return;
    }
    const std::uint64_t low = bits - *from_top - *bit_size;
    member.offset += low / 8;
    member.bit_offset = static_cast<std::uint32_t>(low % 8);
}

void TypeReader::read_variant_part(const llvm::DWARFDie& die, Type& type) {
    VariantPart part;
    const llvm::DWARFDie discriminant = data_.reference(die, dw::DW_AT_discr);
    if (discriminant.isValid()) {
        part.discriminant = read_member(discriminant);
    }
    for (const llvm::DWARFDie& variant : die.children()) {
        if (!variant.isValid() || variant.getTag() != dw::DW_TAG_variant) {
            continue;
        }
        Variant alternative;
        alternative.discriminant = unsigned_constant(variant.find(dw::DW_AT_discr_value));
        for (const llvm::DWARFDie& child : variant.children()) {
            if (child.isValid() && child.getTag() == dw::DW_TAG_member) {
                alternative.member = read_member(child);
            }
        }
        part.variants.push_back(std::move(alternative));
    }
    type.variant_part = std::move(part);
}

void TypeReader::read_dimension(const llvm::DWARFDie& die, Type& type) {
    Dimension dimension;
    dimension.lower = constant(die.find(dw::DW_AT_lower_bound)).value_or(0);
    dimension.count = dw::toUnsigned(die.find(dw::DW_AT_count));
    const auto upper = constant(die.find(dw::DW_AT_upper_bound));
    if (!dimension.count && upper) {
        const std::int64_t size = *upper - dimension.lower + 1;
        dimension.count = static_cast<std::uint64_t>(std::max<std::int64_t>(size, 0));
    }
    if (dimension.count > UINT32_MAX) {
        dimension.count = std::nullopt; // no such array fits into a memory
    }
    type.dimensions.push_back(dimension);
}

std::optional<std::uint64_t> TypeReader::array_size(const llvm::DWARFDie& die, unsigned depth) {
    auto size = size_of(data_.reference(die, dw::DW_AT_type), depth + 1);
    Type dimensions;
    for (const llvm::DWARFDie& child : die.children()) {
        if (child.isValid() && child.getTag() == dw::DW_TAG_subrange_type) {
            read_dimension(child, dimensions);
        }
    }
    for (const Dimension& dimension : dimensions.dimensions) {
        if (!size || !dimension.count || (*dimension.count != 0 && *size > UINT32_MAX)) {
            return std::nullopt;
        }
        size = *size * *dimension.count;
    }
    return size;
}

std::optional<std::uint64_t> TypeReader::size_of(const llvm::DWARFDie& die, unsigned depth) {
    if (!die.isValid() || depth > max_type_depth) {
        return std::nullopt;
    }
    if (const auto size = dw::toUnsigned(die.find(dw::DW_AT_byte_size))) {
        return size;
    }
    switch (die.getTag()) {
    case dw::DW_TAG_pointer_type:
    case dw::DW_TAG_reference_type:
    case dw::DW_TAG_rvalue_reference_type:
        return die.getDwarfUnit()->getAddressByteSize();
    case dw::DW_TAG_ptr_to_member_type: {
        const llvm::DWARFDie target = data_.reference(die, dw::DW_AT_type);
        const bool function = target.isValid() && target.getTag() == dw::DW_TAG_subroutine_type;
        return die.getDwarfUnit()->getAddressByteSize() * (function ? 2U : 1U);
    }
    case dw::DW_TAG_array_type:
        return array_size(die, depth);
    case dw::DW_TAG_structure_type:
    case dw::DW_TAG_class_type:
    case dw::DW_TAG_union_type: {
        const llvm::DWARFDie definition = definition_of(die);
        return definition == die ? std::nullopt : size_of(definition, depth + 1);
    }
    case dw::DW_TAG_subroutine_type:
        return std::nullopt;
    default:
        return size_of(data_.reference(die, dw::DW_AT_type), depth + 1);
    }
}

bool TypeReader::has_vtable(const llvm::DWARFDie& die, unsigned depth) {
    budget_ = depth == 0 ? max_web : budget_;
    if (!die.isValid() || depth > 8 || budget_ == 0 ||
        (die.getTag() != dw::DW_TAG_structure_type && die.getTag() != dw::DW_TAG_class_type)) {
        return false;
    }
    --budget_;
    for (const llvm::DWARFDie& child : die.children()) {
        if (!child.isValid()) {
            break;
        }
        if (child.getTag() == dw::DW_TAG_member && name_of(child).starts_with("_vptr$")) {
            return true;
        }
        if (child.getTag() == dw::DW_TAG_inheritance &&
            has_vtable(definition_of(data_.reference(child, dw::DW_AT_type)), depth + 1)) {
            return true;
        }
    }
    return false;
}

std::optional<TypeId> TypeReader::find(std::string_view name) {
    const auto candidates = names_.find(NameKind::Type, last_component(name));
    std::optional<TypeId> found;
    for (const llvm::DWARFDie& candidate : candidates) {
        const std::string qualified = qualified_name_of(data_, candidate);
        const std::string own = name_of(candidate);
        if (qualified == name || own == name || ends_with_component(qualified, name)) {
            const TypeId id = data_.id_of(candidate);
            if (qualified == name) {
                return id;
            }
            found = found ? found : std::optional(id);
        }
    }
    return found;
}

} // namespace wdbg::dwarf
