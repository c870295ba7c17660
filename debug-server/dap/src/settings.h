// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "protocol/requests.h"
#include "session.h"

namespace wdbg::dap {

/// Checks launch settings. InvalidArgument names the setting and what would be right; Unsupported
/// for a terminal that the client does not offer.
[[nodiscard]] Result<StartRequest> read_launch(const protocol::LaunchArguments& args,
                                               bool client_has_terminal);
[[nodiscard]] Result<StartRequest> read_attach(const protocol::AttachArguments& args);

} // namespace wdbg::dap
