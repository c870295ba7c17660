// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace wdbg::source {

/// Prefixes of paths in debug information and what they are on this machine. A prefix ends at a
/// component's end: "/src" does not change "/src2/a.c".
class PathMap {
  public:
    using Rows = std::vector<std::pair<std::string, std::string>>;

    explicit PathMap(Rows rows = {}) : rows_(std::move(rows)) {}

    [[nodiscard]] std::string to_local(const std::string& path) const;
    [[nodiscard]] std::string to_debug(const std::string& path) const;

  private:
    Rows rows_;
};

} // namespace wdbg::source
