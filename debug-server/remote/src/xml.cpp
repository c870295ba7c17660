// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "xml.h"

#include <array>
#include <utility>

namespace wdbg::remote::xml {

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

} // namespace

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

std::optional<Tag> next_tag(std::string_view& xml) {
    const std::size_t begin = xml.find('<');
    const std::size_t end = begin == std::string_view::npos ? begin : xml.find('>', begin);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const Tag found{.text_before = xml.substr(0, begin),
                    .tag = xml.substr(begin + 1, end - begin - 1)};
    xml.remove_prefix(end + 1);
    return found;
}

} // namespace wdbg::remote::xml
