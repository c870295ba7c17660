// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_data.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace wdbg::dwarf {

enum class NameKind : std::uint8_t { Function, InlinedCopy, Global, Type, Enumerator };

/// All functions with code, globals with a place and type definitions by their last name
/// component. Made when first asked, by one walk over all entries.
class NameIndex {
  public:
    explicit NameIndex(DebugData& data) : data_(data) {}

    /// Entries whose last component (without template arguments) or linkage name is `name`; to be
    /// compared by the caller: different names may come as well.
    [[nodiscard]] std::vector<llvm::DWARFDie> find(NameKind kind, std::string_view name);
    /// The global with a fixed address at which it begins.
    [[nodiscard]] llvm::DWARFDie global_at(std::uint64_t address);
    /// All functions with code.
    [[nodiscard]] const std::vector<CodeRange>& functions();

  private:
    struct Row {
        std::uint64_t hash = 0;
        EntryId entry;
        NameKind kind = NameKind::Function;
    };

    void build();
    void add_unit(llvm::DWARFUnit& unit);
    void add_entry(const llvm::DWARFDie& die);
    void add_names(NameKind kind, const llvm::DWARFDie& die);
    void add_name(NameKind kind, std::string_view name, EntryId entry);
    void add_linkage_name(NameKind kind, std::string_view linkage, std::string_view name,
                          EntryId entry);
    void add_global_address(std::uint64_t address, EntryId entry);

    friend class RawNames;
    void add_global(const llvm::DWARFDie& die);

    DebugData& data_;
    bool built_ = false;
    std::vector<Row> rows_; ///< ordered by hash
    std::map<std::uint64_t, EntryId> globals_;
    std::vector<CodeRange> functions_;
};

/// The address of a variable that has one address for the whole run (DW_OP_addr, DW_OP_addrx).
[[nodiscard]] std::optional<std::uint64_t> fixed_address(const llvm::DWARFDie& die);
/// Of a location expression in `owner`.
[[nodiscard]] std::optional<std::uint64_t> fixed_address(llvm::DWARFUnit& owner,
                                                         llvm::ArrayRef<std::uint8_t> location);

/// Of the entries that are found as types.
[[nodiscard]] bool is_type_tag(llvm::dwarf::Tag tag);
[[nodiscard]] bool has_linkage_name(NameKind kind);

} // namespace wdbg::dwarf
