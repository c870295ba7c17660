// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "condition_types.h"

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::TypeKind;

std::optional<TypeRef> integer_of(TypeRef type) {
    if (type->kind == TypeKind::Enum) {
        type = stripped(target_of(type));
    }
    const bool integer = type->kind == TypeKind::Base && type->encoding != Encoding::Float &&
                         type->encoding != Encoding::ComplexFloat &&
                         type->encoding != Encoding::None;
    const bool number = integer || is_pointer(type);
    return number && size_of(type) >= 1 && size_of(type) <= 8 ? std::optional(type) : std::nullopt;
}

bool is_signed(const TypeRef& integer) {
    return integer->kind == TypeKind::Base &&
           (integer->encoding == Encoding::Signed || integer->encoding == Encoding::SignedChar);
}

TypeRef builtin_integer(std::uint64_t size, bool is_unsigned) {
    if (size > 4) {
        return builtin(is_unsigned ? Builtin::UnsignedLong : Builtin::Long);
    }
    return builtin(is_unsigned ? Builtin::Unsigned : Builtin::Int);
}

std::optional<FoundMember> member_of(const TypeRef& record, std::string_view name, int depth) {
    if (!is_record(record) || record.info == nullptr || depth > 16) {
        return std::nullopt;
    }
    for (const dwarf::Member& member : record->members) {
        if (member.name == name && !member.is_static && !member.is_virtual) {
            return FoundMember{.member = member, .offset = member.offset};
        }
    }
    for (const dwarf::Member& member : record->members) {
        if ((!member.is_base && !member.name.empty()) || member.is_virtual) {
            continue;
        }
        if (auto found = member_of(stripped(type_of(*record.info, member.type)), name, depth + 1)) {
            found->offset += member.offset;
            return found;
        }
    }
    return std::nullopt;
}

} // namespace wdbg::source
