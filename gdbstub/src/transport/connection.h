// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/rsp/server.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace wdbg::rsp {

/// A socket that is read in portions and written in packets, on the loop's thread.
///
///              finish()                 all sent, shut down         peer closed, or 1 s
///   Open ─────────────────► Flushing ─────────────────────► Closing ───────────────────► Closed
///     │                        │                               ▲
///     └────────────────────────┴── error, stalled, peer gone ──┘ (at once)
///
/// It keeps itself alive until it is closed.
class Connection : public std::enable_shared_from_this<Connection> {
  public:
    using Tcp = boost::asio::ip::tcp;

    struct Handlers {
        /// May call write() and finish().
        std::function<void(std::string_view bytes)> received;
        /// The peer has closed, or is lost, while open. Not called after finish().
        std::function<void()> gone;
    };

    explicit Connection(Tcp::socket socket);

    void start(Handlers handlers);
    /// One packet, one call of the operating system if it takes it all.
    void write(std::string_view bytes);
    /// Sends what is left, then closes. Nothing more is received. `flushed` is called once, when
    /// all is with the operating system, or lost: perhaps at once.
    void finish(std::function<void()> flushed = {});
    /// Closes without sending what is left.
    void abort();
    /// Whether the peer has closed already, though no event has told so yet.
    [[nodiscard]] bool peer_has_closed();

    [[nodiscard]] bool closed() const { return state_ == State::Closed; }

  private:
    enum class State : std::uint8_t { Open, Flushing, Closing, Closed };

    void read();
    void took(boost::system::error_code error, std::size_t size);
    void deliver();
    void write_rest();
    void wrote(boost::system::error_code error);
    void lost();
    void shut_down();
    void close();
    void report_flushed();

    Tcp::socket socket_;
    boost::asio::steady_timer timer_;
    Handlers handlers_;
    std::function<void()> flushed_;
    State state_ = State::Open;
    std::array<char, 16384> inbox_{};
    std::string_view unread_;   ///< part of inbox_ that waits for the outbox to drain
    std::string outbox_;        ///< written by write()
    std::string being_written_; ///< owned by the operation in progress
    bool writing_ = false;
};

} // namespace wdbg::rsp
