// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_data.h"
#include "name_index.h"

#include <unordered_map>

namespace wdbg::dwarf {

inline constexpr unsigned max_type_depth = 64; ///< of types that stand for types
inline constexpr unsigned max_web = 2'000;     ///< entries that one look at a type may visit

/// Makes Type nodes of type entries, each once.
class TypeReader {
  public:
    TypeReader(DebugData& data, NameIndex& names) : data_(data), names_(names) {}

    [[nodiscard]] Result<TypePointer> type(TypeId id);
    [[nodiscard]] std::optional<TypeId> find(std::string_view name);
    /// "const char *", as C writes it.
    [[nodiscard]] std::string type_name(const llvm::DWARFDie& die, unsigned depth = 0);

  private:
    [[nodiscard]] Type read(const llvm::DWARFDie& die);
    void read_children(const llvm::DWARFDie& die, Type& type);
    void read_child(const llvm::DWARFDie& child, Type& type);
    void read_variant_part(const llvm::DWARFDie& die, Type& type);
    void read_dimension(const llvm::DWARFDie& die, Type& type);
    void read_template_argument(const llvm::DWARFDie& die, Type& type);
    [[nodiscard]] Member read_member(const llvm::DWARFDie& die);
    void read_bit_field(const llvm::DWARFDie& die, Member& member);
    [[nodiscard]] llvm::DWARFDie definition_of(const llvm::DWARFDie& die);
    [[nodiscard]] std::optional<std::uint64_t> size_of(const llvm::DWARFDie& die, unsigned depth);
    [[nodiscard]] std::optional<std::uint64_t> array_size(const llvm::DWARFDie& die,
                                                          unsigned depth);
    [[nodiscard]] std::string function_type_name(const llvm::DWARFDie& die,
                                                 std::string_view declarator, unsigned depth);
    /// The name of a pointer or reference (`sign`) to what the entry is of.
    [[nodiscard]] std::string pointer_name(const llvm::DWARFDie& die, std::string_view sign,
                                           unsigned depth);
    [[nodiscard]] std::string qualified_name(const llvm::DWARFDie& die, std::string_view qualifier,
                                             unsigned depth);
    [[nodiscard]] std::string array_name(const llvm::DWARFDie& die, unsigned depth);
    [[nodiscard]] bool has_vtable(const llvm::DWARFDie& die, unsigned depth);

    DebugData& data_;
    NameIndex& names_;
    std::unordered_map<std::uint64_t, TypePointer> types_;
    unsigned budget_ = 0; ///< of recursion over entries that may form a web
};

} // namespace wdbg::dwarf
