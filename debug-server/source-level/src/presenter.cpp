// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "presenter.h"

#include <algorithm>
#include <array>

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::TypeKind;

namespace {

constexpr int max_text_depth = 3;
constexpr std::size_t max_line = 400;
constexpr std::uint64_t items_in_line = 10;
constexpr std::size_t max_text = 256;

char simple_escape(unsigned char c) {
    constexpr std::array<std::pair<char, char>, 6> table{
        {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\0', '0'}, {'\\', '\\'}, {'"', '"'}}};
    for (const auto& [value, name] : table) {
        if (static_cast<char>(c) == value) {
            return name;
        }
    }
    return '\0';
}

void append_escaped(std::string& text, unsigned char c) {
    if (const char name = simple_escape(c); name != '\0') {
        text.append({'\\', name});
    } else if (c < 0x20 || c == 0x7F) {
        text += "\\x" + to_hex(c, 1, true).substr(2);
    } else {
        text.push_back(static_cast<char>(c));
    }
}

std::string utf8(std::uint32_t code) {
    std::string text;
    if (code < 0x80) {
        append_escaped(text, static_cast<unsigned char>(code));
        return text;
    }
    const auto tail = [&](unsigned shift) {
        text.push_back(static_cast<char>(0x80U | ((code >> shift) & 0x3FU)));
    };
    if (code < 0x800) {
        text.push_back(static_cast<char>(0xC0U | (code >> 6U)));
    } else if (code < 0x10000) {
        text.push_back(static_cast<char>(0xE0U | (code >> 12U)));
        tail(6);
    } else if (code < 0x110000) {
        text.push_back(static_cast<char>(0xF0U | (code >> 18U)));
        tail(12);
        tail(6);
    } else {
        return "?";
    }
    tail(0);
    return text;
}

/// How many bytes a character has that begins with `lead`; 0: none begins so.
std::size_t utf8_length(unsigned char lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2) {
        return 0;
    }
    return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
}

bool is_utf8_tail(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// True if all bytes are well-formed UTF-8 (as far as lead and tail bytes go).
bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(static_cast<unsigned char>(text[i]));
        if (length == 0 || i + length > text.size()) {
            return false;
        }
        if (!std::ranges::all_of(text.substr(i + 1, length - 1), is_utf8_tail)) {
            return false;
        }
        i += length;
    }
    return true;
}

bool function_pointee(const TypeRef& pointer) {
    return is_pointer(pointer) && stripped(target_of(pointer))->kind == TypeKind::Function;
}

std::string unknown(const std::string& reason) {
    return "<" + reason + ">";
}

std::string to_octal(std::uint64_t bits) {
    std::string digits;
    for (; bits != 0; bits >>= 3U) {
        digits.insert(digits.begin(), static_cast<char>('0' + (bits & 7U)));
    }
    return "0" + digits;
}

/// An integer in the number system that the user chose, if one is.
std::optional<std::string> in_system(char format, const Scalar& scalar, std::size_t size) {
    const auto bits = static_cast<WideUnsigned>(scalar.integer);
    switch (format) {
    case 'x':
        return to_hex(bits, size, true);
    case 'b':
        return to_binary(bits, size);
    case 'o':
        return to_octal(static_cast<std::uint64_t>(bits));
    case 'd':
        return to_decimal(scalar);
    default:
        return std::nullopt;
    }
}

} // namespace

std::string quoted(std::string_view text, bool complete, std::size_t limit) {
    std::size_t end = std::min(text.size(), limit);
    while (end < text.size() && end > 0 && is_utf8_tail(text[end])) {
        --end; // not within a character
    }
    const std::string_view shown = text.substr(0, end);
    const bool utf = is_utf8(shown);
    std::string result = "\"";
    for (const char c : shown) {
        if (!utf && static_cast<unsigned char>(c) >= 0x80) {
            result += "\\x" + to_hex(static_cast<unsigned char>(c), 1, true).substr(2);
        } else {
            append_escaped(result, static_cast<unsigned char>(c));
        }
    }
    result += "\"";
    return complete && end == text.size() ? result : result + "…";
}

/// Rows are about members: what has none is no "std::vector<bool>::size_type" or "&[usize; 3]" of
/// theirs.
const Formatter* Presenter::formatter_for(const TypedValue& value, const Presentation& how) {
    if (how.raw || !value.available() || nesting_ > 8 || !is_record(stripped(value.type))) {
        return nullptr;
    }
    TypeRef type = value.type;
    for (int i = 0; i < 16; ++i) { // a typedef may have one of its own
        if (const Formatter* found = formatters_.find(type->name)) {
            return found;
        }
        if (type->kind != TypeKind::Typedef && type->kind != TypeKind::Const &&
            type->kind != TypeKind::Volatile) {
            break;
        }
        type = target_of(type);
    }
    return nullptr;
}

std::string Presenter::text(const TypedValue& value, const Presentation& how) {
    return text_at(value, how, 0);
}

std::string Presenter::text_at(const TypedValue& value, const Presentation& how, int depth) {
    const TypedValue target = access_.followed(value);
    if (!target.available()) {
        return unknown(target.reason);
    }
    if (const Formatter* formatter = formatter_for(target, how)) {
        return formatted_text(target, *formatter, how, depth);
    }
    const TypeRef type = stripped(target.type);
    switch (type->kind) {
    case TypeKind::Base:
    case TypeKind::Enum:
    case TypeKind::MemberPointer:
        return scalar_text(target, how);
    case TypeKind::Pointer:
        return pointer_text(target, how);
    case TypeKind::Array:
        return array_text(target, how, depth);
    case TypeKind::Struct:
    case TypeKind::Class:
    case TypeKind::Union:
        return record_text(dynamic(target), how, depth);
    case TypeKind::Function:
        return "function";
    case TypeKind::Void:
        return "void";
    default:
        return unknown("a type that is not supported");
    }
}

std::string Presenter::enum_text(const TypeRef& type, const Scalar& scalar) {
    const auto value = static_cast<std::int64_t>(scalar.integer);
    for (const dwarf::Enumerator& each : type->enumerators) {
        if (each.value == value) {
            return each.name;
        }
    }
    std::string flags;
    auto rest = static_cast<std::uint64_t>(value);
    for (const dwarf::Enumerator& each : type->enumerators) {
        const auto bit = static_cast<std::uint64_t>(each.value);
        const bool single = bit != 0 && (bit & (bit - 1)) == 0;
        if (single && (rest & bit) != 0) {
            flags += (flags.empty() ? "" : " | ") + each.name;
            rest &= ~bit;
        }
    }
    if (rest == 0 && !flags.empty()) {
        return flags;
    }
    const std::string number = to_decimal(scalar);
    return flags.empty() ? number : number + " (" + flags + " | " + to_hex(rest, 8, false) + ")";
}

std::string Presenter::real_text(const TypedValue& value, double real, const Presentation& how) {
    const auto size = static_cast<std::size_t>(size_of(stripped(value.type)));
    if (how.format != 'x') {
        return float_text(real, size);
    }
    const auto raw = access_.read(value, size);
    return raw ? to_hex(static_cast<WideUnsigned>(read_integer(*raw, false).integer), size, true)
               : unknown(raw.error().message);
}

std::string Presenter::scalar_text(const TypedValue& value, const Presentation& how) {
    if (value.bit_size == 0 && value.type->name == "()") {
        return "()"; // Rust's: a number type of no bytes
    }
    const auto scalar = access_.scalar(value);
    if (!scalar) {
        return unknown(scalar.error().message);
    }
    if (scalar->is_float()) {
        return real_text(value, scalar->real, how);
    }
    const TypeRef type = stripped(value.type);
    const auto bits = static_cast<WideUnsigned>(scalar->integer);
    if (auto digits = in_system(how.format, *scalar, static_cast<std::size_t>(size_of(type)))) {
        return std::move(*digits);
    }
    if (type->kind == TypeKind::Enum) {
        return enum_text(type, *scalar);
    }
    if (type->encoding == Encoding::Boolean && (bits == 0 || bits == 1)) {
        return bits == 1 ? "true" : "false";
    }
    if (type->encoding == Encoding::Utf) {
        return to_decimal(*scalar) + " '" + utf8(static_cast<std::uint32_t>(bits)) + "'";
    }
    if (is_character(type) || how.format == 'c') {
        std::string text;
        append_escaped(text, static_cast<unsigned char>(bits));
        const bool high = (static_cast<unsigned>(bits) & 0x80U) != 0;
        return to_decimal(*scalar) + (high ? "" : " '" + text + "'");
    }
    return to_decimal(*scalar);
}

std::string Presenter::function_text(const TypedValue& value, std::uint64_t index) {
    std::string number = to_hex(index, 4, false);
    const auto element = access_.debuggee().table_element(value.instance, 0, index);
    LoadedModule* module = access_.modules().find(value.instance);
    if (!element || module == nullptr) {
        return number;
    }
    const auto function = element->as<std::uint32_t>();
    std::string name = module->function_name(function);
    if (dwarf::SourceInfo* source = module->source()) {
        name = source->demangle(name);
    }
    return number + " (" + name + ")";
}

std::string Presenter::pointer_text(const TypedValue& value, const Presentation& how) {
    if (value.implicit_target) {
        return unknown("points to what is not in memory");
    }
    const auto address = access_.pointer(value);
    if (!address) {
        return unknown(address.error().message);
    }
    const TypeRef type = stripped(value.type);
    std::string text = how.format == 'd' ? std::to_string(*address) : to_hex(*address, 4, false);
    if (function_pointee(type)) {
        return *address == 0 ? text : function_text(value, *address);
    }
    if (*address != 0 && is_character(stripped(target_of(type)))) {
        const auto found = access_.text_at(value.instance, *address, max_text);
        if (found) {
            text += " " + quoted(found->bytes, found->complete);
        }
    }
    return text;
}

std::string Presenter::list_text(const std::vector<Child>& children, bool names,
                                 const Presentation& how, int depth, bool more) {
    if (depth >= max_text_depth) {
        return "{…}";
    }
    std::string text = "{";
    for (const Child& child : children) {
        if (text.size() > max_line) {
            more = true;
            break;
        }
        text += text.size() > 1 ? ", " : "";
        text += names ? child.name + " = " : "";
        text += text_at(child.value, how, depth + 1);
    }
    return text + (more ? (children.empty() ? "…}" : ", …}") : "}");
}

std::string Presenter::variant_text(const TypedValue& value, const dwarf::Variant& variant,
                                    const Presentation& how, int depth) {
    const TypedValue payload = access_.member(value, variant.member);
    const std::vector<Child> fields = plain_named(payload);
    const std::string& name = variant.member.name;
    if (fields.empty()) {
        return name;
    }
    const bool tuple = fields.front().name == "__0" || fields.front().name == "0";
    if (!tuple) {
        return name + " " + list_text(fields, true, how, depth, false);
    }
    std::string inner = list_text(fields, false, how, depth, false);
    inner.front() = '(';
    inner.back() = ')';
    return name + inner;
}

std::string Presenter::record_text(const TypedValue& value, const Presentation& how, int depth) {
    const TypeRef type = stripped(value.type);
    if (const dwarf::Variant* variant = active_variant(access_, value)) {
        return variant_text(value, *variant, how, depth);
    }
    if (type->variant_part) {
        return unknown("its discriminant is not known");
    }
    if (type->is_declaration) {
        return unknown("the type is declared but not defined in this module");
    }
    return list_text(plain_named(value), true, how, depth, false);
}

std::string Presenter::array_text(const TypedValue& value, const Presentation& how, int depth) {
    const TypeRef type = stripped(value.type);
    const auto count = element_count(type);
    if (!count) {
        return "[]";
    }
    if (is_character(stripped(element_of(type))) && how.format == '\0') {
        const auto bytes = access_.read(value, std::min<std::uint64_t>(*count, max_text));
        if (!bytes) {
            return unknown(bytes.error().message);
        }
        std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
        const std::size_t end = text.find('\0');
        return quoted(text.substr(0, end), end != std::string::npos || *count <= max_text);
    }
    const std::uint64_t shown = std::min(*count, items_in_line);
    return list_text(children(value, how, true, 0, shown), false, how, depth, shown < *count);
}

ChildCount Presenter::count(const TypedValue& original, const Presentation& how) {
    const TypedValue value = access_.followed(original);
    if (!value.available()) {
        return {};
    }
    if (const Formatter* formatter = formatter_for(value, how)) {
        ChildCount result;
        result.indexed = formatted_count(value, *formatter);
        result.named = formatted_named(value, *formatter).size();
        return result;
    }
    const TypeRef type = stripped(value.type);
    if (type->kind == TypeKind::Array) {
        return {.named = 0, .indexed = element_count(type).value_or(0)};
    }
    if (is_pointer(type) || is_record(type)) {
        return {.named = plain_named(value).size(), .indexed = 0};
    }
    return {};
}

std::vector<Child> Presenter::children(const TypedValue& original, const Presentation& how,
                                       bool indexed, std::uint64_t start, std::uint64_t number) {
    const TypedValue value = access_.followed(original);
    std::vector<Child> result;
    const Formatter* formatter = formatter_for(value, how);
    if (indexed) {
        if (formatter != nullptr) {
            return formatted_items(value, *formatter, start, number);
        }
        const std::uint64_t total = count(value, how).indexed;
        const TypeRef type = stripped(value.type);
        const std::int64_t lower = type->dimensions.empty() ? 0 : type->dimensions.front().lower;
        for (std::uint64_t i = start; i < total && i - start < number; ++i) {
            const std::int64_t at = lower + static_cast<std::int64_t>(i);
            const std::string name = "[" + std::to_string(at) + "]";
            result.push_back(
                {.name = name, .value = access_.element(value, at), .path = "$" + name});
        }
        return result;
    }
    result = formatter != nullptr ? formatted_named(value, *formatter) : plain_named(value);
    const std::uint64_t begin = std::min<std::uint64_t>(start, result.size());
    const std::uint64_t end = begin + std::min<std::uint64_t>(number, result.size() - begin);
    result.erase(result.begin() + static_cast<std::ptrdiff_t>(end), result.end());
    result.erase(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(begin));
    return result;
}

void Presenter::add_members(const TypedValue& record, std::vector<Child>& into, int depth) {
    const TypeRef type = stripped(record.type);
    if (depth > 16) {
        return;
    }
    for (const dwarf::Member& member : type->members) {
        if (member.name.starts_with("_vptr$") || into.size() > 10'000 || member.is_static) {
            continue;
        }
        TypedValue value = access_.member(record, member);
        if (member.name.empty()) {
            add_members(value, into, depth + 1);
            continue;
        }
        const std::string path =
            member.is_base ? "(*(" + member.name + "*)&$)" : "$." + member.name;
        into.push_back({.name = member.name, .value = std::move(value), .path = path});
    }
    if (const dwarf::Variant* variant = active_variant(access_, record)) {
        add_members(access_.member(record, variant->member), into, depth + 1);
    }
}

std::vector<Child> Presenter::plain_named(const TypedValue& original) {
    std::vector<Child> result;
    const TypeRef type = stripped(original.type);
    if (is_record(type)) {
        add_members(dynamic(original), result, 0);
        return result;
    }
    if (!is_pointer(type) || function_pointee(type)) {
        return result;
    }
    const auto address = access_.pointer(original);
    const auto target = access_.pointee(original);
    if (!address || *address == 0 || !target) {
        return result;
    }
    const TypedValue object = dynamic(*target);
    if (is_record(stripped(object.type)) && formatter_for(object, {}) == nullptr) {
        add_members(object, result, 0);
        return result;
    }
    result.push_back({.name = "*", .value = object, .path = "(*$)"});
    return result;
}

} // namespace wdbg::source
