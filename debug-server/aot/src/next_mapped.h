// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "modules.h"

#include <vector>

namespace wdbg::aot {

/// Native places that stand for a wasm instruction: its own, or, where optimisation left it none,
/// those of the instructions that are executed next, along every way that control can take from
/// there (wasm core §4.4.8). Empty where nothing that follows became code.
[[nodiscard]] std::vector<dwarf::TextOffset> breakpoint_sites(const CodeModule& module,
                                                              CodeOffset offset);

} // namespace wdbg::aot
