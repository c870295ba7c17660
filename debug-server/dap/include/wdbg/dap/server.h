// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dap/host.h>

#include <functional>
#include <memory>
#include <string_view>

namespace wdbg::dap {

struct ServerOptions {
    /// Sees every message in (`-> `) and out (`<- `), for a log. May be empty.
    std::function<void(std::string_view direction, std::string_view message)> trace{};
};

/// A debug adapter for one client: bytes in, bytes out. It owns no socket, no thread and no clock;
/// all members are called on the event loop's thread.
///
/// Every request gets one response, in the order in which they came; only a cancelled one may be
/// answered before its turn. Input that is no message gets an output event that says what is wrong,
/// and ends the session.
class Server {
  public:
    /// Takes bytes to be sent: whole messages.
    using Output = std::function<void(std::string_view bytes)>;

    /// `host` must outlive the server.
    Server(Host& host, ServerOptions options, Output output);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// Bytes from the client, in any portions. Ignored once finished().
    void receive(std::string_view bytes);
    /// The connection is lost or closed: the guest goes on without us.
    void client_gone();
    /// The session is over: close the connection once all output has been sent.
    [[nodiscard]] bool finished() const;
    /// A process that was started still runs; its output is read and dropped until it ends, so
    /// that it can end in its own time.
    [[nodiscard]] bool guest_lives_on() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace wdbg::dap
