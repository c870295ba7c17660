// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formatter_scope.h"
#include "node_walk.h"
#include "presenter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wdbg::source {

using dwarf::TypeKind;

namespace {

constexpr std::uint64_t max_items = 100'000'000; ///< more cannot be in a memory
constexpr std::uint64_t max_walk = 1'000'000;    ///< nodes that one request may visit
constexpr std::uint64_t items_in_line = 10;
constexpr std::size_t max_characters = std::size_t{64} * 1024;

bool has_items(FormatterKind kind) {
    return kind == FormatterKind::Items || kind == FormatterKind::Linked ||
           kind == FormatterKind::Tree || kind == FormatterKind::Hashbrown ||
           kind == FormatterKind::BTree;
}

class Nesting {
  public:
    explicit Nesting(int& depth) : depth_(++depth) {}

    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

    ~Nesting() { --depth_; }

  private:
    int& depth_;
};

TypedValue or_reason(const TypeRef& type, Result<TypedValue> value) {
    return value ? std::move(*value) : unavailable_value(type, value.error().message);
}

std::string problem(const Error& error) {
    return "<" + error.message + ">";
}

} // namespace

std::uint64_t Presenter::formatted_count(const TypedValue& value, const Formatter& formatter) {
    if (!has_items(formatter.kind)) {
        return 0;
    }
    const Nesting nesting(nesting_);
    FormatterScope scope(*this, value, formatter);
    if (formatter.fields.contains("size")) {
        const auto size = scope.number("size");
        return size && *size <= max_items ? *size : 0;
    }
    NodeWalk walk(access_, scope, formatter.kind);
    std::uint64_t count = 0;
    for (auto more = walk.start(); more && *more && count < max_walk; more = walk.next()) {
        ++count;
    }
    return count;
}

void Presenter::name_entry(const TypedValue& container, const Formatter& formatter, Child& child) {
    if (formatter.mapped.empty() || !child.value.available()) {
        return;
    }
    static_cast<void>(container);
    const TypedValue entry = child.value;
    FormatterScope scope(*this, entry, formatter);
    if (!formatter.key.empty()) {
        const auto key = scope.evaluate(formatter.key);
        if (key) {
            child.name = "[" + text_at(*key, {}, 2) + "]";
        }
    }
    if (auto mapped = scope.evaluate(formatter.mapped)) {
        child.value = std::move(*mapped);
    }
}

std::vector<Child> Presenter::formatted_items(const TypedValue& value, const Formatter& formatter,
                                              std::uint64_t start, std::uint64_t number) {
    std::vector<Child> items;
    const std::uint64_t total = formatted_count(value, formatter);
    if (start >= total) {
        return items;
    }
    const std::uint64_t end = start + std::min(number, total - start);
    const Nesting nesting(nesting_);
    FormatterScope scope(*this, value, formatter);
    const auto add = [&](std::uint64_t index, Result<TypedValue> item) {
        const std::string name = "[" + std::to_string(index) + "]";
        Child child{
            .name = name, .value = or_reason(value.type, std::move(item)), .path = "$" + name};
        child.synthetic = true;
        if (formatter.fields.contains("name")) {
            const auto key = scope.field("name");
            child.name = key ? "[" + text_at(*key, {}, 2) + "]" : name;
        }
        name_entry(value, formatter, child);
        items.push_back(std::move(child));
    };
    if (formatter.kind == FormatterKind::Items) {
        for (std::uint64_t i = start; i < end; ++i) {
            scope.set("$i", static_cast<std::int64_t>(i));
            add(i, scope.field("item"));
        }
        return items;
    }
    NodeWalk walk(access_, scope, formatter.kind);
    std::uint64_t index = 0;
    for (auto more = walk.start(); index < end && index < max_walk; more = walk.next(), ++index) {
        if (!more || !*more) {
            add(index, fail(ErrorCode::Unavailable,
                            more ? "the container ends here" : more.error().message));
            break;
        }
        if (index >= start) {
            add(index, walk.value());
        }
    }
    return items;
}

Result<TypedValue> Presenter::variant_alternative(const TypedValue& value,
                                                  const Formatter& formatter) {
    FormatterScope scope(*this, value, formatter);
    const auto index = scope.number("index");
    auto at = scope.field("union");
    if (!index || !at) {
        return std::unexpected(index ? at.error() : index.error());
    }
    constexpr std::uint64_t most = 64;
    if (*index >= most) {
        return fail(ErrorCode::Unavailable, "valueless");
    }
    for (std::uint64_t i = 0; i < *index; ++i) {
        auto tail = find_member(access_, *at, "__tail");
        if (!tail) {
            return fail(ErrorCode::Unavailable, "the variant's layout is not known");
        }
        at = std::move(*tail);
    }
    auto head = find_member(access_, *at, "__head");
    auto held = head ? find_member(access_, *head, "__value") : std::nullopt;
    if (!held) {
        return fail(ErrorCode::Unavailable, "the variant's layout is not known");
    }
    return std::move(*held);
}

/// The value that is shown for a value: what an optional holds, a pointer stands for, and so on.
Result<TypedValue> Presenter::stand_in(const TypedValue& value, const Formatter& formatter) {
    const Nesting nesting(nesting_);
    FormatterScope scope(*this, value, formatter);
    switch (formatter.kind) {
    case FormatterKind::Pointer:
        return scope.field("pointee");
    case FormatterKind::Optional: {
        const auto has = scope.number("has");
        if (!has) {
            return std::unexpected(has.error());
        }
        return *has != 0 ? scope.field("value")
                         : Result<TypedValue>(fail(ErrorCode::NotFound, "nullopt"));
    }
    case FormatterKind::Variant:
        return variant_alternative(value, formatter);
    default:
        return scope.field("value");
    }
}

std::vector<Child> Presenter::leaves(const TypedValue& value, const Formatter& formatter) {
    std::vector<Child> result;
    FormatterScope scope(*this, value, formatter);
    const auto base = scope.field("of");
    if (!base) {
        return result;
    }
    const TypeRef type = stripped(base->type);
    for (const dwarf::Member& member : type->members) {
        if (!member.is_base) {
            continue;
        }
        const TypedValue leaf = access_.member(*base, member);
        Child child{.name = "[" + std::to_string(result.size()) + "]", .value = leaf};
        if (auto held = find_member(access_, leaf, "__value_")) {
            child.value = std::move(*held);
        }
        child.synthetic = true;
        result.push_back(std::move(child));
    }
    return result;
}

std::vector<Child> Presenter::formatted_named(const TypedValue& value, const Formatter& formatter) {
    std::vector<Child> result;
    const Nesting nesting(nesting_);
    switch (formatter.kind) {
    case FormatterKind::Leaves:
        result = leaves(value, formatter);
        break;
    case FormatterKind::Pointer:
    case FormatterKind::Optional:
    case FormatterKind::Variant:
    case FormatterKind::Value:
        if (auto held = stand_in(value, formatter)) {
            const TypeRef type = stripped(held->type);
            const bool is_null = is_pointer(type) && access_.pointer(*held).value_or(0) == 0;
            if (formatter.kind == FormatterKind::Pointer) {
                result = is_null ? std::vector<Child>{} : plain_named(*held);
            } else {
                result.push_back({.name = "[value]", .value = std::move(*held), .synthetic = true});
            }
        }
        break;
    default:
        break;
    }
    FormatterScope scope(*this, value, formatter);
    for (const auto& [name, alternatives] : formatter.members) {
        Child child{.name = name, .value = or_reason(value.type, scope.any(alternatives))};
        child.path = name.starts_with("[") ? "" : "$." + name;
        child.synthetic = name.starts_with("[");
        result.push_back(std::move(child));
    }
    result.push_back(
        {.name = "[raw]", .value = value, .path = "$,raw", .synthetic = true, .raw = true});
    return result;
}

Result<std::string> Presenter::formatted_characters(const TypedValue& value,
                                                    const Formatter& formatter) {
    const Nesting nesting(nesting_);
    FormatterScope scope(*this, value, formatter);
    const auto size = scope.number("size");
    const auto data = scope.field("data");
    if (!size || !data) {
        return std::unexpected(size ? data.error() : size.error());
    }
    std::string text(std::min<std::uint64_t>(*size, max_characters), '\0');
    if (text.empty()) {
        return text;
    }
    const auto address = access_.pointer(*data);
    if (!address) { // the characters lie in a value that is not in memory
        return std::unexpected(address.error());
    }
    const auto bytes = std::as_writable_bytes(std::span(text));
    if (auto read = access_.read_memory(value.instance, *address, bytes); !read) {
        return std::unexpected(read.error());
    }
    return text;
}

Result<std::string> Presenter::characters(const TypedValue& original) {
    const TypedValue value = access_.followed(original);
    if (!value.available()) {
        return fail(ErrorCode::Unavailable, value.reason);
    }
    const Formatter* formatter = formatter_for(value, {});
    if (formatter != nullptr && formatter->kind == FormatterKind::Text) {
        return formatted_characters(value, *formatter);
    }
    const TypeRef type = stripped(value.type);
    if (type->kind == TypeKind::Array && is_character(stripped(element_of(type)))) {
        const std::uint64_t size = element_count(type).value_or(0);
        auto bytes = access_.read(value, std::min<std::uint64_t>(size, max_characters));
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
        return text.substr(0, text.find('\0'));
    }
    if (is_pointer(type) && is_character(stripped(target_of(type)))) {
        const auto address = access_.pointer(value);
        auto text = address ? access_.text_at(value.instance, *address, max_characters)
                            : Result<ValueAccess::Text>(std::unexpected(address.error()));
        return text ? Result<std::string>(std::move(text->bytes))
                    : Result<std::string>(std::unexpected(text.error()));
    }
    return fail(ErrorCode::InvalidArgument, "'" + value.type->name + "' does not read as text");
}

/// The summary's text, with the values of the expressions that it has in braces.
std::string Presenter::summary_text(const TypedValue& value, const Formatter& formatter,
                                    const Presentation& how, int depth) {
    const Nesting nesting(nesting_);
    FormatterScope scope(*this, value, formatter);
    std::string text;
    std::string_view rest = formatter.summary;
    while (!rest.empty()) {
        const std::size_t open = rest.find('{');
        text += rest.substr(0, open);
        const std::size_t close = rest.find('}', open);
        if (open == std::string_view::npos || close == std::string_view::npos) {
            break;
        }
        const auto part = scope.evaluate(std::string(rest.substr(open + 1, close - open - 1)));
        text += part ? text_at(*part, how, depth + 1) : problem(part.error());
        rest.remove_prefix(close + 1);
    }
    return text;
}

std::string Presenter::items_text(const TypedValue& value, const Formatter& formatter,
                                  const Presentation& how, int depth) {
    FormatterScope scope(*this, value, formatter);
    const auto size = formatter.fields.contains("size")
                          ? scope.number("size")
                          : Result<std::uint64_t>(formatted_count(value, formatter));
    if (!size) {
        return problem(size.error());
    }
    if (*size > max_items) {
        return "<an impossible size, " + std::to_string(*size) + ": not initialised?>";
    }
    const auto items = formatted_items(value, formatter, 0, items_in_line);
    return "size=" + std::to_string(*size) + " " +
           list_text(items, !formatter.key.empty() || formatter.fields.contains("name"), how, depth,
                     *size > items.size());
}

/// What an optional, a variant, a pointer or a wrapper holds.
std::string Presenter::held_text(const TypedValue& value, const Formatter& formatter,
                                 const Presentation& how, int depth) {
    const auto held = stand_in(value, formatter);
    if (!held) {
        return held.error().code == ErrorCode::NotFound ? held.error().message
                                                        : problem(held.error());
    }
    if (formatter.kind != FormatterKind::Pointer) {
        return text_at(*held, how, depth);
    }
    const auto address = access_.pointer(*held);
    if (address && *address == 0) {
        return "nullptr";
    }
    const auto target = access_.pointee(*held);
    return pointer_text(*held, how) + (target ? " " + text_at(*target, how, depth + 1) : "");
}

std::string Presenter::formatted_text(const TypedValue& value, const Formatter& formatter,
                                      const Presentation& how, int depth) {
    if (!formatter.summary.empty()) {
        return summary_text(value, formatter, how, depth);
    }
    if (formatter.kind == FormatterKind::Text) {
        const auto text = formatted_characters(value, formatter);
        return text ? quoted(*text, text->size() < max_characters) : problem(text.error());
    }
    if (has_items(formatter.kind)) {
        return items_text(value, formatter, how, depth);
    }
    if (formatter.kind == FormatterKind::Leaves) {
        std::string text = list_text(leaves(value, formatter), false, how, depth, false);
        text.front() = '(';
        text.back() = ')';
        return text;
    }
    if (formatter.kind == FormatterKind::Members) {
        return record_text(value, how, depth);
    }
    return held_text(value, formatter, how, depth);
}

std::optional<Result<TypedValue>> Presenter::element(const TypedValue& value, std::int64_t index) {
    const Formatter* formatter = formatter_for(value, {});
    if (formatter == nullptr) {
        return std::nullopt;
    }
    if (formatter->kind == FormatterKind::Leaves) {
        auto all = leaves(value, *formatter);
        if (index >= 0 && std::cmp_less(index, all.size())) {
            return std::move(all[static_cast<std::size_t>(index)].value);
        }
    }
    if (!has_items(formatter->kind)) {
        return std::nullopt;
    }
    auto items = index < 0
                     ? std::vector<Child>{}
                     : formatted_items(value, *formatter, static_cast<std::uint64_t>(index), 1);
    if (items.empty()) {
        return fail(ErrorCode::OutOfRange, "no element " + std::to_string(index) + " of " +
                                               std::to_string(formatted_count(value, *formatter)));
    }
    return std::move(items.front().value);
}

std::optional<Result<TypedValue>> Presenter::pointee(const TypedValue& value) {
    const Formatter* formatter = formatter_for(value, {});
    if (formatter == nullptr ||
        (formatter->kind != FormatterKind::Pointer && formatter->kind != FormatterKind::Optional &&
         formatter->kind != FormatterKind::Value)) {
        return std::nullopt;
    }
    auto held = stand_in(value, *formatter);
    if (!held || formatter->kind != FormatterKind::Pointer) {
        return held;
    }
    return access_.pointee(*held);
}

/// The class whose vtable is at `vtable`: by clang's _vtable$ variables, or by a destructor or
/// other virtual function that only this class can have there (Itanium C++ ABI §2.5).
std::optional<TypeRef> Presenter::class_of_vtable(const TypedValue& object, std::uint64_t vtable) {
    constexpr std::uint64_t address_point = 8; // offset to top, typeinfo
    LoadedModule* module = access_.modules().find(object.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    if (source == nullptr || vtable < address_point) {
        return std::nullopt;
    }
    const auto global = source->global_at(vtable - address_point);
    if (!global || !global->linkage_name.starts_with("_ZTV")) {
        return std::nullopt;
    }
    std::string name = source->demangle(global->linkage_name);
    constexpr std::string_view prefix = "vtable for ";
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    const auto type = source->find_type(name.substr(prefix.size()));
    return type ? std::optional(type_of(*source, *type)) : std::nullopt;
}

TypeRef Presenter::actual_type(const TypedValue& value) {
    const TypeRef type = stripped(value.type);
    if (!is_pointer(type)) {
        return stripped(dynamic(value).type);
    }
    const auto target = access_.pointee(value);
    return stripped(target ? dynamic(*target).type : target_of(type));
}

TypedValue Presenter::dynamic(const TypedValue& object) {
    const TypeRef type = stripped(object.type);
    if (!is_record(type) || !type->has_vtable || !object.address || object.is_base) {
        return object;
    }
    std::array<std::byte, 4> bytes{};
    if (!access_.read_memory(object.instance, *object.address, bytes)) {
        return object;
    }
    const auto vtable = static_cast<std::uint64_t>(read_integer(bytes, false).integer);
    const auto actual = class_of_vtable(object, vtable);
    if (!actual || !(*actual)->has_vtable || (*actual)->name == type->name) {
        return object;
    }
    TypedValue result = object;
    result.type = *actual;
    return result;
}

} // namespace wdbg::source
