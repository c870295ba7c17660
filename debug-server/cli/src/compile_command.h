// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <span>
#include <string>

namespace wdbg::cli {

/// `wdbg compile`: becomes the program wdbg-compile, which is installed beside wdbg. Returns, with
/// an exit status, only if that fails.
int compile_command(std::span<const std::string> arguments);

} // namespace wdbg::cli
