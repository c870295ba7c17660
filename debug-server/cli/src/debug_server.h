// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "dap_server.h"
#include "own_guest.h"
#include "shared_debuggee.h"

#include <wdbg/cli/packet_log.h>
#include <wdbg/cli/run_options.h>
#include <wdbg/model/debuggee.h>
#include <wdbg/rsp/transport.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace wdbg::cli {

/// The event loop with all that belongs to it: listener, client, the debuggee's control. The guest
/// runs on the main thread meanwhile.
///
///     bound ──start()──► serving ──guest ends / killed──► closing ──all sent, or time out──►
///     closed
///
/// Clients may connect from `bound` on; they are answered once the loop runs.
class DebugServer {
  public:
    /// Binds at once. Everything given must outlive the server; `loop` also the debuggee.
    [[nodiscard]] static Result<std::unique_ptr<DebugServer>>
    create(boost::asio::io_context& loop, Debuggee& debuggee, const RunOptions& options);

    DebugServer(const DebugServer&) = delete;
    DebugServer& operator=(const DebugServer&) = delete;
    ~DebugServer();

    /// Of the GDB server where there is one, else of the DAP server.
    [[nodiscard]] std::string address() const { return tcp_ ? tcp_->address() : dap_->address(); }

    /// Starts the loop's thread.
    void start();

    /// Where the guest is no part of this process: serving ends with the first session that leaves
    /// in order (not with a lost connection). Before start().
    void end_with_session() { ends_with_session_ = true; }

    /// From the loop: ends serving as if the guest had ended.
    void shut() { close(); }

    /// Waits until serving has ended by itself, then ends the loop's thread. The guest's exit
    /// status if it has told one.
    std::optional<int> wait();
    /// The guest has ended and its events are posted: waits until the client has been told (or
    /// does not read), then ends the loop's thread.
    void finish();

  private:
    explicit DebugServer(boost::asio::io_context& loop) : loop_(loop), work_(loop.get_executor()) {}

    /// Who controls the guest; the first client wins.
    enum class Control : std::uint8_t { Nobody, Gdb, Dap };

    Result<void> listen(Debuggee& debuggee, const RunOptions& options);
    Result<void> listen_gdb(Debuggee& debuggee, const RunOptions& options);
    Result<void> listen_dap(Debuggee& debuggee, const RunOptions& options);
    bool acquire(Control who);
    void release(Control who, bool in_order);
    void close_gdb();
    void end();
    void on_event(const Event& event);
    void close();

    boost::asio::io_context& loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::unique_ptr<PacketLog> log_;
    std::unique_ptr<SharedDebuggee> shared_;
    std::unique_ptr<OwnGuestHost> host_;
    std::unique_ptr<rsp::TcpServer> tcp_;
    std::unique_ptr<DapTcpServer> dap_;
    Control control_ = Control::Nobody; ///< the loop's
    unsigned sessions_ = 0;             ///< the loop's: that have acquired
    bool verbose_ = false;
    std::thread thread_;
    std::promise<void> closed_;
    bool closing_ = false;      ///< the loop's
    bool guest_killed_ = false; ///< the loop's
    bool ends_with_session_ = false;
    std::optional<int> exit_code_; ///< the loop's
};

} // namespace wdbg::cli
