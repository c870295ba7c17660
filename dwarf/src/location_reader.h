// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_data.h"

namespace wdbg::dwarf {

/// Finds and evaluates the location of a variable's entry at a code offset: DW_AT_location (an
/// expression or a list), or DW_AT_const_value.
[[nodiscard]] Result<Location> locate_entry(DebugData& data, const llvm::DWARFDie& variable,
                                            const llvm::DWARFDie& function, CodeOffset offset,
                                            const FrameState& state);

} // namespace wdbg::dwarf
