// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <span>
#include <string>

namespace wdbg::cli {

/// `wdbg info`; gives the exit status.
int info_command(std::span<const std::string> arguments);

} // namespace wdbg::cli
