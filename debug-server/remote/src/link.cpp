// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "link.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace wdbg::remote {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int slice_ms = 50; ///< how often the client's clock ticks while we wait
constexpr int tick_ms = 500; ///< … and otherwise

std::string describe(const ConnectOptions& options) {
    const bool bracket = options.host.find(':') != std::string::npos;
    return (bracket ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

/// One address, with a time limit. Gives the system's error number, 0 if connected.
int connect_to(Tcp::socket& socket, const Tcp::endpoint& endpoint,
               std::chrono::milliseconds limit) {
    error_code error;
    socket.close(error);
    socket.open(endpoint.protocol(), error);
    if (error) {
        return error.value();
    }
    socket.non_blocking(true, error);
    const int descriptor = socket.native_handle();
    if (::connect(descriptor, endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0) {
        return 0;
    }
    if (errno != EINPROGRESS) {
        return errno;
    }
    pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) {
        return ETIMEDOUT;
    }
    int problem = 0;
    socklen_t size = sizeof problem;
    ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size);
    return problem;
}

} // namespace

Link::Link(asio::io_context& loop, const ConnectOptions& options)
    : loop_(loop)
    , socket_(loop)
    , ticks_(loop)
    , timeout_(options.timeout)
    , trace_(options.trace)
    , client_([this](std::string_view bytes) { send(bytes); },
              {.features = options.features, .timeout = options.timeout}) {
}

Result<std::shared_ptr<Link>> Link::open(asio::io_context& loop, const ConnectOptions& options) {
    error_code error;
    Tcp::resolver resolver(loop);
    const auto found = resolver.resolve(options.host, std::to_string(options.port),
                                        Tcp::resolver::numeric_service, error);
    if (error) {
        return fail(ErrorCode::InvalidArgument,
                    "cannot find " + describe(options) + ": " + error.message());
    }
    auto link = std::make_shared<Link>(loop, options);
    int problem = EHOSTUNREACH;
    for (const auto& entry : found) {
        problem = connect_to(link->socket_, entry.endpoint(),
                             options.connect_limit.value_or(options.timeout));
        if (problem == 0) {
            const int on = 1;
            (void)::setsockopt(link->socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on,
                               sizeof on);
            return link;
        }
    }
    return fail(ErrorCode::Io, "cannot connect to " + describe(options) + ": " +
                                   error_code(problem, boost::system::system_category()).message());
}

bool Link::wait(short events, int milliseconds) {
    pollfd waiting{.fd = socket_.native_handle(), .events = events, .revents = 0};
    return ::poll(&waiting, 1, milliseconds) > 0;
}

void Link::pump() {
    if (socket_.is_open() && !send_failed_ && wait(POLLIN, slice_ms)) {
        read_all();
    }
    client_.tick(Clock::now());
    if (send_failed_ || !socket_.is_open() || client_.broken()) {
        lose();
    }
}

Result<std::string> Link::ask_packet(const std::string& packet) {
    return ask<std::string>([&](const auto& done) {
        client_.request(packet, [done](Result<std::string_view> reply) {
            done(reply ? Result<std::string>(std::string(*reply))
                       : Result<std::string>(std::unexpected(reply.error())));
        });
    });
}

bool Link::pump_until(const std::function<bool()>& done, std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (!done()) {
        if (Clock::now() >= end) {
            return false;
        }
        pump();
    }
    return true;
}

void Link::read_all() {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled by recv
    std::array<char, 65536> buffer;
    while (socket_.is_open()) {
        const ssize_t size = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
        if (size > 0) {
            const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
            figures_.bytes_received += bytes.size();
            if (trace_) {
                trace_("<-", bytes);
            }
            client_.receive(bytes);
            continue;
        }
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
            return;
        }
        lose();
        return;
    }
}

/// The client must not be told from within its own output: pump() and watch() do.
void Link::send(std::string_view bytes) {
    if (trace_) {
        trace_("->", bytes);
    }
    figures_.packets += bytes.starts_with('$') ? 1 : 0;
    figures_.bytes_sent += bytes.size();
    const auto end = Clock::now() + timeout_;
    while (!bytes.empty() && socket_.is_open() && !send_failed_) {
        const ssize_t sent =
            ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
            send_failed_ = Clock::now() >= end;
            wait(POLLOUT, slice_ms);
        } else {
            send_failed_ = true;
        }
    }
}

void Link::lose() {
    const std::function<void()> lost = std::move(lost_handler_);
    close();
    client_.connection_lost();
    if (lost) {
        asio::post(loop_, lost);
    }
}

void Link::close() {
    lost_handler_ = nullptr;
    ticks_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

void Link::watch() {
    if (!socket_.is_open()) {
        return;
    }
    socket_.async_wait(Tcp::socket::wait_read, [weak = weak_from_this()](error_code error) {
        const std::shared_ptr<Link> self = weak.lock();
        if (!self || error) {
            return;
        }
        self->read_all();
        if (self->client_.broken()) {
            self->lose();
        }
        self->watch();
    });
}

/// What nobody waits for has its time as well: the acknowledgement of what resumes the target.
void Link::tick_now_and_then() {
    ticks_.expires_after(std::chrono::milliseconds(tick_ms));
    ticks_.async_wait([weak = weak_from_this()](error_code error) {
        const std::shared_ptr<Link> self = weak.lock();
        if (!self || error || !self->socket_.is_open()) {
            return;
        }
        self->client_.tick(Clock::now());
        if (self->client_.broken()) {
            self->lose();
        }
        self->tick_now_and_then();
    });
}

} // namespace wdbg::remote
