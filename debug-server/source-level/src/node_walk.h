// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "formatter_scope.h"
#include "typed_value.h"

#include <cstdint>
#include <vector>

namespace wdbg::source {

/// Walks the nodes of a container in order, giving each its `$node` (or `$slot`).
class NodeWalk {
  public:
    NodeWalk(const ValueAccess& access, FormatterScope& scope, FormatterKind kind)
        : access_(access)
        , scope_(scope)
        , kind_(kind) {}

    /// False at the end. Errors are ends with a problem.
    Result<bool> start();
    Result<bool> next();
    [[nodiscard]] Result<TypedValue> value();

  private:
    Result<bool> take(Result<TypedValue> node);
    Result<bool> next_in_tree();
    Result<bool> next_slot();
    Result<bool> start_in_btree();
    Result<bool> next_in_btree();
    Result<bool> descend(std::uint64_t node);
    Result<bool> settle();
    /// The leftmost node below `node`, which may be itself.
    [[nodiscard]] Result<std::uint64_t> leftmost(std::uint64_t node) const;
    /// The nearest node above that has `node` on its left; 0: none.
    [[nodiscard]] Result<std::uint64_t> above(std::uint64_t node) const;
    [[nodiscard]] Result<std::uint64_t> word(std::uint64_t address) const;

    const ValueAccess& access_;
    FormatterScope& scope_;
    FormatterKind kind_;
    TypedValue node_;
    std::uint64_t address_ = 0;
    std::uint64_t control_ = 0;
    std::uint64_t mask_ = 0;
    std::int64_t slot_ = -1;

    /// On the way from a B-tree's root to where the walk is.
    struct Level {
        std::uint64_t node = 0;
        std::uint64_t slot = 0; ///< the next to be given, or whose child is below
    };

    std::vector<Level> levels_;
    std::uint64_t height_ = 0; ///< levels above the leaves
};

} // namespace wdbg::source
