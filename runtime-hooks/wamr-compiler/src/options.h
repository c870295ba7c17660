// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

/// The command line of `wdbg-compile`, which is that of `wdbg compile`.
namespace wdbg::compile {

struct Options {
    std::string module;
    std::string output;
    std::string debug_file; ///< empty: OUT.aot.debug
    std::string debug_for;  ///< an .aot that exists: only its debug file is made
    bool no_debug_file = false;
    std::uint32_t level = 3;  ///< 0 … 3
    bool debuggable = false;  ///< -Og
    bool plain_code = false;  ///< machine code as without debug information
    std::string target;       ///< empty: this machine's
    std::string target_abi;   ///< empty: the target's usual one
    std::string cpu;          ///< empty: the target's generic one
    std::string cpu_features; ///< "+a,-b"
    bool multi_thread = false;
    bool xip = false;
    std::optional<bool> bounds_checks{}; ///< in software; empty: where the target has no other
    std::optional<std::uint32_t> size_level{};
    std::string coverage;       ///< a file for the coverage figures as JSON; empty: none
    std::string slots = "auto"; ///< -Og: which locals get a slot (see docs/aot.md)
    bool verbose = false;
    bool help = false;

    /// The options that decide the code, as a command line: kept in the debug file.
    [[nodiscard]] std::string code_options() const;
    [[nodiscard]] std::string debug_path() const;
};

/// Options and MODULE in any order. InvalidArgument names the option and what would be right.
[[nodiscard]] Result<Options> parse_options(std::span<const std::string> arguments);

[[nodiscard]] std::string help_text();

} // namespace wdbg::compile
