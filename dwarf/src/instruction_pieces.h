// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "native_flow.h"

#include <functional>
#include <vector>

namespace wdbg::dwarf {

/// Optimised code has an instruction in pieces, with those of others between: one execution passes
/// several of them. Gives those where a breakpoint is hit once for each execution; where ways fork
/// between two pieces, both. `same_execution` tells whether the way from one to another is of one
/// execution: in an unrolled loop it is not.
[[nodiscard]] std::vector<TextOffset>
one_piece_each(const std::vector<TextOffset>& pieces, const NativeFlow& flow,
               const std::function<bool(const NativeFlow::Arrival&)>& same_execution);

} // namespace wdbg::dwarf
