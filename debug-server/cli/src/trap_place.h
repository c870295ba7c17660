// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/report.h>
#include <wdbg/model/ids.h>

#include <filesystem>
#include <optional>

namespace wdbg::cli {

/// What is known of a trap's place in a module: the source line from the module's DWARF, else the
/// function's name and the wasm offset. Loads the DWARF reader (and libLLVM) only here.
[[nodiscard]] TrapPlace find_trap_place(const std::filesystem::path& module,
                                        const std::optional<CodeAddress>& pc);

/// The wasm instruction at an offset in the native text of `aot`, by its debug file (`debug_file`,
/// or beside it), and in `module` the .wasm that it was made from, which may be changed from the
/// .aot's own path. nullopt where there is no debug file or it does not know.
[[nodiscard]] std::optional<CodeAddress> find_wasm_pc(const std::filesystem::path& aot,
                                                      const std::filesystem::path& debug_file,
                                                      std::uint32_t text_offset,
                                                      std::filesystem::path& module);

} // namespace wdbg::cli
