// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <filesystem>
#include <string>

namespace wdbg::cli {

/// `--engine=aot` for a .wasm: compiles it, by wdbg-compile, into a folder of the user's cache
/// ($WDBG_AOT_CACHE, else $XDG_CACHE_HOME/wdbg/aot, else ~/.cache/wdbg/aot) that is named after the
/// module's contents, the options, the processor and the compiler. What is there already is used at
/// once.
///
/// `optimisation` is "0" … "3" or "g"; `processor` LLVM's name of one, empty for this machine's.
/// Gives the .aot; its debug file lies beside it. Errors: Io, Malformed for what is no module;
/// Unsupported for one that imports a memory, table or global of a module beside it; the compiler's
/// own words for what it refuses.
[[nodiscard]] Result<std::filesystem::path> compile_cached(const std::filesystem::path& module,
                                                           const std::string& optimisation,
                                                           const std::string& processor);

} // namespace wdbg::cli
