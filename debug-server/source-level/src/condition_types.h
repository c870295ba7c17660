// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "type_ref.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace wdbg::source {

/// The type whose sign and size a number of this (stripped) type has; nullopt: it is no integer.
[[nodiscard]] std::optional<TypeRef> integer_of(TypeRef type);
[[nodiscard]] bool is_signed(const TypeRef& integer);
/// Of 8 bytes if `size` is above 4, else of 4.
[[nodiscard]] TypeRef builtin_integer(std::uint64_t size, bool is_unsigned);

struct FoundMember {
    dwarf::Member member;
    std::uint64_t offset = 0; ///< from the record's begin
};

/// Also in bases and anonymous members; virtual bases and static members are left out.
[[nodiscard]] std::optional<FoundMember> member_of(const TypeRef& record, std::string_view name,
                                                   int depth = 0);

} // namespace wdbg::source
