// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "raw_names.h"

#include <algorithm>
#include <initializer_list>

namespace wdbg::dwarf {

namespace dw = llvm::dwarf;

namespace {

/// A string that ends in a section; empty beyond its end.
std::string_view string_at(llvm::StringRef section, std::uint64_t offset) {
    if (offset >= section.size()) {
        return {};
    }
    const llvm::StringRef rest = section.drop_front(offset);
    const std::size_t end = rest.find('\0');
    return end == llvm::StringRef::npos ? std::string_view() : std::string_view(rest.data(), end);
}

bool is_subroutine(dw::Tag tag) {
    return tag == dw::DW_TAG_subprogram || tag == dw::DW_TAG_inlined_subroutine;
}

} // namespace

bool RawNames::add_unit(llvm::DWARFUnit& unit) {
    raw_ =
        unit.isDWOUnit() ? nullptr : data_.raw().unit_at(unit.getOffset() + unit.getHeaderSize());
    if (raw_ == nullptr || raw_->begin != unit.getOffset()) {
        return false;
    }
    unit_ = &unit;
    std::vector<Tag> parents; // by depth
    data_.raw().walk(*raw_, [&](const RawEntry& entry, unsigned depth) {
        const Tag tag = entry.abbreviation->tag;
        parents.resize(depth);
        add_entry(entry, parents.empty() ? dw::DW_TAG_null : parents.back());
        parents.push_back(tag);
    });
    return true;
}

bool RawNames::has(const RawEntry& entry, Attribute name) const {
    return std::ranges::find(entry.abbreviation->attributes, static_cast<std::uint16_t>(name),
                             &Abbreviation::Attribute::name) !=
           entry.abbreviation->attributes.end();
}

/// As NameIndex::add_entry().
void RawNames::add_entry(const RawEntry& entry, Tag parent) {
    const Tag tag = entry.abbreviation->tag;
    if (tag == dw::DW_TAG_subprogram) {
        add_function(entry);
    } else if (tag == dw::DW_TAG_inlined_subroutine) {
        if (has(entry, dw::DW_AT_low_pc) || has(entry, dw::DW_AT_ranges)) {
            add_names(NameKind::InlinedCopy, entry);
        }
    } else if (tag == dw::DW_TAG_variable) {
        add_variable(entry, parent);
    } else if (tag == dw::DW_TAG_enumerator) {
        add_names(NameKind::Enumerator, entry);
    } else if (is_type_tag(tag) && !has(entry, dw::DW_AT_declaration)) {
        add_names(NameKind::Type, entry);
    }
}

void RawNames::add_by_llvm(const RawEntry& entry) {
    const llvm::DWARFDie die = unit_->getDIEForOffset(entry.offset);
    if (die.isValid()) {
        index_.add_entry(die);
    }
}

void RawNames::add_function(const RawEntry& entry) {
    if (has(entry, dw::DW_AT_ranges)) {
        return add_by_llvm(entry);
    }
    const auto low_value = find(entry, dw::DW_AT_low_pc);
    const auto high_value = find(entry, dw::DW_AT_high_pc);
    if (!low_value || !high_value) {
        return;
    }
    const auto low = address(*low_value);
    const bool is_address = address(*high_value).has_value();
    if (!low) {
        return add_by_llvm(entry);
    }
    const std::uint64_t high =
        is_address ? *address(*high_value) : *low + number_of(*high_value); // §2.17.2
    if (const auto range = data_.to_code(*low, high)) {
        index_.functions_.push_back(*range);
        add_names(NameKind::Function, entry);
    }
}

/// As NameIndex::add_global().
void RawNames::add_variable(const RawEntry& entry, Tag parent) {
    const auto location = find(entry, dw::DW_AT_location);
    if (!location && !has(entry, dw::DW_AT_const_value)) {
        return;
    }
    std::optional<std::uint64_t> fixed;
    if (location) {
        const bool is_block = row_of_form(location->form).size == FormSize::Block;
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(location->bytes.data());
        fixed = is_block ? fixed_address(*unit_, {bytes, location->bytes.size()}) : std::nullopt;
        if (!fixed && (parent == dw::DW_TAG_null || is_subroutine(parent) ||
                       parent == dw::DW_TAG_lexical_block)) {
            return;
        }
    }
    if (fixed) {
        index_.add_global_address(*fixed, data_.id_of(*unit_, entry.offset));
    }
    add_names(NameKind::Global, entry);
}

void RawNames::add_names(NameKind kind, const RawEntry& entry) {
    const EntryId id = data_.id_of(*unit_, entry.offset);
    const std::string_view own = name(entry, {dw::DW_AT_name});
    index_.add_name(kind, own, id);
    if (has_linkage_name(kind)) {
        index_.add_linkage_name(
            kind, name(entry, {dw::DW_AT_MIPS_linkage_name, dw::DW_AT_linkage_name}), own, id);
    }
}

/// nullopt for what is no address.
std::optional<std::uint64_t> RawNames::address(const RawValue& value) const {
    switch (value.form) {
    case dw::DW_FORM_addr:
        return number_of(value);
    case dw::DW_FORM_addrx:
    case dw::DW_FORM_addrx1:
    case dw::DW_FORM_addrx2:
    case dw::DW_FORM_addrx3:
    case dw::DW_FORM_addrx4:
    case dw::DW_FORM_GNU_addr_index: {
        const std::uint64_t index = number_of(value);
        const auto item = index <= UINT32_MAX
                              ? unit_->getAddrOffsetSectionItem(static_cast<std::uint32_t>(index))
                              : std::nullopt;
        return item ? std::optional(item->Address) : std::nullopt;
    }
    default:
        return std::nullopt;
    }
}

std::string_view RawNames::text(llvm::DWARFUnit& unit, const RawValue& value) const {
    switch (value.form) {
    case dw::DW_FORM_string:
        return value.bytes;
    case dw::DW_FORM_strp:
        return string_at(data_.section("debug_str"), number_of(value));
    case dw::DW_FORM_line_strp:
        return string_at(data_.section("debug_line_str"), number_of(value));
    case dw::DW_FORM_strx:
    case dw::DW_FORM_strx1:
    case dw::DW_FORM_strx2:
    case dw::DW_FORM_strx3:
    case dw::DW_FORM_strx4:
    case dw::DW_FORM_GNU_str_index: {
        const std::uint64_t index = number_of(value);
        auto offset = unit.getStringOffsetSectionItem(static_cast<std::uint32_t>(index));
        if (index > UINT32_MAX || !offset) {
            llvm::consumeError(offset.takeError());
            return {};
        }
        return string_at(data_.section("debug_str"), *offset);
    }
    default:
        return {};
    }
}

std::optional<RawValue> RawNames::first_of(const RawUnit& unit, const RawEntry& entry,
                                           std::initializer_list<Attribute> names) const {
    for (const Attribute name : names) {
        if (auto value = data_.raw().find(unit, entry, name)) {
            return value;
        }
    }
    return std::nullopt;
}

/// Through specifications and abstract origins, also those in other units.
std::string_view RawNames::name(const RawEntry& entry,
                                std::initializer_list<Attribute> names) const {
    const RawEntries& raw = data_.raw();
    const RawUnit* unit = raw_;
    RawEntry at = entry;
    for (unsigned i = 0; i < max_nesting; ++i) {
        if (const auto value = first_of(*unit, at, names)) {
            llvm::DWARFUnit* const owner =
                unit == raw_ ? unit_ : data_.context().getUnitForOffset(at.offset);
            return owner != nullptr ? text(*owner, *value) : std::string_view();
        }
        auto origin = raw.find(*unit, at, dw::DW_AT_abstract_origin);
        origin = origin ? origin : raw.find(*unit, at, dw::DW_AT_specification);
        const auto offset = origin ? RawEntries::reference(*unit, *origin) : std::nullopt;
        unit = offset ? raw.unit_at(*offset) : nullptr;
        const auto next = unit != nullptr ? raw.entry_at(*unit, *offset) : std::nullopt;
        if (!next) {
            return {};
        }
        at = *next;
    }
    return {};
}

} // namespace wdbg::dwarf
