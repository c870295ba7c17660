// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "libraries.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace wdbg::remote {

namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> entities{{
    {"&amp;", '&'},
    {"&lt;", '<'},
    {"&gt;", '>'},
    {"&quot;", '"'},
    {"&apos;", '\''},
}};

std::string unescape(std::string_view text) {
    std::string plain;
    while (!text.empty()) {
        char next = text.front();
        std::size_t length = 1;
        for (const auto& [entity, character] : entities) {
            if (text.starts_with(entity)) {
                next = character;
                length = entity.size();
            }
        }
        plain += next;
        text.remove_prefix(length);
    }
    return plain;
}

/// The value of `name="…"` or `name='…'` within one tag.
std::optional<std::string> attribute(std::string_view tag, std::string_view name) {
    std::size_t at = tag.find(name);
    while (at != std::string_view::npos) {
        const std::string_view rest = tag.substr(at + name.size());
        if (rest.size() > 2 && rest[0] == '=' && (rest[1] == '"' || rest[1] == '\'')) {
            const std::size_t end = rest.find(rest[1], 2);
            if (end != std::string_view::npos) {
                return unescape(rest.substr(2, end - 2));
            }
        }
        at = tag.find(name, at + 1);
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    text.remove_prefix(hex ? 2 : 0);
    std::uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

} // namespace

Result<std::vector<Library>> parse_library_list(std::string_view xml) {
    if (!xml.contains("<library-list")) {
        return fail(ErrorCode::Malformed, "the server's list of modules is none");
    }
    std::vector<Library> libraries;
    std::string name;
    while (true) {
        const std::size_t begin = xml.find('<');
        const std::size_t end = xml.find('>', begin == std::string_view::npos ? 0 : begin);
        if (begin == std::string_view::npos || end == std::string_view::npos) {
            return libraries;
        }
        const std::string_view tag = xml.substr(begin, end - begin);
        xml.remove_prefix(end + 1);
        if (tag.starts_with("<library ")) {
            name = attribute(tag, "name").value_or("");
        } else if (tag.starts_with("<section") || tag.starts_with("<segment")) {
            const auto address = number(attribute(tag, "address").value_or(""));
            const rsp::WasmAddress packed(address.value_or(0));
            if (address && packed.space() == rsp::AddressSpace::Object) {
                libraries.push_back({.name = name, .address = packed});
            }
        }
    }
}

} // namespace wdbg::remote
