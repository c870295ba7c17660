// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "hit_condition.h"
#include "module_table.h"

#include <wdbg/model/error.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace wdbg::source {

/// A breakpoint's condition and hit count as an agent expression for one of its locations, to be
/// decided where it is hit. What is made of integers, pointers, enums, members and elements, in
/// wasm locals, in memory at a fixed distance from one, or at a fixed address, can be; Unsupported
/// for all else: the evaluator then decides. `counter` numbers the variable that counts the hits
/// whose condition held; it is used only where there is a hit condition. Both may be empty: the
/// program then is always true.
[[nodiscard]] Result<std::vector<std::uint8_t>>
compile_condition(LoadedModule& module, CodeOffset location, std::string_view condition,
                  const HitCondition& hits, std::uint16_t counter);

} // namespace wdbg::source
