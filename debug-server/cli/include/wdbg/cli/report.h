// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/ids.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace wdbg::cli {

/// Exit statuses that are not the guest's own.
enum ExitStatus : int {
    Success = 0,
    Failure = 1,  ///< wdbg could not do its job
    Usage = 2,    ///< the command line is wrong
    Killed = 137, ///< a debugger ended the guest; as a shell shows SIGKILL
};

/// Writes the line "wdbg: MESSAGE" to stderr; line breaks within become blanks.
void report(std::string_view message);

/// Where a guest trapped. Empty or zero where not known.
struct TrapPlace {
    std::string function;
    std::string file;
    std::uint32_t line = 0;
    std::string module;
    CodeOffset offset; ///< from the start of the .wasm file
};

/// "trap: unreachable, at main.c:7 (crash)", without a line "…, at app.wasm+0x1a4 (crash)".
[[nodiscard]] std::string trap_line(std::string_view trap, const TrapPlace& place);

} // namespace wdbg::cli
