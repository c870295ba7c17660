// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "type_ref.h"

#include <array>
#include <string_view>

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::Type;
using dwarf::TypeKind;

namespace {

constexpr int max_aliases = 64;
constexpr std::uint64_t pointer_size = 4;

TypeRef make(dwarf::SourceInfo* info, Type node, const TypeRef* element = nullptr) {
    TypeRef type;
    type.info = info;
    type.node = std::make_shared<const Type>(std::move(node));
    if (element != nullptr) {
        type.element = std::make_shared<const TypeRef>(*element);
    }
    return type;
}

TypeRef make_base(const char* name, std::uint64_t size, Encoding encoding) {
    return make(nullptr, {.id = {},
                          .kind = TypeKind::Base,
                          .name = name,
                          .base_name = name,
                          .size = size,
                          .encoding = encoding,
                          .language = dwarf::SourceLanguage::C});
}

/// Takes ", std::allocator<…>" and the like out.
void remove_argument(std::string& name, std::string_view argument) {
    for (std::size_t at = name.find(argument); at != std::string::npos;
         at = name.find(argument, at)) {
        std::size_t end = at + argument.size();
        int depth = argument.ends_with('<') ? 1 : 0;
        for (; end < name.size() && depth > 0; ++end) {
            depth += name[end] == '<' ? 1 : 0;
            depth -= name[end] == '>' ? 1 : 0;
        }
        name.erase(at, end - at);
    }
}

void replace_all(std::string& name, std::string_view from, std::string_view to) {
    for (std::size_t at = name.find(from); at != std::string::npos;
         at = name.find(from, at + to.size())) {
        name.replace(at, from.size(), to);
    }
}

} // namespace

std::string display_name(std::string name) {
    for (const std::string_view argument :
         {", std::allocator<", ", std::char_traits<", ", std::less<", ", std::hash<",
          ", std::equal_to<", ", std::default_delete<", ", alloc::alloc::Global",
          ", std::collections::hash::map::RandomState"}) {
        remove_argument(name, argument);
    }
    replace_all(name, " >", ">");
    replace_all(name, "std::basic_string<char>", "std::string");
    replace_all(name, "std::basic_string_view<char>", "std::string_view");
    return name;
}

TypeRef type_of(dwarf::SourceInfo& info, dwarf::TypeId id) {
    TypeRef type;
    type.info = &info;
    const auto node = info.type(id);
    type.node = node ? *node : std::make_shared<const Type>(Type{.id = id, .name = "?"});
    return type;
}

TypeRef target_of(const TypeRef& type) {
    if (type.element != nullptr) {
        return *type.element;
    }
    if (type.info == nullptr) {
        return make(nullptr, {.id = {}, .kind = TypeKind::Void, .name = "void"});
    }
    return type_of(*type.info, type->target);
}

TypeRef stripped(TypeRef type) {
    for (int i = 0; i < max_aliases; ++i) {
        switch (type->kind) {
        case TypeKind::Typedef:
        case TypeKind::Const:
        case TypeKind::Volatile:
        case TypeKind::Restrict:
        case TypeKind::Atomic:
            type = target_of(type);
            break;
        default:
            return type;
        }
    }
    return make(nullptr, {.id = {}, .name = "?"});
}

TypeRef pointer_to(const TypeRef& type) {
    const bool joined = type->name.ends_with('*');
    return make(type.info,
                {.id = {},
                 .kind = TypeKind::Pointer,
                 .name = type->name + (joined ? "*" : " *"),
                 .size = pointer_size,
                 .language = type->language},
                &type);
}

TypeRef array_of(const TypeRef& type, std::uint64_t count) {
    Type node{.id = {},
              .kind = TypeKind::Array,
              .name = type->name + " [" + std::to_string(count) + "]",
              .language = type->language};
    node.dimensions.push_back({.lower = 0, .count = count});
    if (const auto size = type->size; size && (count == 0 || *size <= UINT64_MAX / count)) {
        node.size = *size * count;
    }
    return make(type.info, std::move(node), &type);
}

TypeRef element_of(const TypeRef& array) {
    TypeRef element = target_of(array);
    if (array->dimensions.size() < 2) {
        return element;
    }
    Type node = *array.node;
    node.id = {};
    node.dimensions.erase(node.dimensions.begin());
    std::uint64_t count = 1;
    node.name = element->name + " ";
    for (const dwarf::Dimension& dimension : node.dimensions) {
        count *= dimension.count.value_or(0);
        node.name += "[" + (dimension.count ? std::to_string(*dimension.count) : "") + "]";
    }
    node.size = size_of(element) * count;
    return make(array.info, std::move(node), &element);
}

std::optional<std::uint64_t> element_count(const TypeRef& array) {
    return array->dimensions.empty() ? std::nullopt : array->dimensions.front().count;
}

std::uint64_t size_of(const TypeRef& type) {
    return type->size.value_or(0);
}

TypeRef builtin(Builtin which) {
    static const std::array types{make_base("bool", 1, Encoding::Boolean),
                                  make_base("char", 1, Encoding::SignedChar),
                                  make_base("int", 4, Encoding::Signed),
                                  make_base("unsigned int", 4, Encoding::Unsigned),
                                  make_base("long long", 8, Encoding::Signed),
                                  make_base("unsigned long long", 8, Encoding::Unsigned),
                                  make_base("float", 4, Encoding::Float),
                                  make_base("double", 8, Encoding::Float)};
    return types.at(static_cast<std::size_t>(which));
}

std::optional<TypeRef> builtin_named(const std::string& name) {
    struct Row {
        const char* name;
        std::uint64_t size;
        Encoding encoding;
    };

    static constexpr Row rows[]{{"bool", 1, Encoding::Boolean},
                                {"char", 1, Encoding::SignedChar},
                                {"signed char", 1, Encoding::SignedChar},
                                {"unsigned char", 1, Encoding::UnsignedChar},
                                {"short", 2, Encoding::Signed},
                                {"short int", 2, Encoding::Signed},
                                {"unsigned short", 2, Encoding::Unsigned},
                                {"int", 4, Encoding::Signed},
                                {"signed", 4, Encoding::Signed},
                                {"signed int", 4, Encoding::Signed},
                                {"unsigned", 4, Encoding::Unsigned},
                                {"unsigned int", 4, Encoding::Unsigned},
                                {"long", 4, Encoding::Signed},
                                {"long int", 4, Encoding::Signed},
                                {"unsigned long", 4, Encoding::Unsigned},
                                {"long unsigned int", 4, Encoding::Unsigned},
                                {"long long", 8, Encoding::Signed},
                                {"long long int", 8, Encoding::Signed},
                                {"unsigned long long", 8, Encoding::Unsigned},
                                {"float", 4, Encoding::Float},
                                {"double", 8, Encoding::Float},
                                {"size_t", 4, Encoding::Unsigned},
                                {"int8_t", 1, Encoding::SignedChar},
                                {"uint8_t", 1, Encoding::UnsignedChar},
                                {"int16_t", 2, Encoding::Signed},
                                {"uint16_t", 2, Encoding::Unsigned},
                                {"int32_t", 4, Encoding::Signed},
                                {"uint32_t", 4, Encoding::Unsigned},
                                {"int64_t", 8, Encoding::Signed},
                                {"uint64_t", 8, Encoding::Unsigned},
                                {"intptr_t", 4, Encoding::Signed},
                                {"uintptr_t", 4, Encoding::Unsigned},
                                {"i8", 1, Encoding::Signed},
                                {"u8", 1, Encoding::Unsigned},
                                {"i16", 2, Encoding::Signed},
                                {"u16", 2, Encoding::Unsigned},
                                {"i32", 4, Encoding::Signed},
                                {"u32", 4, Encoding::Unsigned},
                                {"i64", 8, Encoding::Signed},
                                {"u64", 8, Encoding::Unsigned},
                                {"isize", 4, Encoding::Signed},
                                {"usize", 4, Encoding::Unsigned},
                                {"f32", 4, Encoding::Float},
                                {"f64", 8, Encoding::Float}};
    if (name == "void") {
        return make(nullptr, {.id = {}, .kind = TypeKind::Void, .name = "void"});
    }
    for (const Row& row : rows) {
        if (name == row.name) {
            return make_base(row.name, row.size, row.encoding);
        }
    }
    return std::nullopt;
}

bool is_record(const TypeRef& type) {
    return type->kind == TypeKind::Struct || type->kind == TypeKind::Class ||
           type->kind == TypeKind::Union;
}

bool is_pointer(const TypeRef& type) {
    return type->kind == TypeKind::Pointer;
}

bool is_reference(const TypeRef& type) {
    return type->kind == TypeKind::Reference || type->kind == TypeKind::RvalueReference;
}

bool is_scalar(const TypeRef& type) {
    return type->kind == TypeKind::Base || type->kind == TypeKind::Enum || is_pointer(type);
}

bool is_character(const TypeRef& type) {
    return type->kind == TypeKind::Base && size_of(type) == 1 &&
           type->language != dwarf::SourceLanguage::Rust &&
           (type->encoding == Encoding::SignedChar || type->encoding == Encoding::UnsignedChar ||
            type->encoding == Encoding::Utf);
}

} // namespace wdbg::source
