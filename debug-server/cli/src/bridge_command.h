// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <span>
#include <string>

namespace wdbg::cli {

/// `wdbg bridge`: debugs AOT code behind a native debug server. Returns the exit status.
int bridge_command(std::span<const std::string> arguments);

} // namespace wdbg::cli
