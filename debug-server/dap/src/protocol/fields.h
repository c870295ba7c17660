// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

/// JSON to and from plain structs. A struct names its fields once:
///
///     struct Source {
///         std::optional<std::string> path;
///         static constexpr auto fields() { return std::tuple(field("path", &Source::path)); }
///     };
///
/// A member is required unless it is a std::optional; optional ones without value are not written.
/// Unknown names in JSON are passed over. Numbers must fit the member's type.
namespace wdbg::dap {

using Json = nlohmann::json;

template <class Struct, class Member>
struct Field {
    std::string_view name;
    Member Struct::* member;
};

template <class Struct, class Member>
constexpr Field<Struct, Member> field(std::string_view name, Member Struct::* member) {
    return {name, member};
}

template <class T>
concept Described = requires { T::fields(); };

/// A struct without any member.
struct Empty {
    static constexpr auto fields() { return std::tuple(); }
};

namespace detail {

template <class T>
struct IsOptional : std::false_type {};

template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

inline Result<void> wrong(const std::string& path, std::string_view expected) {
    return fail(ErrorCode::InvalidArgument, path + ": expected " + std::string(expected));
}

} // namespace detail

// --- Reading; `path` names the place for errors: "arguments.source.path" -------------------------

inline Result<void> read(const Json& json, Json& into, const std::string& /*path*/) {
    into = json;
    return {};
}

inline Result<void> read(const Json& json, bool& into, const std::string& path) {
    if (!json.is_boolean()) {
        return detail::wrong(path, "true or false");
    }
    into = json.get<bool>();
    return {};
}

inline Result<void> read(const Json& json, std::string& into, const std::string& path) {
    if (!json.is_string()) {
        return detail::wrong(path, "a string");
    }
    into = json.get_ref<const std::string&>();
    return {};
}

template <std::integral T>
Result<void> read(const Json& json, T& into, const std::string& path) {
    if (json.is_number_unsigned() && std::in_range<T>(json.get<std::uint64_t>())) {
        into = static_cast<T>(json.get<std::uint64_t>());
        return {};
    }
    if (json.is_number_integer() && !json.is_number_unsigned() &&
        std::in_range<T>(json.get<std::int64_t>())) {
        into = static_cast<T>(json.get<std::int64_t>());
        return {};
    }
    return detail::wrong(path, "a whole number in range");
}

template <class T>
Result<void> read(const Json& json, std::optional<T>& into, const std::string& path);
template <class T>
Result<void> read(const Json& json, std::vector<T>& into, const std::string& path);
template <class T>
Result<void> read(const Json& json, std::map<std::string, T>& into, const std::string& path);
template <Described T>
Result<void> read(const Json& json, T& into, const std::string& path);

template <class T>
Result<void> read(const Json& json, std::optional<T>& into, const std::string& path) {
    if (json.is_null()) {
        into.reset();
        return {};
    }
    return read(json, into.emplace(), path);
}

template <class T>
Result<void> read(const Json& json, std::vector<T>& into, const std::string& path) {
    if (!json.is_array()) {
        return detail::wrong(path, "an array");
    }
    into.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (auto done = read(json[i], into.emplace_back(), path + "[" + std::to_string(i) + "]");
            !done) {
            return done;
        }
    }
    return {};
}

template <class T>
Result<void> read(const Json& json, std::map<std::string, T>& into, const std::string& path) {
    if (!json.is_object()) {
        return detail::wrong(path, "an object");
    }
    const std::string prefix = path + ".";
    for (const auto& [key, value] : json.items()) {
        if (auto done = read(value, into[key], prefix + key); !done) {
            return done;
        }
    }
    return {};
}

template <class Struct, class Member>
Result<void> read_field(const Json& json, Struct& into, const Field<Struct, Member>& field,
                        const std::string& path) {
    const auto found = json.find(field.name);
    const std::string place = path + "." + std::string(field.name);
    if (found == json.end()) {
        return detail::IsOptional<Member>::value
                   ? Result<void>()
                   : fail(ErrorCode::InvalidArgument, place + " is missing");
    }
    return read(*found, into.*field.member, place);
}

template <Described T>
Result<void> read(const Json& json, T& into, const std::string& path) {
    if (!json.is_object()) {
        return detail::wrong(path, "an object");
    }
    Result<void> done;
    std::apply(
        [&](const auto&... each) {
            // The first that fails ends it.
            (void)((done = read_field(json, into, each, path)).has_value() && ...);
        },
        T::fields());
    return done;
}

// --- Writing -------------------------------------------------------------------------------------

inline Json write(const Json& value) {
    return value;
}

inline Json write(const std::string& value) {
    return value;
}

template <class T>
    requires std::is_arithmetic_v<T>
Json write(T value) {
    return value;
}

template <class T>
Json write(const std::vector<T>& values);
template <class T>
Json write(const std::map<std::string, T>& values);
template <Described T>
Json write(const T& value);

template <class T>
Json write(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) {
        list.push_back(write(value));
    }
    return list;
}

template <class T>
Json write(const std::map<std::string, T>& values) {
    Json object = Json::object();
    for (const auto& [key, value] : values) {
        object[key] = write(value);
    }
    return object;
}

template <class Member>
void write_member(Json& object, std::string_view name, const Member& member) {
    if constexpr (detail::IsOptional<Member>::value) {
        if (member) {
            object[name] = write(*member);
        }
    } else {
        object[name] = write(member);
    }
}

template <Described T>
Json write(const T& value) {
    Json object = Json::object();
    std::apply(
        [&](const auto&... each) { (write_member(object, each.name, value.*each.member), ...); },
        T::fields());
    return object;
}

} // namespace wdbg::dap
