// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/model/error.h>

#include <cstddef>
#include <filesystem>
#include <vector>

namespace wdbg::cli {

/// All bytes of a regular file. Io names the file and the reason.
[[nodiscard]] Result<std::vector<std::byte>> read_file(const std::filesystem::path& path);

/// The .wasm that a debug file was made from: beside the .aot or the debug file, or where it was
/// compiled. Empty where none of them is it.
[[nodiscard]] std::filesystem::path find_wasm(const std::filesystem::path& aot,
                                              const dwarf::AotDebugInfo& info);

} // namespace wdbg::cli
