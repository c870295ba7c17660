// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <string_view>

namespace wdbg::dap {

/// Whether a breakpoint stops at its `hits`-th hit: "5" and ">= 5" (the fifth and later ones),
/// "> 5", "== 5", "< 5", "<= 5", "% 3" (every third). Anything else, also nothing: always.
[[nodiscard]] bool hit_condition_holds(std::string_view condition, std::uint64_t hits);

} // namespace wdbg::dap
