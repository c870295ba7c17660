// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <span>
#include <string>

namespace wdbg::cli {

/// `wdbg dap`; `arguments` are those behind it. Returns the process's exit status.
int dap_command(std::span<const std::string> arguments);

} // namespace wdbg::cli
