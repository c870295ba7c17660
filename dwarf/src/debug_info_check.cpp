// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_info_check.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/Support/DataExtractor.h>
#include <llvm/Support/Error.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace wdbg::dwarf {

namespace {

using llvm::DataExtractor;
using Cursor = llvm::DataExtractor::Cursor;
namespace dw = llvm::dwarf;

/// How the size of an attribute's value is found (§7.5.5, §7.5.6).
enum class FormSize : std::uint8_t {
    Unknown,
    Fixed,            ///< `bytes` of them
    Address,          ///< of the unit
    Offset,           ///< 4 or 8, by the unit's format
    ReferenceAddress, ///< an address in DWARF 2, else an offset
    Leb,
    SignedLeb,
    String,   ///< up to its NUL
    Block,    ///< length in `bytes` bytes, 0: LEB
    Indirect, ///< its form comes first
};

struct FormRow {
    FormSize size = FormSize::Unknown;
    std::uint8_t bytes = 0;
};

constexpr std::size_t form_count = 0x30;

constexpr std::array<FormRow, form_count> make_form_table() {
    std::array<FormRow, form_count> table{};
    table[dw::DW_FORM_addr] = {FormSize::Address, 0};
    table[dw::DW_FORM_block1] = {FormSize::Block, 1};
    table[dw::DW_FORM_block2] = {FormSize::Block, 2};
    table[dw::DW_FORM_block4] = {FormSize::Block, 4};
    for (const auto form : {dw::DW_FORM_block, dw::DW_FORM_exprloc}) {
        table[form] = {FormSize::Block, 0};
    }
    for (const auto form : {dw::DW_FORM_flag_present, dw::DW_FORM_implicit_const}) {
        table[form] = {FormSize::Fixed, 0};
    }
    for (const auto form : {dw::DW_FORM_data1, dw::DW_FORM_ref1, dw::DW_FORM_flag,
                            dw::DW_FORM_strx1, dw::DW_FORM_addrx1}) {
        table[form] = {FormSize::Fixed, 1};
    }
    for (const auto form :
         {dw::DW_FORM_data2, dw::DW_FORM_ref2, dw::DW_FORM_strx2, dw::DW_FORM_addrx2}) {
        table[form] = {FormSize::Fixed, 2};
    }
    for (const auto form : {dw::DW_FORM_strx3, dw::DW_FORM_addrx3}) {
        table[form] = {FormSize::Fixed, 3};
    }
    for (const auto form : {dw::DW_FORM_data4, dw::DW_FORM_ref4, dw::DW_FORM_ref_sup4,
                            dw::DW_FORM_strx4, dw::DW_FORM_addrx4}) {
        table[form] = {FormSize::Fixed, 4};
    }
    for (const auto form :
         {dw::DW_FORM_data8, dw::DW_FORM_ref8, dw::DW_FORM_ref_sig8, dw::DW_FORM_ref_sup8}) {
        table[form] = {FormSize::Fixed, 8};
    }
    table[dw::DW_FORM_data16] = {FormSize::Fixed, 16};
    for (const auto form :
         {dw::DW_FORM_strp, dw::DW_FORM_sec_offset, dw::DW_FORM_line_strp, dw::DW_FORM_strp_sup}) {
        table[form] = {FormSize::Offset, 0};
    }
    table[dw::DW_FORM_ref_addr] = {FormSize::ReferenceAddress, 0};
    for (const auto form : {dw::DW_FORM_udata, dw::DW_FORM_ref_udata, dw::DW_FORM_strx,
                            dw::DW_FORM_addrx, dw::DW_FORM_loclistx, dw::DW_FORM_rnglistx}) {
        table[form] = {FormSize::Leb, 0};
    }
    table[dw::DW_FORM_sdata] = {FormSize::SignedLeb, 0};
    table[dw::DW_FORM_string] = {FormSize::String, 0};
    table[dw::DW_FORM_indirect] = {FormSize::Indirect, 0};
    return table;
}

constexpr std::array<FormRow, form_count> form_table = make_form_table();

/// §7.5.3: one entry of .debug_abbrev, as far as sizes need it.
struct Abbreviation {
    std::uint64_t code = 0;
    bool has_children = false;
    std::vector<FormRow> forms;
};

/// Ordered by code; in practice code n is element n - 1.
using AbbreviationTable = std::vector<Abbreviation>;

struct Unit {
    std::uint16_t version = 0;
    std::uint8_t address_size = 0;
    std::uint8_t offset_size = 4;
    const AbbreviationTable* abbreviations = nullptr;
};

class DebugInfoCheck {
  public:
    DebugInfoCheck(llvm::StringRef info, llvm::StringRef abbreviations)
        : info_(info)
        , abbreviations_(abbreviations) {}

    [[nodiscard]] bool run() {
        while (problem_ == nullptr && position_ < info_.size()) {
            check_unit();
        }
        return problem_ == nullptr;
    }

    [[nodiscard]] std::string problem() const {
        return std::string(problem_) + " in the unit at .debug_info offset " +
               std::to_string(unit_begin_);
    }

  private:
    /// What all tables may have together: tables of different units can share bytes.
    static constexpr std::size_t max_abbreviations = 4'000'000;

    void check_unit();
    void read_header(const DataExtractor& data, Cursor& cursor, Unit& unit);
    void check_entries(const DataExtractor& data, Cursor& cursor, const Unit& unit);
    void skip_value(const DataExtractor& data, Cursor& cursor, const Unit& unit, FormRow form);
    const AbbreviationTable* table_at(std::uint64_t offset);
    bool read_abbreviation(const DataExtractor& data, Cursor& cursor, AbbreviationTable& table);

    void fail_with(const char* problem) {
        if (problem_ == nullptr) {
            problem_ = problem;
        }
    }

    /// Must be asked for every cursor before it dies: LLVM wants its errors to be looked at.
    void take_error(Cursor& cursor) {
        if (llvm::Error error = cursor.takeError()) {
            llvm::consumeError(std::move(error));
            fail_with("unexpected end");
        }
    }

    llvm::StringRef info_;
    llvm::StringRef abbreviations_;
    std::map<std::uint64_t, AbbreviationTable> tables_; ///< by offset in .debug_abbrev
    std::size_t abbreviation_count_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t unit_begin_ = 0;
    const char* problem_ = nullptr;
};

FormRow row_of_form(std::uint64_t form) {
    switch (form) { // vendor extensions lie far above the table
    case dw::DW_FORM_GNU_addr_index:
    case dw::DW_FORM_GNU_str_index:
        return {FormSize::Leb, 0};
    case dw::DW_FORM_GNU_ref_alt:
    case dw::DW_FORM_GNU_strp_alt:
        return {FormSize::Offset, 0};
    default:
        return form < form_count ? form_table[form] : FormRow{};
    }
}

void DebugInfoCheck::check_unit() {
    constexpr std::uint64_t dwarf64 = 0xFFFFFFFF;
    unit_begin_ = position_;
    const DataExtractor whole(info_, true, 4);
    Cursor start(position_);
    Unit unit;
    std::uint64_t length = whole.getU32(start);
    if (length == dwarf64) {
        length = whole.getU64(start);
        unit.offset_size = 8;
    }
    const std::uint64_t contents = start.tell();
    take_error(start);
    if (problem_ != nullptr || length > info_.size() - contents) {
        return fail_with("a length that reaches behind the section");
    }
    position_ = contents + length;
    const DataExtractor data(info_.take_front(position_), true, 4);
    Cursor cursor(contents);
    read_header(data, cursor, unit);
    if (cursor && problem_ == nullptr) {
        check_entries(data, cursor, unit);
    }
    take_error(cursor);
}

void DebugInfoCheck::read_header(const DataExtractor& data, Cursor& cursor, Unit& unit) {
    unit.version = data.getU16(cursor);
    if (cursor && (unit.version < 2 || unit.version > 5)) {
        return fail_with("an unknown version");
    }
    std::uint64_t table = 0;
    if (unit.version >= 5) {
        const std::uint8_t type = data.getU8(cursor);
        unit.address_size = data.getU8(cursor);
        table = data.getUnsigned(cursor, unit.offset_size);
        if (type == dw::DW_UT_skeleton || type == dw::DW_UT_split_compile) {
            data.skip(cursor, 8);
        } else if (type == dw::DW_UT_type || type == dw::DW_UT_split_type) {
            data.skip(cursor, std::uint64_t{8} + unit.offset_size);
        }
    } else {
        table = data.getUnsigned(cursor, unit.offset_size);
        unit.address_size = data.getU8(cursor);
    }
    if (cursor && unit.address_size != 4 && unit.address_size != 8) {
        return fail_with("an unknown size of addresses");
    }
    if (cursor) {
        unit.abbreviations = table_at(table);
    }
}

const AbbreviationTable* DebugInfoCheck::table_at(std::uint64_t offset) {
    const auto [found, is_new] = tables_.try_emplace(offset);
    AbbreviationTable& table = found->second;
    if (!is_new) {
        return &table;
    }
    if (offset > abbreviations_.size()) {
        fail_with("abbreviations behind their section");
        return &table;
    }
    const DataExtractor data(abbreviations_, true, 4);
    Cursor cursor(offset);
    while (problem_ == nullptr && read_abbreviation(data, cursor, table)) {
    }
    take_error(cursor);
    std::ranges::sort(table, {}, &Abbreviation::code);
    if (std::ranges::adjacent_find(table, {}, &Abbreviation::code) != table.end()) {
        fail_with("two abbreviations with one code");
    }
    return &table;
}

bool DebugInfoCheck::read_abbreviation(const DataExtractor& data, Cursor& cursor,
                                       AbbreviationTable& table) {
    Abbreviation entry{.code = data.getULEB128(cursor), .has_children = false, .forms = {}};
    if (!cursor || entry.code == 0) {
        return false;
    }
    data.getULEB128(cursor); // tag
    entry.has_children = data.getU8(cursor) != dw::DW_CHILDREN_no;
    while (cursor) {
        const std::uint64_t attribute = data.getULEB128(cursor);
        const std::uint64_t form = data.getULEB128(cursor);
        if (form == dw::DW_FORM_implicit_const) {
            data.getSLEB128(cursor);
        }
        if (!cursor || (attribute == 0 && form == 0)) {
            break;
        }
        entry.forms.push_back(row_of_form(form));
        if (attribute == 0 || entry.forms.back().size == FormSize::Unknown ||
            ++abbreviation_count_ > max_abbreviations) {
            fail_with("an unknown form");
            return false;
        }
    }
    table.push_back(std::move(entry));
    return static_cast<bool>(cursor) && ++abbreviation_count_ <= max_abbreviations;
}

const Abbreviation* find_abbreviation(const AbbreviationTable& table, std::uint64_t code) {
    if (code <= table.size() && table[code - 1].code == code) {
        return &table[code - 1];
    }
    const auto found = std::ranges::lower_bound(table, code, {}, &Abbreviation::code);
    return found != table.end() && found->code == code ? &*found : nullptr;
}

void DebugInfoCheck::check_entries(const DataExtractor& data, Cursor& cursor, const Unit& unit) {
    std::uint64_t open_lists = 0;
    while (cursor && problem_ == nullptr && cursor.tell() < data.size()) {
        const std::uint64_t code = data.getULEB128(cursor);
        if (!cursor || code == 0) { // the end of a list of children, or padding
            open_lists -= open_lists > 0 ? 1 : 0;
            continue;
        }
        const Abbreviation* entry = find_abbreviation(*unit.abbreviations, code);
        if (entry == nullptr) {
            return fail_with("an entry without abbreviation");
        }
        open_lists += entry->has_children ? 1 : 0;
        for (const FormRow form : entry->forms) {
            skip_value(data, cursor, unit, form);
        }
    }
    if (cursor && open_lists != 0) {
        fail_with("a list of children without an end");
    }
}

void DebugInfoCheck::skip_value(const DataExtractor& data, Cursor& cursor, const Unit& unit,
                                FormRow form) {
    while (form.size == FormSize::Indirect && cursor) {
        form = row_of_form(data.getULEB128(cursor));
    }
    switch (form.size) {
    case FormSize::Fixed:
        return data.skip(cursor, form.bytes);
    case FormSize::Address:
        return data.skip(cursor, unit.address_size);
    case FormSize::Offset:
        return data.skip(cursor, unit.offset_size);
    case FormSize::ReferenceAddress:
        return data.skip(cursor, unit.version == 2 ? unit.address_size : unit.offset_size);
    case FormSize::Leb:
        data.getULEB128(cursor);
        return;
    case FormSize::SignedLeb:
        data.getSLEB128(cursor);
        return;
    case FormSize::String:
        data.getCStrRef(cursor);
        return;
    case FormSize::Block:
        return data.skip(cursor, form.bytes == 0 ? data.getULEB128(cursor)
                                                 : data.getUnsigned(cursor, form.bytes));
    default:
        fail_with("an unknown form");
    }
}

} // namespace

Result<void> check_debug_info(llvm::StringRef info, llvm::StringRef abbreviations) {
    DebugInfoCheck check(info, abbreviations);
    if (!check.run()) {
        return fail(ErrorCode::Malformed, check.problem());
    }
    return {};
}

} // namespace wdbg::dwarf
