// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "formatter_scope.h"
#include "typed_value.h"

#include <cstdint>

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
};

} // namespace wdbg::source
