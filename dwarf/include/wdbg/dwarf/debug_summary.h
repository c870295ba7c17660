// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/coverage.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// What `wdbg info` tells of debug information.
namespace wdbg::dwarf {

struct DebugSummary {
    std::string module_hash;            ///< SHA-256 of the .wasm, in hexadecimal digits
    std::filesystem::path guest_file;   ///< where the guest's DWARF is; empty if there is none
    std::string guest_problem;          ///< why there is none
    std::vector<std::string> problems;  ///< what of it is missing
    std::vector<std::string> languages; ///< as DWARF names them, each once: "C11"
    std::uint64_t units = 0;
    std::uint64_t functions = 0;      ///< that have lines
    std::uint64_t lines = 0;          ///< distinct function, file and line that begin a statement
    std::optional<Coverage> coverage; ///< of a debug file, as far as it can be measured
    std::string coverage_problem;
};

/// `module` is the .wasm; `debug_file` that of code made from it, or empty. Malformed if the .wasm
/// cannot be read; what else cannot is told in the summary.
[[nodiscard]] Result<DebugSummary> summarize_debug_info(const ModuleSource& module,
                                                        std::span<const std::byte> debug_file);

} // namespace wdbg::dwarf
