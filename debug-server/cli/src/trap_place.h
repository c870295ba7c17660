// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/report.h>
#include <wdbg/model/ids.h>

#include <filesystem>
#include <optional>

namespace wdbg::cli {

/// What is known of a trap's place: the source line from the module's DWARF, else the function's
/// name and the wasm offset. Loads the DWARF reader (and libLLVM) only here.
[[nodiscard]] TrapPlace find_trap_place(const std::filesystem::path& module,
                                        const std::optional<CodeAddress>& pc);

} // namespace wdbg::cli
