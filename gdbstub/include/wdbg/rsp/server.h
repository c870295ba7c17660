// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace wdbg::rsp {

struct ServerOptions {
    /// Largest packet taken from a client, in bytes of payload; announced as qSupported's
    /// PacketSize. Replies are not bounded by it, apart from memory reads.
    std::size_t packet_size = 0x20000;
    /// qHostInfo and qProcessInfo. The default makes LLDB 22 take the module from its file.
    std::string triple = "wasm32-unknown-unknown-wasm";
    /// qProcessInfo: the guest's name; may be empty.
    std::string process_name{};
    /// qProcessInfo, qC, vAttach, D;pid.
    std::uint32_t pid = 1;
    /// Whether control can leave this range of a function, but by no instruction that LLDB takes
    /// for a branch. LLDB steps over the rest of a line by a breakpoint at the next branch or
    /// behind the line, and would lose the guest there: such a step is made by the debuggee. May be
    /// empty.
    std::function<bool(const CodeAddressRange& range)> leaves_unseen{};
    /// Sees every packet in (`-> `) and out (`<- `) without framing, and what went wrong besides
    /// (`!! `), for a log. May be empty.
    std::function<void(std::string_view direction, std::string_view payload)> trace{};
};

/// How a session ended.
enum class SessionEnd : std::uint8_t {
    None,        ///< it goes on
    Gone,        ///< the client vanished; the guest was detached and goes on
    Detached,    ///< `D`: the guest goes on
    LeftStopped, ///< `D1`: the guest stands where it was
    Killed,      ///< `k` or `vKill`: the guest has been asked to end
    GuestEnded   ///< W or X was reported
};

/// The GDB remote protocol's server half for one client, in LLDB's wasm flavour: bytes in, bytes
/// out. It owns no socket, no thread and no clock; all members are called on the event loop's
/// thread, as are those of the Debuggee.
///
/// Only `k`/`vKill` ends the guest. Whatever else happens to the session, the guest goes on.
class Server {
  public:
    /// Takes bytes to be sent. Called once per packet with whole packets (and with an ack before
    /// it, in the same call), never reentrantly from within another call of it.
    using Output = std::function<void(std::string_view bytes)>;

    /// `debuggee` must outlive the server. Nothing happens before start().
    Server(Debuggee& debuggee, ServerOptions options, Output output);
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    ~Server();

    /// A client is there: takes control of the guest (Debuggee::attach). Packets that need a
    /// stopped guest wait for the first stop.
    void start();

    /// Bytes from the client, in any portions. Ignored once finished().
    void receive(std::string_view bytes);

    /// Every event of the debuggee, from start() on.
    void on_event(const Event& event);

    /// The connection is lost or closed: detaches, so that the guest goes on. Harmless if the
    /// session has ended already.
    void client_gone();

    /// The session is over: close the connection once all output has been sent.
    [[nodiscard]] bool finished() const { return end() != SessionEnd::None; }

    [[nodiscard]] SessionEnd end() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace wdbg::rsp
