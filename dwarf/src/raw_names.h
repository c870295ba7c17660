// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "name_index.h"

#include <string_view>
#include <vector>

namespace wdbg::dwarf {

/// Fills a NameIndex from a unit's bytes: as NameIndex::add_unit() does from LLVM's entries, but
/// without making these. What is rare (ranges of several parts, references out of the section) is
/// left to that one.
class RawNames {
  public:
    RawNames(DebugData& data, NameIndex& index) : data_(data), index_(index) {}

    /// False for a unit that is not in the module's own .debug_info: a .dwo's.
    [[nodiscard]] bool add_unit(llvm::DWARFUnit& unit);

  private:
    using Tag = llvm::dwarf::Tag;
    using Attribute = llvm::dwarf::Attribute;

    void add_entry(const RawEntry& entry, Tag parent);
    void add_function(const RawEntry& entry);
    void add_variable(const RawEntry& entry, Tag parent);
    void add_names(NameKind kind, const RawEntry& entry);
    void add_by_llvm(const RawEntry& entry);

    [[nodiscard]] std::optional<RawValue> find(const RawEntry& entry, Attribute name) const {
        return data_.raw().find(*raw_, entry, name);
    }

    [[nodiscard]] bool has(const RawEntry& entry, Attribute name) const;
    [[nodiscard]] std::optional<std::uint64_t> address(const RawValue& value) const;
    [[nodiscard]] std::string_view text(llvm::DWARFUnit& unit, const RawValue& value) const;
    [[nodiscard]] std::optional<RawValue> first_of(const RawUnit& unit, const RawEntry& entry,
                                                   std::initializer_list<Attribute> names) const;
    [[nodiscard]] std::string_view name(const RawEntry& entry,
                                        std::initializer_list<Attribute> names) const;

    DebugData& data_;
    NameIndex& index_;
    llvm::DWARFUnit* unit_ = nullptr;
    const RawUnit* raw_ = nullptr;
};

} // namespace wdbg::dwarf
