// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>
#include <wasm_export.h>

namespace wdbg::wamr {

/// Io if it cannot be read, Malformed if it is empty or too large for WAMR (4 GiB).
[[nodiscard]] Result<std::vector<std::byte>> read_module_file(const std::filesystem::path& path);

/// Malformed if it is no wasm module; Unsupported for an .aot file or one that uses SIMD.
[[nodiscard]] Result<void> check_interpretable(std::span<const std::byte> bytes);

/// WAMR's loader for both kinds of modules, with its words in the error.
[[nodiscard]] Result<wasm_module_t> open_module(std::span<std::uint8_t> bytes,
                                                const std::string& name);

/// NotFound for an import that nothing provides.
[[nodiscard]] Result<void> require_imports(wasm_module_t module);

} // namespace wdbg::wamr
