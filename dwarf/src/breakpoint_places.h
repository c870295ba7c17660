// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "native_flow.h"
#include "native_lines.h"
#include "native_scopes.h"

#include <wdbg/wasm/control_flow.h>

#include <functional>
#include <memory>
#include <vector>

namespace wdbg::dwarf {

/// The flow of the function around an offset; nullptr where it is not known.
using FlowOf = std::function<const wasm::ControlFlow*(CodeOffset offset)>;
/// That of the native function; nullptr where it is not known. Costs time: asked for only where it
/// makes a difference.
using NativeFlowOf = std::function<std::shared_ptr<const NativeFlow>()>;

/// A wasm instruction to be stopped at.
struct Wanted {
    CodeOffset body; ///< where its function's body begins
    CodeOffset offset;
    CodeOffset row_end; ///< of its row in the guest's line table: the line's, for OnlyWay
    BreakpointReach reach = BreakpointReach::OnlyWay;
};

/// The places of the instruction in one native function, for each copy of its function there.
[[nodiscard]] std::vector<BreakpointSite> places_in(const NativeLines& lines,
                                                    const FunctionScopes& scopes,
                                                    const Wanted& wanted, const FlowOf& flow_of,
                                                    const NativeFlowOf& native_flow);

} // namespace wdbg::dwarf
