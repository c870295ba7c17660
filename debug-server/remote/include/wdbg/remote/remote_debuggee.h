// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): Boost's
}

namespace wdbg::remote {

struct ConnectOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    /// For the connection and for each answer; a running guest may take as long as it likes.
    std::chrono::milliseconds timeout{5000};
    /// For the connection alone, where that is another time.
    std::optional<std::chrono::milliseconds> connect_limit{};
    /// The main module's file, where the server does not name one that is here. May be empty.
    std::filesystem::path module{};
    /// What the guest writes while it runs, for servers that send it (`O` packets).
    std::function<void(std::string_view text)> console{};
    /// Features to tell in qSupported, besides the client's.
    std::string features{};
    /// Sees every packet in (`<- `) and out (`-> `), for a log. May be empty.
    std::function<void(std::string_view direction, std::string_view bytes)> trace{};
};

/// A guest behind a GDB remote server for wasm: ours, WAMR's, Wasmtime's. Inspection is
/// synchronous: it runs the socket until the answer is there or the time is over, and keeps what
/// it has learnt until the guest runs again. Events are posted to `loop`, never delivered from
/// within a call.
///
/// A breakpoint that is set or removed while the guest runs interrupts it for a moment. A server
/// without `vCont;r` steps over a range one instruction at a time.
///
/// A lost connection ends the guest for the debugger: a Killed event, and lost() says why.
class RemoteDebuggee : public Debuggee {
  public:
    /// Connects and agrees with the server on what both can do. Io if nobody answers, with the
    /// address; Unsupported for a server of another machine than wasm. `loop` must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<RemoteDebuggee>>
    connect(boost::asio::io_context& loop, ConnectOptions options);

    /// Why the connection is lost; empty if it is not.
    [[nodiscard]] virtual std::string lost() const = 0;
};

} // namespace wdbg::remote
