// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "dap_host.h"
#include "shared_debuggee.h"

#include <string>

namespace wdbg::cli {

/// What the adapter of `wdbg run --dap=…` works on: the guest of this process, whatever launch and
/// attach ask for. Its output stays this process's own.
class OwnGuestHost final : public DapHost {
  public:
    OwnGuestHost(boost::asio::io_context& loop, SharedDebuggee& guest)
        : DapHost(loop)
        , guest_(guest) {}

    Result<std::unique_ptr<dap::Target>> launch(const dap::LaunchSettings& settings,
                                                dap::TargetHandlers handlers) override;
    Result<dap::TerminalLaunch> launch_in_terminal(const dap::LaunchSettings& settings,
                                                   dap::TargetHandlers handlers) override;
    Result<std::unique_ptr<dap::Target>> attach(const dap::AttachSettings& settings,
                                                dap::TargetHandlers handlers) override;

  private:
    SharedDebuggee& guest_;
};

} // namespace wdbg::cli
