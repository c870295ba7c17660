// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formatter_table.h"

#include <nlohmann/json.hpp>

#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace wdbg::source {

namespace {

using nlohmann::json;

constexpr std::array<std::pair<std::string_view, FormatterKind>, 12> kinds{
    {{"members", FormatterKind::Members},
     {"text", FormatterKind::Text},
     {"items", FormatterKind::Items},
     {"linked", FormatterKind::Linked},
     {"tree", FormatterKind::Tree},
     {"hashbrown", FormatterKind::Hashbrown},
     {"btree", FormatterKind::BTree},
     {"pointer", FormatterKind::Pointer},
     {"optional", FormatterKind::Optional},
     {"variant", FormatterKind::Variant},
     {"leaves", FormatterKind::Leaves},
     {"value", FormatterKind::Value}}};

/// A string or an array of strings.
std::optional<Formatter::Alternatives> alternatives(const json& value) {
    Formatter::Alternatives result;
    if (value.is_string()) {
        result.push_back(value.get<std::string>());
        return result;
    }
    if (!value.is_array()) {
        return std::nullopt;
    }
    for (const json& each : value) {
        if (!each.is_string()) {
            return std::nullopt;
        }
        result.push_back(each.get<std::string>());
    }
    return result;
}

bool read_kind(const json& value, Formatter& row) {
    for (const auto& [text, kind] : kinds) {
        if (value == text) {
            row.kind = kind;
            return true;
        }
    }
    return false;
}

bool read_members(const json& value, Formatter& row) {
    for (const auto& [member, expression] : value.items()) {
        auto options = alternatives(expression);
        if (!options) {
            return false;
        }
        row.members.emplace_back(member, std::move(*options));
    }
    return value.is_object();
}

bool read_type_names(const json& value, Formatter& row) {
    for (const auto& [type, member] : value.items()) {
        if (!member.is_string()) {
            return false;
        }
        row.type_names[type] = member.get<std::string>();
    }
    return value.is_object();
}

/// Assigns to one field of the row; false for a value of the wrong form.
bool read_field(const std::string& name, const json& value, Formatter& row) {
    if (name == "kind") {
        return read_kind(value, row);
    }
    if (name == "members") {
        return read_members(value, row);
    }
    if (name == "types") {
        return read_type_names(value, row);
    }
    auto options = alternatives(value);
    if (!options || options->empty()) {
        return false;
    }
    if (name == "type") {
        row.types = std::move(*options);
    } else if (name == "summary" || name == "key" || name == "mapped") {
        (name == "summary" ? row.summary : name == "key" ? row.key : row.mapped) = options->front();
    } else if (name != "comment") {
        row.fields[name] = std::move(*options);
    }
    return true;
}

Result<Formatter> read_row(const json& value, const std::string& where) {
    Formatter row;
    if (!value.is_object()) {
        return fail(ErrorCode::Malformed, where + " is no object");
    }
    for (const auto& [name, field] : value.items()) {
        if (!read_field(name, field, row)) {
            return fail(ErrorCode::Malformed, std::string(where).append(": \"").append(name).append(
                                                  "\" has a wrong value"));
        }
    }
    if (row.types.empty()) {
        return fail(ErrorCode::Malformed, where + " has no \"type\"");
    }
    return row;
}

} // namespace

/// "std::vector<*" stands for that template, not for a type within it as
/// "std::vector<int>::value_type".
bool matches_type(std::string_view pattern, std::string_view type) {
    if (!matches_glob(pattern, type)) {
        return false;
    }
    if (!pattern.ends_with("<*")) {
        return true;
    }
    int depth = 0;
    std::size_t i = type.find('<');
    for (; i < type.size(); ++i) {
        depth += type[i] == '<' ? 1 : 0;
        depth -= type[i] == '>' && type[i - 1] != '-' ? 1 : 0;
        if (depth == 0) {
            break;
        }
    }
    return i + 1 >= type.size();
}

bool matches_glob(std::string_view pattern, std::string_view text) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

FormatterTable::FormatterTable() {
    // They are well-formed: a test reads them.
    [[maybe_unused]] const auto added = add(builtin_formatters, "built-in formatters");
}

Result<void> FormatterTable::load(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    if (!stream && text.empty()) {
        return fail(ErrorCode::Io, "cannot read " + file.string());
    }
    return add(text, file.string());
}

Result<void> FormatterTable::add(std::string_view text, const std::string& origin) {
    const json document = json::parse(text, nullptr, false, true);
    const bool has_rows = document.is_object() && document.contains("formatters") &&
                          document["formatters"].is_array();
    if (!has_rows) {
        return fail(ErrorCode::Malformed, origin + ": expected {\"formatters\": [ … ]}");
    }
    std::vector<Formatter> rows;
    for (const json& value : document["formatters"]) {
        auto row = read_row(value, origin + ": formatter " + std::to_string(rows.size() + 1));
        if (!row) {
            return std::unexpected(row.error());
        }
        rows.push_back(std::move(*row));
    }
    rows_.insert(rows_.begin(), std::make_move_iterator(rows.begin()),
                 std::make_move_iterator(rows.end()));
    found_.clear();
    return {};
}

const Formatter* FormatterTable::find(const std::string& type) const {
    const auto [entry, is_new] = found_.try_emplace(type, nullptr);
    if (is_new) {
        for (const Formatter& row : rows_) {
            for (const std::string& pattern : row.types) {
                if (entry->second == nullptr && matches_type(pattern, type)) {
                    entry->second = &row;
                }
            }
        }
    }
    return entry->second;
}

} // namespace wdbg::source
