// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "raw_entries.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace wdbg::dwarf {

namespace dw = llvm::dwarf;

namespace {

/// Reads forward and never behind the end: then `bad`, and zeros.
struct Bytes {
    const char* at = nullptr;
    const char* end = nullptr;
    bool bad = false;

    [[nodiscard]] std::uint64_t left() const { return static_cast<std::uint64_t>(end - at); }

    void skip(std::uint64_t count) {
        bad = bad || count > left();
        at = bad ? end : at + count;
    }

    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        if (size > left()) {
            bad = true;
            at = end;
            return 0;
        }
        std::memcpy(&value, at, size); // little-endian, as wasm is
        at += size;
        return value;
    }

    std::uint64_t leb() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; at != end; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(*at++);
            value |= shift < 64 ? std::uint64_t{byte & 0x7FU} << shift : 0;
            if (byte < 0x80) {
                bad = bad || shift > 63; // LLVM takes no longer ones
                return value;
            }
        }
        bad = true;
        return 0;
    }

    std::string_view string() {
        const void* zero = left() == 0 ? nullptr : std::memchr(at, 0, left());
        if (zero == nullptr) {
            bad = true;
            at = end;
            return {};
        }
        const std::string_view text(at,
                                    static_cast<std::size_t>(static_cast<const char*>(zero) - at));
        at += text.size() + 1;
        return text;
    }
};

Bytes bytes_of(llvm::StringRef section, std::uint64_t begin, std::uint64_t end) {
    return {.at = section.data() + begin, .end = section.data() + end};
}

/// Passes over a value; false for an unknown form. Gives what a block or string holds, else all.
bool take_value(Bytes& data, const RawUnit& unit, FormRow row, std::string_view& value) {
    while (row.size == FormSize::Indirect && !data.bad) {
        row = row_of_form(data.leb());
    }
    const char* const begin = data.at;
    switch (row.size) {
    case FormSize::Fixed:
        data.skip(row.bytes);
        break;
    case FormSize::Address:
        data.skip(unit.address_size);
        break;
    case FormSize::Offset:
        data.skip(unit.offset_size);
        break;
    case FormSize::ReferenceAddress:
        data.skip(unit.version == 2 ? unit.address_size : unit.offset_size);
        break;
    case FormSize::Leb:
    case FormSize::SignedLeb:
        data.leb();
        break;
    case FormSize::String:
        value = data.string();
        return true;
    case FormSize::Block: {
        const std::uint64_t size = row.bytes == 0 ? data.leb() : data.number(row.bytes);
        const char* const contents = data.at;
        data.skip(size);
        value = data.bad ? std::string_view() : std::string_view(contents, size);
        return true;
    }
    default:
        return data.bad; // already known as such
    }
    value = std::string_view(begin, static_cast<std::size_t>(data.at - begin));
    return true;
}

const Abbreviation* find_abbreviation(const AbbreviationTable& table, std::uint64_t code) {
    if (code <= table.size() && table[code - 1].code == code) {
        return &table[code - 1];
    }
    const auto found = std::ranges::lower_bound(table, code, {}, &Abbreviation::code);
    return found != table.end() && found->code == code ? &*found : nullptr;
}

std::uint64_t fixed_size(const RawUnit& unit, const Abbreviation& entry) {
    const std::uint64_t reference = unit.version == 2 ? unit.address_size : unit.offset_size;
    return entry.bytes + std::uint64_t{entry.addresses} * unit.address_size +
           std::uint64_t{entry.offsets} * unit.offset_size + entry.reference_addresses * reference;
}

void add_size(Abbreviation& entry, FormRow row) {
    switch (row.size) {
    case FormSize::Fixed:
        entry.bytes += row.bytes;
        break;
    case FormSize::Address:
        ++entry.addresses;
        break;
    case FormSize::Offset:
        ++entry.offsets;
        break;
    case FormSize::ReferenceAddress:
        ++entry.reference_addresses;
        break;
    default:
        entry.is_fixed = false;
    }
}

} // namespace

/// Makes and checks a RawEntries.
class RawReader {
  public:
    RawReader(RawEntries& into, llvm::StringRef abbreviations)
        : into_(into)
        , abbreviations_(abbreviations) {}

    [[nodiscard]] bool run() {
        while (problem_ == nullptr && position_ < into_.info_.size()) {
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
    void read_header(Bytes& data, RawUnit& unit);
    [[nodiscard]] bool skip_entry(Bytes& data, const RawUnit& unit, const Abbreviation& entry);
    void check_entries(const RawUnit& unit);
    const AbbreviationTable* table_at(std::uint64_t offset);
    bool read_abbreviation(Bytes& data, AbbreviationTable& table);

    void fail_with(const char* problem) {
        if (problem_ == nullptr) {
            problem_ = problem;
        }
    }

    void check(const Bytes& data) {
        if (data.bad) {
            fail_with("unexpected end");
        }
    }

    RawEntries& into_;
    llvm::StringRef abbreviations_;
    std::size_t abbreviation_count_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t unit_begin_ = 0;
    const char* problem_ = nullptr;
};

void RawReader::check_unit() {
    constexpr std::uint64_t dwarf64 = 0xFFFFFFFF;
    unit_begin_ = position_;
    const llvm::StringRef info = into_.info_;
    Bytes start = bytes_of(info, position_, info.size());
    RawUnit unit{.begin = position_};
    std::uint64_t length = start.number(4);
    if (length == dwarf64) {
        length = start.number(8);
        unit.offset_size = 8;
    }
    check(start);
    if (problem_ != nullptr || length > start.left()) {
        return fail_with("a length that reaches behind the section");
    }
    const auto contents = static_cast<std::uint64_t>(start.at - info.data());
    unit.end = position_ = contents + length;
    Bytes data = bytes_of(info, contents, unit.end);
    read_header(data, unit);
    check(data);
    unit.entries = static_cast<std::uint64_t>(data.at - info.data());
    if (problem_ == nullptr) {
        check_entries(unit);
    }
    into_.units_.push_back(unit);
}

void RawReader::read_header(Bytes& data, RawUnit& unit) {
    unit.version = static_cast<std::uint16_t>(data.number(2));
    if (!data.bad && (unit.version < 2 || unit.version > 5)) {
        return fail_with("an unknown version");
    }
    std::uint64_t table = 0;
    if (unit.version >= 5) {
        const std::uint64_t type = data.number(1);
        unit.address_size = static_cast<std::uint8_t>(data.number(1));
        table = data.number(unit.offset_size);
        if (type == dw::DW_UT_skeleton || type == dw::DW_UT_split_compile) {
            data.skip(8);
        } else if (type == dw::DW_UT_type || type == dw::DW_UT_split_type) {
            data.skip(std::uint64_t{8} + unit.offset_size);
        }
    } else {
        table = data.number(unit.offset_size);
        unit.address_size = static_cast<std::uint8_t>(data.number(1));
    }
    if (!data.bad && unit.address_size != 4 && unit.address_size != 8) {
        return fail_with("an unknown size of addresses");
    }
    if (!data.bad) {
        unit.abbreviations = table_at(table);
    }
}

const AbbreviationTable* RawReader::table_at(std::uint64_t offset) {
    const auto [found, is_new] = into_.tables_.try_emplace(offset);
    AbbreviationTable& table = found->second;
    if (!is_new) {
        return &table;
    }
    if (offset > abbreviations_.size()) {
        fail_with("abbreviations behind their section");
        return &table;
    }
    Bytes data = bytes_of(abbreviations_, offset, abbreviations_.size());
    while (problem_ == nullptr && read_abbreviation(data, table)) {
    }
    check(data);
    std::ranges::sort(table, {}, &Abbreviation::code);
    if (std::ranges::adjacent_find(table, {}, &Abbreviation::code) != table.end()) {
        fail_with("two abbreviations with one code");
    }
    return &table;
}

bool RawReader::read_abbreviation(Bytes& data, AbbreviationTable& table) {
    Abbreviation entry{.code = data.leb()};
    if (data.bad || entry.code == 0) {
        return false;
    }
    entry.tag = static_cast<dw::Tag>(std::min<std::uint64_t>(data.leb(), 0xFFFF));
    entry.has_children = data.number(1) != dw::DW_CHILDREN_no;
    while (!data.bad) {
        const std::uint64_t name = data.leb();
        const std::uint64_t form = data.leb();
        if (form == dw::DW_FORM_implicit_const) {
            data.leb();
        }
        if (data.bad || (name == 0 && form == 0)) {
            break;
        }
        const FormRow row = row_of_form(form);
        if (name == 0 || row.size == FormSize::Unknown ||
            ++abbreviation_count_ > max_abbreviations) {
            fail_with("an unknown form");
            return false;
        }
        entry.attributes.push_back(
            {.name = static_cast<std::uint16_t>(std::min<std::uint64_t>(name, 0xFFFF)),
             .form = static_cast<std::uint16_t>(form),
             .row = row});
        add_size(entry, row);
    }
    table.push_back(std::move(entry));
    return !data.bad && ++abbreviation_count_ <= max_abbreviations;
}

bool RawReader::skip_entry(Bytes& data, const RawUnit& unit, const Abbreviation& entry) {
    if (entry.is_fixed) {
        data.skip(fixed_size(unit, entry));
        return true;
    }
    return std::ranges::all_of(entry.attributes, [&](const Abbreviation::Attribute& each) {
        std::string_view value;
        return take_value(data, unit, each.row, value);
    });
}

void RawReader::check_entries(const RawUnit& unit) {
    Bytes data = bytes_of(into_.info_, unit.entries, unit.end);
    std::uint64_t open_lists = 0;
    while (data.at != data.end && problem_ == nullptr) {
        const std::uint64_t code = data.leb();
        if (data.bad || code == 0) { // the end of a list of children, or padding
            open_lists -= open_lists > 0 ? 1 : 0;
            continue;
        }
        const Abbreviation* const entry = find_abbreviation(*unit.abbreviations, code);
        if (entry == nullptr) {
            return fail_with("an entry without abbreviation");
        }
        open_lists += entry->has_children ? 1 : 0;
        if (!skip_entry(data, unit, *entry)) {
            return fail_with("an unknown form");
        }
    }
    check(data);
    if (problem_ == nullptr && open_lists != 0) {
        fail_with("a list of children without an end");
    }
}

Result<RawEntries> RawEntries::open(llvm::StringRef info, llvm::StringRef abbreviations) {
    RawEntries entries;
    entries.info_ = info;
    RawReader reader(entries, abbreviations);
    if (!reader.run()) {
        return fail(ErrorCode::Malformed, reader.problem());
    }
    return entries;
}

const RawUnit* RawEntries::unit_at(std::uint64_t offset) const {
    const auto behind = std::ranges::upper_bound(units_, offset, {}, &RawUnit::begin);
    if (behind == units_.begin()) {
        return nullptr;
    }
    const RawUnit& unit = *std::prev(behind);
    return unit.entries <= offset && offset < unit.end ? &unit : nullptr;
}

std::optional<RawEntry> RawEntries::entry_at(const RawUnit& unit, std::uint64_t offset) const {
    Bytes data = bytes_of(info_, offset, unit.end);
    const std::uint64_t code = data.leb();
    const Abbreviation* const found =
        data.bad || code == 0 ? nullptr : find_abbreviation(*unit.abbreviations, code);
    if (found == nullptr) {
        return std::nullopt;
    }
    return RawEntry{.offset = offset,
                    .abbreviation = found,
                    .values = static_cast<std::uint64_t>(data.at - info_.data())};
}

std::optional<std::uint64_t> RawEntries::end_of(const RawUnit& unit, const RawEntry& entry) const {
    Bytes data = bytes_of(info_, entry.values, unit.end);
    if (entry.abbreviation->is_fixed) {
        data.skip(fixed_size(unit, *entry.abbreviation));
    } else {
        for (const Abbreviation::Attribute& each : entry.abbreviation->attributes) {
            std::string_view value;
            if (!take_value(data, unit, each.row, value)) {
                return std::nullopt;
            }
        }
    }
    return data.bad ? std::nullopt
                    : std::optional(static_cast<std::uint64_t>(data.at - info_.data()));
}

std::optional<RawValue> RawEntries::find(const RawUnit& unit, const RawEntry& entry,
                                         dw::Attribute name) const {
    const auto& attributes = entry.abbreviation->attributes;
    if (std::ranges::find(attributes, static_cast<std::uint16_t>(name),
                          &Abbreviation::Attribute::name) == attributes.end()) {
        return std::nullopt;
    }
    Bytes data = bytes_of(info_, entry.values, unit.end);
    for (const Abbreviation::Attribute& each : attributes) {
        RawValue value{.form = each.form};
        if (!take_value(data, unit, each.row, value.bytes) || data.bad) {
            return std::nullopt;
        }
        if (each.name == name && each.row.size != FormSize::Indirect) {
            return value;
        }
    }
    return std::nullopt;
}

std::uint64_t number_of(const RawValue& value) {
    Bytes data{.at = value.bytes.data(), .end = value.bytes.data() + value.bytes.size()};
    switch (row_of_form(value.form).size) {
    case FormSize::Leb:
        return data.leb();
    case FormSize::Fixed:
    case FormSize::Address:
    case FormSize::Offset:
    case FormSize::ReferenceAddress:
        return value.bytes.size() <= sizeof(std::uint64_t) ? data.number(value.bytes.size()) : 0;
    default:
        return 0;
    }
}

std::optional<std::uint64_t> RawEntries::reference(const RawUnit& unit, const RawValue& value) {
    switch (value.form) {
    case dw::DW_FORM_ref1:
    case dw::DW_FORM_ref2:
    case dw::DW_FORM_ref4:
    case dw::DW_FORM_ref8:
    case dw::DW_FORM_ref_udata:
        return unit.begin + number_of(value);
    case dw::DW_FORM_ref_addr:
        return number_of(value);
    default:
        return std::nullopt;
    }
}

} // namespace wdbg::dwarf
