// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/rsp/server.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): Boost's
}

namespace wdbg::rsp {

struct ListenOptions {
    std::string host = "127.0.0.1"; ///< name or address; loopback unless the user says otherwise
    std::uint16_t port = 0;         ///< 0: the system picks one
    ServerOptions server{};

    /// Asked when a client connects: may it take control? Lets RSP and DAP share one guest. Empty:
    /// yes. A refused client (also the second one of this listener) gets an error reply that says
    /// why to its first packet and is closed; LLDB, known by its first packet, is only closed.
    std::function<bool()> acquire{};
    /// Called once per session that acquired, when it is over and all of its output has been
    /// handed to the operating system (the process may exit). Another session may begin before.
    std::function<void(SessionEnd)> released{};
};

/// Serves one Debuggee over TCP, to one client at a time, on an event loop. TCP_NODELAY, one write
/// per packet. A client that goes away or does not read is dropped; the guest goes on.
///
/// The owner hands all events of the debuggee to on_event():
///     debuggee.set_event_handler([&](const Event& e) { rsp.on_event(e); … });
class TcpServer {
  public:
    /// Binds and listens at once (a client can connect as soon as this returns). Errors: Io with
    /// the address and the system's words (port in use …), InvalidArgument for a bad host.
    [[nodiscard]] static Result<std::unique_ptr<TcpServer>>
    listen(boost::asio::io_context& loop, Debuggee& debuggee, ListenOptions options);

    TcpServer(const TcpServer&) = delete;
    TcpServer& operator=(const TcpServer&) = delete;
    /// Closes the listener and a session in progress (the guest is detached).
    ~TcpServer();

    [[nodiscard]] std::uint16_t port() const;
    /// "127.0.0.1:4711", "[::1]:4711".
    [[nodiscard]] std::string address() const;
    [[nodiscard]] bool has_client() const;

    void on_event(const Event& event);

    /// Stops listening; a session in progress sends what it has to send and is closed. `done` is
    /// called (from the loop, or at once) when nothing is left, at the latest after `limit_ms`.
    void close(std::function<void()> done, unsigned limit_ms = 1000);

  private:
    struct Impl;
    explicit TcpServer(std::shared_ptr<Impl> impl);
    std::shared_ptr<Impl> impl_;
};

} // namespace wdbg::rsp
