// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/source_info.h>
#include <wdbg/dwarf/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace wdbg::source {

/// A type of one module, or one that an expression made of such (`T*`, `T[3]`): then `element`
/// stands for the node's target.
struct TypeRef {
    dwarf::SourceInfo* info = nullptr;
    dwarf::TypePointer node{};
    std::shared_ptr<const TypeRef> element{};

    const dwarf::Type* operator->() const { return node.get(); }

    [[nodiscard]] explicit operator bool() const { return node != nullptr; }
};

/// The type of an id; a node of kind Unknown for a damaged one.
[[nodiscard]] TypeRef type_of(dwarf::SourceInfo& info, dwarf::TypeId id);
/// What it points to, consists of, stands for or returns.
[[nodiscard]] TypeRef target_of(const TypeRef& type);
/// Without typedefs, const, volatile and the like.
[[nodiscard]] TypeRef stripped(TypeRef type);
[[nodiscard]] TypeRef pointer_to(const TypeRef& type);
[[nodiscard]] TypeRef array_of(const TypeRef& type, std::uint64_t count);
/// The type of one element: an array of the remaining dimensions, if there are several.
[[nodiscard]] TypeRef element_of(const TypeRef& array);
/// Elements in the first dimension; nullopt for `int values[]`.
[[nodiscard]] std::optional<std::uint64_t> element_count(const TypeRef& array);
[[nodiscard]] std::uint64_t size_of(const TypeRef& type); ///< 0 if not known

/// Types that expressions have without any module.
enum class Builtin : std::uint8_t { Bool, Char, Int, Unsigned, Long, UnsignedLong, Float, Double };
[[nodiscard]] TypeRef builtin(Builtin which);
/// A builtin by its C name ("unsigned int", "long long"); `long` has 4 bytes in wasm32.
[[nodiscard]] std::optional<TypeRef> builtin_named(const std::string& name);

[[nodiscard]] bool is_record(const TypeRef& stripped_type); ///< struct, class or union
[[nodiscard]] bool is_pointer(const TypeRef& stripped_type);
[[nodiscard]] bool is_reference(const TypeRef& stripped_type);
/// Base types, enums, pointers: what one number is.
[[nodiscard]] bool is_scalar(const TypeRef& stripped_type);
[[nodiscard]] bool is_character(const TypeRef& stripped_type); ///< of one byte

/// A type's name for people: "std::string", and without the default arguments of templates.
[[nodiscard]] std::string display_name(std::string name);

} // namespace wdbg::source
