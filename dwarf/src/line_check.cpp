// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "line_check.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/DebugInfo/DWARF/DWARFFormValue.h>
#include <llvm/Support/DataExtractor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;
using Cursor = llvm::DataExtractor::Cursor;

/// What compilers describe files with (§6.2.4.1).
bool is_usual(std::uint64_t form) {
    switch (form) {
    case dw::DW_FORM_string:
    case dw::DW_FORM_line_strp:
    case dw::DW_FORM_strp:
    case dw::DW_FORM_udata:
    case dw::DW_FORM_data1:
    case dw::DW_FORM_data2:
    case dw::DW_FORM_data4:
    case dw::DW_FORM_data8:
    case dw::DW_FORM_data16:
    case dw::DW_FORM_block:
        return true;
    default:
        return false;
    }
}

/// One table's header. `data` ends with the table.
class HeaderCheck {
  public:
    HeaderCheck(const llvm::DataExtractor& data, std::uint64_t contents, bool is_64)
        : data_(data)
        , cursor_(contents)
        , format_(is_64 ? dw::DWARF64 : dw::DWARF32) {}

    bool run() {
        const bool sound = check();
        llvm::consumeError(cursor_.takeError());
        return sound;
    }

  private:
    bool check() {
        constexpr std::uint16_t with_formats = 5;
        const std::uint16_t version = data_.getU16(cursor_);
        if (!cursor_ || version < with_formats) {
            return static_cast<bool>(cursor_);
        }
        data_.skip(cursor_, 2); // sizes of addresses and segment selectors
        data_.skip(cursor_, dw::getDwarfOffsetByteSize(format_)); // header_length
        data_.skip(cursor_, 5); // instruction lengths, default_is_stmt, line_base, line_range
        const std::uint8_t opcode_base = data_.getU8(cursor_);
        data_.skip(cursor_, opcode_base > 0 ? opcode_base - 1 : 0);
        return check_list() && check_list();
    }

    /// Formats and entries: of the folders, then of the files.
    bool check_list() {
        std::vector<std::uint64_t> forms(data_.getU8(cursor_));
        for (std::uint64_t& form : forms) {
            data_.getULEB128(cursor_);
            form = data_.getULEB128(cursor_);
            if (!cursor_ || !is_usual(form)) {
                return false;
            }
        }
        const std::uint64_t count = data_.getULEB128(cursor_);
        if (!cursor_ || count > data_.size() || (forms.empty() && count > 0)) {
            return false;
        }
        for (std::uint64_t entry = 0; entry < count; ++entry) {
            for (const std::uint64_t form : forms) {
                if (!skip(static_cast<dw::Form>(form))) {
                    return false;
                }
            }
        }
        return static_cast<bool>(cursor_);
    }

    bool skip(dw::Form form) {
        if (form == dw::DW_FORM_block) {
            data_.skip(cursor_, data_.getULEB128(cursor_));
        } else if (form == dw::DW_FORM_udata) {
            data_.getULEB128(cursor_);
        } else if (form == dw::DW_FORM_string) {
            data_.getCStrRef(cursor_);
        } else {
            const auto size = dw::getFixedFormByteSize(form, {5, 8, format_});
            data_.skip(cursor_, size.value_or(0));
        }
        return static_cast<bool>(cursor_);
    }

    const llvm::DataExtractor& data_;
    Cursor cursor_;
    dw::DwarfFormat format_;
};

} // namespace

Result<void> check_debug_line(llvm::StringRef section) {
    constexpr std::uint64_t dwarf64 = 0xFFFFFFFF;
    std::uint64_t at = 0;
    while (at < section.size()) {
        const llvm::DataExtractor whole(section, true, 8);
        Cursor start(at);
        std::uint64_t length = whole.getU32(start);
        const bool is_64 = length == dwarf64;
        length = is_64 ? whole.getU64(start) : length;
        const std::uint64_t contents = start.tell();
        const bool ends = static_cast<bool>(start) && length <= section.size() - contents;
        llvm::consumeError(start.takeError());
        if (ends) {
            const llvm::DataExtractor table(section.take_front(contents + length), true, 8);
            if (HeaderCheck(table, contents, is_64).run()) {
                at = contents + length;
                continue;
            }
        }
        return fail(ErrorCode::Malformed, "damaged line table at offset " + std::to_string(at));
    }
    return {};
}

} // namespace wdbg::dwarf
