// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The sizes of DWARF's forms (DWARF 5 §7.5.5).
#include "raw_entries.h"

#include <array>
#include <cstddef>

namespace wdbg::dwarf {

namespace dw = llvm::dwarf;

namespace {

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

} // namespace

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

} // namespace wdbg::dwarf
