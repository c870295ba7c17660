// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_process.h"

#include <boost/asio/buffer.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace wdbg::cli {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// A pipe whose ends are closed unless they are released.
struct Pipe {
    Pipe() {
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            ends = {-1, -1};
        }
    }

    ~Pipe() {
        close(0);
        close(1);
    }

    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void close(std::size_t end) {
        if (ends.at(end) >= 0) {
            ::close(std::exchange(ends.at(end), -1));
        }
    }

    [[nodiscard]] int release_read() { return std::exchange(ends[0], -1); }

    std::array<int, 2> ends{-1, -1};
};

int exit_code_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string trim(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    constexpr std::string_view prefix = "wdbg: ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// Reads what there is until the end or the time is over.
std::string read_rest(int descriptor, std::chrono::milliseconds limit) {
    std::string text;
    std::array<char, 4096> buffer{};
    const auto end = std::chrono::steady_clock::now() + limit;
    while (text.size() < std::size_t{1} << 16U) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) {
            break;
        }
        const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
        if (size <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
}

} // namespace

GuestProcess::GuestProcess(asio::io_context& loop, dap::TargetHandlers handlers)
    : handlers_(std::move(handlers))
    , output_{Descriptor(loop), Descriptor(loop)}
    , end_(loop) {
}

GuestProcess::~GuestProcess() {
    if (address_ >= 0) {
        ::close(address_);
    }
}

Result<std::shared_ptr<GuestProcess>> GuestProcess::start(asio::io_context& loop,
                                                          std::vector<std::string> command,
                                                          const std::string& cwd,
                                                          dap::TargetHandlers handlers) {
    auto process = std::make_shared<GuestProcess>(loop, std::move(handlers));
    if (const auto spawned = process->spawn(std::move(command), cwd); !spawned) {
        return std::unexpected(spawned.error());
    }
    return process;
}

Result<void> GuestProcess::spawn(std::vector<std::string> command, const std::string& cwd) {
    Pipe out;
    Pipe err;
    Pipe address;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err.ends[1], 2);
    posix_spawn_file_actions_adddup2(&actions, address.ends[1], address_descriptor);
    if (!cwd.empty()) {
        posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
    }
    std::vector<char*> argv;
    argv.reserve(command.size() + 1);
    for (std::string& argument : command) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    // A group of its own: a terminal's Ctrl-C is for the client.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    const int problem =
        ::posix_spawn(&pid_, command.front().c_str(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (problem != 0) {
        return fail(ErrorCode::Io,
                    "cannot start " + command.front() + ": " + std::strerror(problem));
    }
    const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (pidfd < 0) {
        const int number = errno;
        ::kill(pid_, SIGKILL);
        return fail(ErrorCode::Io, std::string("cannot watch a process: ") + std::strerror(number));
    }
    end_.assign(pidfd);
    output_[0].assign(out.release_read());
    output_[1].assign(err.release_read());
    address_ = address.release_read();
    return {};
}

Result<Endpoint> GuestProcess::wait_for_address(std::chrono::milliseconds limit) {
    const std::string line = read_rest(address_, limit);
    if (!line.ends_with('\n')) {
        return fail(ErrorCode::Io, fail_with("it does not say where it listens"));
    }
    return parse_endpoint(line.substr(0, line.size() - 1));
}

std::string GuestProcess::fail_with(const std::string& why) {
    constexpr std::chrono::milliseconds patience{1000};
    // A guest that cannot run says so and ends by itself.
    const std::string said = read_rest(output_[1].native_handle(), patience);
    terminate();
    handlers_ = {};
    watch();
    return said.empty() ? "the guest does not start: " + why : trim(said);
}

void GuestProcess::watch() {
    read(0);
    read(1);
    wait_for_end();
}

void GuestProcess::read(std::size_t stream) {
    output_.at(stream).async_read_some(
        asio::buffer(buffers_.at(stream)),
        [self = shared_from_this(), stream](error_code error, std::size_t size) {
            if (error) {
                --self->open_streams_;
                self->report_end();
                return;
            }
            if (self->handlers_.output) {
                self->handlers_.output(stream == 0 ? dap::OutputCategory::Stdout
                                                   : dap::OutputCategory::Stderr,
                                       {self->buffers_.at(stream).data(), size});
            }
            self->read(stream);
        });
}

void GuestProcess::wait_for_end() {
    end_.async_wait(Descriptor::wait_read, [self = shared_from_this()](error_code /*error*/) {
        self->reap();
        self->report_end();
    });
}

void GuestProcess::reap() {
    int status = 0;
    if (!reaped_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        reaped_ = true;
        status_ = status;
    }
}

void GuestProcess::report_end() {
    if (reaped_ && open_streams_ == 0 && handlers_.ended) {
        std::exchange(handlers_.ended, nullptr)(exit_code_of(status_));
    }
}

/// Returns when it has ended, which does not take long behind a SIGKILL.
void GuestProcess::terminate() {
    if (reaped_ || pid_ <= 0) {
        return;
    }
    ::kill(pid_, SIGKILL);
    constexpr int patience_ms = 2000;
    pollfd waiting{.fd = end_.native_handle(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, patience_ms);
    reap();
}

} // namespace wdbg::cli
