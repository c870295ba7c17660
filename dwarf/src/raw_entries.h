// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <llvm/ADT/StringRef.h>
#include <llvm/BinaryFormat/Dwarf.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

/// .debug_info as bytes, for what is asked of all entries: many times as fast as through LLVM's
/// objects, and without memory for each entry.
namespace wdbg::dwarf {

/// How the size of an attribute's value is found (DWARF 5 §7.5.5, §7.5.6).
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

[[nodiscard]] FormRow row_of_form(std::uint64_t form);

/// §7.5.3: one entry of .debug_abbrev.
struct Abbreviation {
    struct Attribute {
        std::uint16_t name = 0; ///< DW_AT; those that do not fit are 0xFFFF
        std::uint16_t form = 0; ///< DW_FORM
        FormRow row;
    };

    std::uint64_t code = 0;
    llvm::dwarf::Tag tag = llvm::dwarf::DW_TAG_null;
    bool has_children = false;
    std::vector<Attribute> attributes{};
    /// The size of all values, where each has a size that the unit's header tells: bytes, and how
    /// often those of an address, an offset, and a reference to an address come on top.
    bool is_fixed = true;
    std::uint32_t bytes = 0;
    std::uint32_t addresses = 0;
    std::uint32_t offsets = 0;
    std::uint32_t reference_addresses = 0;
};

/// Ordered by code; in practice code n is element n - 1.
using AbbreviationTable = std::vector<Abbreviation>;

struct RawUnit {
    std::uint64_t begin = 0;   ///< of its header, in .debug_info
    std::uint64_t entries = 0; ///< its first entry
    std::uint64_t end = 0;
    std::uint16_t version = 0;
    std::uint8_t address_size = 0;
    std::uint8_t offset_size = 4;
    const AbbreviationTable* abbreviations = nullptr;
};

/// An attribute's value where it lies.
struct RawValue {
    std::uint16_t form = 0;
    std::string_view bytes{}; ///< of a block or string: its contents
};

struct RawEntry {
    std::uint64_t offset = 0; ///< in .debug_info
    const Abbreviation* abbreviation = nullptr;
    std::uint64_t values = 0; ///< where they begin
};

class RawEntries {
  public:
    /// Walks every entry and checks that each attribute lies within its unit: LLVM skips attributes
    /// without that check, and a wrong length of a block makes it read far outside of the section.
    /// Malformed, with the offset in .debug_info, for what LLVM must not be given. Linear in the
    /// size of the sections, some seconds for a gigabyte. The sections must outlive it.
    [[nodiscard]] static Result<RawEntries> open(llvm::StringRef info,
                                                 llvm::StringRef abbreviations);

    [[nodiscard]] const std::vector<RawUnit>& units() const { return units_; }

    /// The one around an offset in .debug_info; nullptr outside of all.
    [[nodiscard]] const RawUnit* unit_at(std::uint64_t offset) const;
    /// nullopt where no entry is, or the end of a list.
    [[nodiscard]] std::optional<RawEntry> entry_at(const RawUnit& unit, std::uint64_t offset) const;
    /// Of an entry's own attributes. Forms that tell their own form are passed over.
    [[nodiscard]] std::optional<RawValue> find(const RawUnit& unit, const RawEntry& entry,
                                               llvm::dwarf::Attribute name) const;
    /// Where the entry that refers to it says: within the unit, or anywhere (DW_FORM_ref_addr).
    /// nullopt for other forms.
    [[nodiscard]] static std::optional<std::uint64_t> reference(const RawUnit& unit,
                                                                const RawValue& value);
    /// Calls `visit(entry, depth)` for each, parents before children. `depth` 0: the unit's own.
    template <class Visit>
    void walk(const RawUnit& unit, Visit visit) const;

  private:
    friend class RawReader;

    [[nodiscard]] std::optional<std::uint64_t> end_of(const RawUnit& unit,
                                                      const RawEntry& entry) const;

    llvm::StringRef info_;
    std::map<std::uint64_t, AbbreviationTable> tables_; ///< by offset in .debug_abbrev
    std::vector<RawUnit> units_;
};

/// The number that a value of 1 to 8 bytes is, or a LEB128; 0 for others.
[[nodiscard]] std::uint64_t number_of(const RawValue& value);

template <class Visit>
void RawEntries::walk(const RawUnit& unit, Visit visit) const {
    unsigned depth = 0;
    for (std::uint64_t at = unit.entries; at < unit.end;) {
        const auto entry = entry_at(unit, at);
        if (!entry) { // checked before: the end of a list, one byte
            depth -= depth > 0 ? 1 : 0;
            ++at;
            continue;
        }
        visit(*entry, depth);
        depth += entry->abbreviation->has_children ? 1 : 0;
        at = end_of(unit, *entry).value_or(unit.end);
    }
}

} // namespace wdbg::dwarf
