// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace wdbg::rsp {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// Bytes handed to the server at a time, and what may be waiting to be sent before more are: a
/// client that asks and does not read cannot make us collect answers.
constexpr std::size_t portion = 256;
constexpr std::size_t outbox_limit = std::size_t{1} << 20U;
/// A peer that takes nothing for so long is given up.
constexpr std::chrono::seconds stall_limit{30};
/// How long a peer may take to close after we have.
constexpr std::chrono::seconds close_limit{1};

void set_int_option(int socket, int level, int name, int value) {
    (void)::setsockopt(socket, level, name, &value, sizeof value);
}

/// No delay for small packets; a peer whose machine is gone is noticed after a minute.
void tune(int socket) {
    set_int_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
    set_int_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_int_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_int_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_int_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

} // namespace

Connection::Connection(Tcp::socket socket)
    : socket_(std::move(socket))
    , timer_(socket_.get_executor()) {
}

void Connection::start(Handlers handlers) {
    handlers_ = std::move(handlers);
    error_code ignored;
    socket_.non_blocking(true, ignored);
    tune(socket_.native_handle());
    read();
}

void Connection::read() {
    socket_.async_read_some(asio::buffer(inbox_),
                            [self = shared_from_this()](error_code error, std::size_t size) {
                                self->took(error, size);
                            });
}

void Connection::took(error_code error, std::size_t size) {
    if (state_ == State::Closed) {
        return;
    }
    if (error) {
        lost();
        return;
    }
    if (state_ != State::Open) {
        read(); // only to see the peer close
        return;
    }
    unread_ = {inbox_.data(), size};
    deliver();
}

/// Hands on what was read, portion by portion, as long as the answers find room.
void Connection::deliver() {
    while (state_ == State::Open && !unread_.empty() && outbox_.size() < outbox_limit) {
        const std::string_view part = unread_.substr(0, portion);
        unread_.remove_prefix(part.size());
        handlers_.received(part);
    }
    if (state_ != State::Closed && (unread_.empty() || state_ != State::Open)) {
        read();
    }
}

void Connection::write(std::string_view bytes) {
    if (state_ != State::Open) {
        return;
    }
    if (!writing_ && outbox_.empty()) {
        error_code error;
        const std::size_t sent =
            socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
        bytes.remove_prefix(error ? 0 : sent); // an error that lasts shows again below
    }
    if (!bytes.empty()) {
        outbox_ += bytes;
        write_rest();
    }
}

void Connection::write_rest() {
    if (writing_) {
        return;
    }
    writing_ = true;
    being_written_.clear();
    std::swap(being_written_, outbox_);
    timer_.expires_after(stall_limit);
    timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error && self->writing_) {
            self->lost();
        }
    });
    asio::async_write(socket_, asio::buffer(being_written_),
                      [self = shared_from_this()](error_code error, std::size_t /*size*/) {
                          self->wrote(error);
                      });
}

void Connection::wrote(error_code error) {
    writing_ = false;
    timer_.cancel();
    if (state_ == State::Closed) {
        return;
    }
    if (error) {
        lost();
        return;
    }
    if (!outbox_.empty()) {
        write_rest();
    } else if (state_ == State::Flushing) {
        shut_down();
    }
    if (state_ == State::Open && !unread_.empty()) {
        deliver();
    }
}

void Connection::finish(std::function<void()> flushed) {
    flushed_ = std::move(flushed);
    if (state_ != State::Open) {
        report_flushed();
        return;
    }
    state_ = State::Flushing;
    if (!writing_) {
        shut_down();
    }
}

/// Closing at once would make the system throw away what the peer has not fetched yet.
void Connection::shut_down() {
    state_ = State::Closing;
    error_code ignored;
    socket_.shutdown(Tcp::socket::shutdown_send, ignored);
    timer_.expires_after(close_limit);
    timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) {
            self->close();
        }
    });
    report_flushed();
}

void Connection::lost() {
    const bool was_open = state_ == State::Open;
    close();
    if (was_open && handlers_.gone) {
        handlers_.gone();
    }
    report_flushed();
}

void Connection::abort() {
    close();
    report_flushed();
}

void Connection::close() {
    state_ = State::Closed;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
}

void Connection::report_flushed() {
    if (const auto flushed = std::exchange(flushed_, nullptr)) {
        flushed();
    }
}

bool Connection::peer_has_closed() {
    char byte = 0;
    return state_ != State::Open ||
           ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

} // namespace wdbg::rsp
