// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <filesystem>
#include <span>
#include <string>

namespace wdbg::cli {

/// What `wdbg info` was asked to tell.
struct InfoOptions {
    std::filesystem::path module; ///< .wasm, .aot or .aot.debug
    std::filesystem::path debug_file{};
    bool json = false;
    bool help = false;
};

/// Reads the arguments behind `wdbg info`; options may stand before and behind MODULE.
/// InvalidArgument for a usage error.
[[nodiscard]] Result<InfoOptions> parse_info_options(std::span<const std::string> arguments);

/// The text of `wdbg info --help`.
[[nodiscard]] std::string info_help();

} // namespace wdbg::cli
