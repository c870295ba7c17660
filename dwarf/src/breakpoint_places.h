// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "instruction_rows.h"

#include <vector>

namespace wdbg::dwarf {

/// A wasm instruction to be stopped at.
struct Wanted {
    CodeOffset body; ///< where its function's body begins
    CodeOffset offset;
    CodeOffset row_end; ///< of its row in the guest's line table: the line's, for OnlyWay
    const BreakpointSeeker& seeker;
};

/// The places of the instruction in one native function, for each copy of its function there.
[[nodiscard]] std::vector<BreakpointSite> places_in(const NativeLines& lines,
                                                    const FunctionScopes& scopes,
                                                    const Wanted& wanted, const FlowOf& flow_of,
                                                    const NativeFlowOf& native_flow);

} // namespace wdbg::dwarf
