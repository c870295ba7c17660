// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// As much XML as GDB servers write: tags with attributes. Nothing here fails; what makes no sense
/// is not found.
namespace wdbg::remote::xml {

/// The value of `name="…"` or `name='…'` within one tag, unescaped.
[[nodiscard]] std::optional<std::string> attribute(std::string_view tag, std::string_view name);

/// Takes the next tag off the front, without its brackets ("reg name=…", "/feature"), and the text
/// in front of it. nullopt at the end.
struct Tag {
    std::string_view text_before;
    std::string_view tag;
};

[[nodiscard]] std::optional<Tag> next_tag(std::string_view& xml);

} // namespace wdbg::remote::xml
