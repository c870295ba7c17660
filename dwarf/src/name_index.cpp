// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "name_index.h"

#include "entry_names.h"
#include "raw_names.h"

#include <llvm/Support/DataExtractor.h>

#include <algorithm>
#include <functional>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;

std::uint64_t hash_of(std::string_view name) {
    return std::hash<std::string_view>{}(name);
}

bool has_code(const llvm::DWARFDie& die) {
    return die.find({dw::DW_AT_low_pc, dw::DW_AT_ranges}).has_value();
}

} // namespace

bool is_type_tag(dw::Tag tag) {
    switch (tag) {
    case dw::DW_TAG_structure_type:
    case dw::DW_TAG_class_type:
    case dw::DW_TAG_union_type:
    case dw::DW_TAG_enumeration_type:
    case dw::DW_TAG_typedef:
    case dw::DW_TAG_base_type:
    case dw::DW_TAG_unspecified_type:
        return true;
    default:
        return false;
    }
}

bool has_linkage_name(NameKind kind) {
    return kind != NameKind::Type && kind != NameKind::Enumerator;
}

std::optional<std::uint64_t> fixed_address(const llvm::DWARFDie& die) {
    const auto value = die.find(dw::DW_AT_location);
    const auto block = value ? value->getAsBlock() : std::nullopt;
    return block ? fixed_address(*die.getDwarfUnit(), *block) : std::nullopt;
}

std::optional<std::uint64_t> fixed_address(llvm::DWARFUnit& owner,
                                           llvm::ArrayRef<std::uint8_t> location) {
    llvm::DWARFUnit* const unit = &owner;
    const auto* const block = &location;
    if (location.empty()) {
        return std::nullopt;
    }
    const llvm::DataExtractor data(*block, true, unit->getAddressByteSize());
    llvm::DataExtractor::Cursor cursor(1);
    std::optional<std::uint64_t> address;
    if (block->front() == dw::DW_OP_addr) {
        address = data.getAddress(cursor);
    } else if (block->front() == dw::DW_OP_addrx || block->front() == dw::DW_OP_GNU_addr_index) {
        const std::uint64_t index = data.getULEB128(cursor);
        if (cursor && index <= UINT32_MAX) {
            const auto item = unit->getAddrOffsetSectionItem(static_cast<std::uint32_t>(index));
            address = item ? std::optional(item->Address) : std::nullopt;
        }
    }
    const bool is_whole = cursor && cursor.tell() == block->size();
    if (llvm::Error error = cursor.takeError()) {
        llvm::consumeError(std::move(error));
        return std::nullopt;
    }
    return is_whole ? address : std::nullopt;
}

void NameIndex::add_names(NameKind kind, const llvm::DWARFDie& die) {
    const EntryId entry = data_.id_of(die);
    const std::string name = name_of(die);
    add_name(kind, name, entry);
    if (has_linkage_name(kind)) {
        add_linkage_name(kind, linkage_name_of(die), name, entry);
    }
}

void NameIndex::add_name(NameKind kind, std::string_view name, EntryId entry) {
    if (!name.empty()) {
        rows_.push_back({hash_of(without_template(name)), entry, kind});
    }
}

void NameIndex::add_linkage_name(NameKind kind, std::string_view linkage, std::string_view name,
                                 EntryId entry) {
    if (!linkage.empty() && linkage != name) {
        rows_.push_back({hash_of(linkage), entry, kind});
    }
}

void NameIndex::add_global_address(std::uint64_t address, EntryId entry) {
    if (address != 0 && address < UINT32_MAX - 1) {
        globals_.emplace(address, entry);
    }
}

void NameIndex::add_global(const llvm::DWARFDie& die) {
    if (!die.find({dw::DW_AT_location, dw::DW_AT_const_value})) {
        return;
    }
    const auto address = fixed_address(die);
    if (die.find(dw::DW_AT_location) && !address) {
        // A local, or a location of several steps: only those outside of functions are globals.
        const llvm::DWARFDie parent = die.getParent();
        if (!parent.isValid() || parent.isSubroutineDIE() ||
            parent.getTag() == dw::DW_TAG_lexical_block) {
            return;
        }
    }
    if (address) {
        add_global_address(*address, data_.id_of(die));
    }
    add_names(NameKind::Global, die);
}

void NameIndex::add_entry(const llvm::DWARFDie& die) {
    const dw::Tag tag = die.getTag();
    if (tag == dw::DW_TAG_subprogram && has_code(die)) {
        const auto ranges = data_.ranges_of(die);
        if (!ranges.empty()) {
            functions_.push_back(ranges.front());
            add_names(NameKind::Function, die);
        }
    } else if (tag == dw::DW_TAG_inlined_subroutine && has_code(die)) {
        add_names(NameKind::InlinedCopy, die);
    } else if (tag == dw::DW_TAG_variable) {
        add_global(die);
    } else if (tag == dw::DW_TAG_enumerator) {
        add_names(NameKind::Enumerator, die);
    } else if (is_type_tag(tag) && !die.find(dw::DW_AT_declaration)) {
        add_names(NameKind::Type, die);
    }
}

void NameIndex::add_unit(llvm::DWARFUnit& unit) {
    const unsigned count = unit.getNumDIEs();
    for (unsigned i = 0; i < count; ++i) {
        const llvm::DWARFDie die = unit.getDIEAtIndex(i);
        if (die.isValid() && !die.isNULL()) {
            add_entry(die);
        }
    }
}

void NameIndex::build() {
    if (built_) {
        return;
    }
    built_ = true;
    RawNames raw(data_, *this);
    for (std::size_t i = 0; i < data_.unit_count(); ++i) {
        if (!raw.add_unit(data_.unit(i))) {
            add_unit(data_.unit(i));
        }
    }
    for (const auto& unit : data_.context().normal_units()) {
        if (unit->isTypeUnit()) {
            add_unit(*unit);
        }
    }
    std::ranges::sort(rows_, {}, [](const Row& row) { return std::pair(row.hash, row.entry); });
    std::ranges::sort(functions_);
}

std::vector<llvm::DWARFDie> NameIndex::find(NameKind kind, std::string_view name) {
    build();
    std::vector<llvm::DWARFDie> found;
    for (const Row& row : std::ranges::equal_range(rows_, hash_of(name), {}, &Row::hash)) {
        // In damaged units LLVM may see other entries than those that were walked.
        const llvm::DWARFDie die = row.kind == kind ? data_.die_of(row.entry) : llvm::DWARFDie();
        if (die.isValid()) {
            found.push_back(die);
        }
    }
    return found;
}

llvm::DWARFDie NameIndex::global_at(std::uint64_t address) {
    build();
    const auto found = globals_.find(address);
    return found == globals_.end() ? llvm::DWARFDie() : data_.die_of(found->second);
}

const std::vector<CodeRange>& NameIndex::functions() {
    build();
    return functions_;
}

} // namespace wdbg::dwarf
