// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dap/host.h>

#include <boost/asio/io_context.hpp>

#include <utility>

namespace wdbg::cli {

/// What the adapter of `wdbg dap` starts and connects to: `wdbg run -g=…` children and wasm debug
/// servers.
class DapHost : public dap::Host {
  public:
    explicit DapHost(boost::asio::io_context& loop) : loop_(loop) {}

    Result<std::unique_ptr<dap::Target>> launch(const dap::LaunchSettings& settings,
                                                dap::TargetHandlers handlers) override;
    Result<dap::TerminalLaunch> launch_in_terminal(const dap::LaunchSettings& settings,
                                                   dap::TargetHandlers handlers) override;
    Result<std::unique_ptr<dap::Target>> attach(const dap::AttachSettings& settings,
                                                dap::TargetHandlers handlers) override;
    void post(std::function<void()> task) override;
    std::unique_ptr<source::SourceLevel>
    make_source_level(Debuggee& debuggee,
                      std::vector<std::pair<std::string, std::string>> source_map) override;

  private:
    boost::asio::io_context& loop_;
};

} // namespace wdbg::cli
