// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/endpoint.h>
#include <wdbg/dap/server.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace wdbg::cli {

/// Serves DAP over TCP, one client at a time. A second client gets an output event that says why
/// and is closed.
class DapTcpServer {
  public:
    struct Options {
        Endpoint endpoint{};
        dap::ServerOptions server{};
        /// Asked when a client connects: may it take control? Empty: yes.
        std::function<bool()> acquire{};
        /// Called once for each session that acquired, when it is over.
        std::function<void()> released{};
    };

    /// Binds and listens at once. Io with the address and the system's words.
    [[nodiscard]] static Result<std::unique_ptr<DapTcpServer>>
    listen(boost::asio::io_context& loop, dap::Host& host, Options options);

    DapTcpServer(const DapTcpServer&) = delete;
    DapTcpServer& operator=(const DapTcpServer&) = delete;
    ~DapTcpServer();

    /// "127.0.0.1:4711".
    [[nodiscard]] std::string address() const;

    /// Stops listening; a session in progress sends what it has to send and is closed. `done` is
    /// called when nothing is left, at the latest after a second.
    void close(std::function<void()> done);

  private:
    struct Impl;
    explicit DapTcpServer(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

/// Serves one client on stdin and stdout until it has gone and no guest that we started runs any
/// more. stdout is the client's alone: whoever else writes there writes to stderr instead.
int serve_stdio(boost::asio::io_context& loop, dap::Host& host, dap::ServerOptions options);

} // namespace wdbg::cli
