// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/remote/native_target.h>
#include <wdbg/remote/remote_debuggee.h>
#include <wdbg/rsp/client.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace wdbg::remote {

/// A TCP connection and the protocol's client on it. While somebody waits in ask() the socket is
/// run here; otherwise the event loop tells when there is something to read.
class Link : public std::enable_shared_from_this<Link> {
  public:
    /// Io with the address if nobody listens there or answers in time.
    [[nodiscard]] static Result<std::shared_ptr<Link>> open(boost::asio::io_context& loop,
                                                            const ConnectOptions& options);

    Link(boost::asio::io_context& loop, const ConnectOptions& options);

    [[nodiscard]] rsp::Client& client() { return client_; }

    /// Makes a request and runs the socket until it is answered. `begin` is called with the
    /// handler of the answer. Not while the guest runs: Io would come after the time limit only if
    /// the request was sent, so NotStopped is given at once.
    template <class T, class Begin>
    Result<T> ask(Begin begin) {
        if (client_.running()) {
            return fail(ErrorCode::NotStopped, "the guest is running");
        }
        auto answer = std::make_shared<std::optional<Result<T>>>(); // may come after we have left
        begin([answer](Result<T> result) { *answer = std::move(result); });
        while (!*answer) {
            pump();
        }
        return std::move(**answer);
    }

    /// The answer to a packet that has no request of its own.
    [[nodiscard]] Result<std::string> ask_packet(const std::string& packet);

    /// Runs the socket until `done` or the time is over; false then.
    bool pump_until(const std::function<bool()>& done, std::chrono::milliseconds limit);

    [[nodiscard]] const LinkFigures& figures() const { return figures_; }

    /// Called once from the event loop when the other side has gone, not after close().
    void set_lost_handler(std::function<void()> handler) { lost_handler_ = std::move(handler); }

    /// Begins to watch the socket from the event loop.
    void watch();
    /// Lets the client's time limits hold also while nobody waits in ask().
    void tick_now_and_then();
    void close();

  private:
    void pump(); ///< waits for a short while at most
    void read_all();
    void send(std::string_view bytes);
    void lose();
    bool wait(short events, int milliseconds);

    boost::asio::io_context& loop_;
    boost::asio::ip::tcp::socket socket_;
    boost::asio::steady_timer ticks_;
    std::chrono::milliseconds timeout_;
    std::function<void(std::string_view, std::string_view)> trace_;
    rsp::Client client_;
    LinkFigures figures_;
    bool send_failed_ = false;
    std::function<void()> lost_handler_;
};

} // namespace wdbg::remote
