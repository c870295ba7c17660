// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_server.h"

#include <wdbg/cli/listen_file.h>
#include <wdbg/cli/report.h>
#include <wdbg/cli/unseen_exits.h>

#include <boost/asio/post.hpp>

#include <unistd.h>
#include <utility>

namespace wdbg::cli {
namespace {

rsp::ListenOptions listen_options(const Debuggee& debuggee, const RunOptions& options) {
    rsp::ListenOptions listen;
    listen.server.leaves_unseen = UnseenExits(debuggee);
    listen.host = options.listen->host;
    listen.port = options.listen->port;
    listen.server.process_name = options.module.filename().string();
    return listen;
}

} // namespace

Result<std::unique_ptr<DebugServer>>
DebugServer::create(boost::asio::io_context& loop, Debuggee& debuggee, const RunOptions& options) {
    std::unique_ptr<DebugServer> server(new DebugServer(loop));
    if (Result<void> listening = server->listen(debuggee, options); !listening) {
        return std::unexpected(listening.error());
    }
    return server;
}

Result<void> DebugServer::listen(Debuggee& debuggee, const RunOptions& options) {
    if (options.packet_log) {
        auto log = PacketLog::open(*options.packet_log);
        if (!log) {
            return std::unexpected(log.error());
        }
        log_ = std::move(*log);
    }
    verbose_ = options.verbose;
    if (options.listen) {
        if (auto listening = listen_gdb(debuggee, options); !listening) {
            return listening;
        }
    }
    if (options.dap) {
        if (auto listening = listen_dap(debuggee, options); !listening) {
            return listening;
        }
    }
    debuggee.set_event_handler([this](const Event& event) { on_event(event); });
    return {};
}

Result<void> DebugServer::listen_gdb(Debuggee& debuggee, const RunOptions& options) {
    rsp::ListenOptions listen = listen_options(debuggee, options);
    listen.acquire = [this] { return acquire(Control::Gdb); };
    listen.released = [this](rsp::SessionEnd end) {
        release(Control::Gdb, end == rsp::SessionEnd::Detached);
    };
    if (log_) {
        listen.server.trace = [this](std::string_view direction, std::string_view payload) {
            log_->write(direction, payload);
        };
    }
    auto tcp = rsp::TcpServer::listen(loop_, debuggee, std::move(listen));
    if (!tcp) {
        return std::unexpected(tcp.error());
    }
    tcp_ = std::move(*tcp);
    return {};
}

Result<void> DebugServer::listen_dap(Debuggee& debuggee, const RunOptions& options) {
    shared_ = std::make_unique<SharedDebuggee>(debuggee);
    host_ = std::make_unique<OwnGuestHost>(loop_, *shared_);
    DapTcpServer::Options listen{.endpoint = *options.dap,
                                 .server = {},
                                 .acquire = [this] { return acquire(Control::Dap); },
                                 .released = [this] { release(Control::Dap, true); }};
    if (log_) {
        listen.server.trace = [this](std::string_view direction, std::string_view message) {
            log_->write(direction, message);
        };
    }
    auto dap = DapTcpServer::listen(loop_, *host_, std::move(listen));
    if (!dap) {
        return std::unexpected(dap.error());
    }
    dap_ = std::move(*dap);
    return {};
}

bool DebugServer::acquire(Control who) {
    // A GDB session may begin before its predecessor's release is told.
    if (control_ != Control::Nobody && control_ != who) {
        return false;
    }
    control_ = who;
    ++sessions_;
    if (verbose_) {
        report("a client has connected");
    }
    return true;
}

void DebugServer::release(Control who, bool in_order) {
    if (--sessions_ == 0 && control_ == who) {
        control_ = Control::Nobody;
    }
    if (verbose_) {
        report("the client has gone");
    }
    if (ends_with_session_ && in_order && sessions_ == 0) {
        close();
    }
}

DebugServer::~DebugServer() {
    if (thread_.joinable()) {
        loop_.stop();
        thread_.join();
    }
}

void DebugServer::start() {
    thread_ = std::thread([this] { loop_.run(); });
}

void DebugServer::finish() {
    // What the loop's own handlers post (Killed) may come behind this task, which is posted by
    // another thread meanwhile: close in the round after it.
    boost::asio::post(loop_, [this] { boost::asio::post(loop_, [this] { close(); }); });
    closed_.get_future().wait();
    loop_.stop();
    thread_.join();
}

std::optional<int> DebugServer::wait() {
    closed_.get_future().wait();
    loop_.stop();
    thread_.join();
    return exit_code_;
}

void DebugServer::on_event(const Event& event) {
    if (tcp_) {
        tcp_->on_event(event);
    }
    if (shared_) {
        shared_->on_event(event);
    }
    if (const auto* exited = std::get_if<Exited>(&event)) {
        exit_code_ = exited->exit_code;
    }
    guest_killed_ = guest_killed_ || std::holds_alternative<wdbg::Killed>(event);
    if (!std::holds_alternative<Stopped>(event)) {
        close();
    }
}

/// A killed guest may sit in a host call that never returns, so the process ends from here.
void DebugServer::close() {
    if (std::exchange(closing_, true)) {
        return;
    }
    if (dap_) {
        dap_->close([this] { close_gdb(); });
    } else {
        close_gdb();
    }
}

void DebugServer::close_gdb() {
    if (tcp_) {
        tcp_->close([this] { end(); });
    } else {
        end();
    }
}

void DebugServer::end() {
    if (guest_killed_ && ends_with_session_) {
        exit_code_ = ExitStatus::Killed; // another process than this one
    } else if (guest_killed_) {
        _exit(ExitStatus::Killed);
    }
    closed_.set_value();
}

} // namespace wdbg::cli
