// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dap_server.h"

#include <wdbg/cli/report.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

namespace wdbg::cli {

namespace asio = boost::asio;

namespace {

/// All bytes, or false if the reader has gone.
bool write_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

/// A copy of stdout for the protocol; descriptor 1 becomes stderr's.
int take_stdout() {
    const int copy = ::fcntl(1, F_DUPFD_CLOEXEC, 10);
    ::dup2(2, 1);
    return copy;
}

} // namespace

/// stdin may be a pipe, a file or a terminal: a thread reads it, so that the loop need not know.
int serve_stdio(asio::io_context& loop, dap::Host& host, dap::ServerOptions options) {
    ::signal(SIGPIPE, SIG_IGN);
    const int out = take_stdout();
    auto work = std::make_shared<asio::executor_work_guard<asio::io_context::executor_type>>(
        loop.get_executor());
    bool writable = true;
    dap::Server server(host, std::move(options), [&writable, out](std::string_view bytes) {
        writable = writable && write_all(out, bytes);
    });
    std::thread([&loop, &server, work] {
        std::array<char, 65536> buffer{};
        ssize_t size = 0;
        do {
            size = ::read(0, buffer.data(), buffer.size());
            const std::string bytes(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
            asio::post(loop, [&server, bytes, last = size <= 0] {
                last ? server.client_gone() : server.receive(bytes);
            });
        } while (size > 0);
    }).detach();
    // The thread above may sit in read() for ever: the loop ends when the session has.
    while (!server.finished() || server.guest_lives_on()) {
        if (loop.run_one() == 0) {
            break;
        }
    }
    while (loop.poll_one() != 0) {
    }
    ::_exit(ExitStatus::Success); // the reading thread still refers to what is here
}

} // namespace wdbg::cli
