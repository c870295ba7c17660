// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/endpoint.h>
#include <wdbg/dap/host.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace wdbg::cli {

/// A `wdbg run` that this process has started: its output, its end. It is read to its end and
/// waited for whatever becomes of those who want to know; without them its output is dropped.
class GuestProcess : public std::enable_shared_from_this<GuestProcess> {
  public:
    /// The descriptor that the child may tell its address on (`--listen-fd`).
    static constexpr int address_descriptor = 3;

    /// Starts `command` (a program's path and its arguments) with no input. Io with the system's
    /// words. `handlers` are called from the loop.
    [[nodiscard]] static Result<std::shared_ptr<GuestProcess>>
    start(boost::asio::io_context& loop, std::vector<std::string> command, const std::string& cwd,
          dap::TargetHandlers handlers);

    GuestProcess(boost::asio::io_context& loop, dap::TargetHandlers handlers);
    ~GuestProcess();
    GuestProcess(const GuestProcess&) = delete;
    GuestProcess& operator=(const GuestProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }

    /// Waits until the child has told where it listens. If it ends instead, Io with what it wrote
    /// to stderr.
    [[nodiscard]] Result<Endpoint> wait_for_address(std::chrono::milliseconds limit);
    /// It could not be used: ends it, and gives what it wrote to stderr meanwhile, or `why`.
    [[nodiscard]] std::string fail_with(const std::string& why);
    /// Begins to hand on output and the end.
    void watch();
    void terminate();

    void forget_handlers() { handlers_ = {}; }

  private:
    using Descriptor = boost::asio::posix::stream_descriptor;

    Result<void> spawn(std::vector<std::string> command, const std::string& cwd);
    void read(std::size_t stream);
    void wait_for_end();
    void reap();
    void report_end();

    dap::TargetHandlers handlers_;
    pid_t pid_ = -1;
    std::array<Descriptor, 2> output_; ///< stdout, stderr
    std::array<std::array<char, 32768>, 2> buffers_{};
    Descriptor end_; ///< pidfd
    int address_ = -1;
    int open_streams_ = 2;
    bool reaped_ = false;
    int status_ = 0;
};

} // namespace wdbg::cli
