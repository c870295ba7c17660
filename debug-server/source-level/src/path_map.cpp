// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "path_map.h"

#include <optional>
#include <string_view>

namespace wdbg::source {

namespace {

std::string_view without_slash(std::string_view prefix) {
    while (prefix.size() > 1 && prefix.ends_with('/')) {
        prefix.remove_suffix(1);
    }
    return prefix;
}

std::optional<std::string> replace_prefix(std::string_view path, std::string_view from,
                                          std::string_view to) {
    from = without_slash(from);
    if (!path.starts_with(from) || (path.size() > from.size() && path[from.size()] != '/')) {
        return std::nullopt;
    }
    return std::string(without_slash(to)).append(path.substr(from.size()));
}

} // namespace

std::string PathMap::to_local(const std::string& path) const {
    std::string best = path;
    std::size_t length = 0;
    for (const auto& [from, to] : rows_) {
        const auto replaced = replace_prefix(path, from, to);
        if (replaced && from.size() >= length) {
            best = *replaced;
            length = from.size();
        }
    }
    return best;
}

std::string PathMap::to_debug(const std::string& path) const {
    std::string best = path;
    std::size_t length = 0;
    for (const auto& [from, to] : rows_) {
        const auto replaced = replace_prefix(path, to, from);
        if (replaced && to.size() >= length) {
            best = *replaced;
            length = to.size();
        }
    }
    return best;
}

} // namespace wdbg::source
