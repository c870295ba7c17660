// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_server.h"

#include <wdbg/cli/listen_file.h>
#include <wdbg/cli/report.h>

#include <boost/asio/post.hpp>

#include <unistd.h>
#include <utility>

namespace wdbg::cli {
namespace {

rsp::ListenOptions listen_options(const RunOptions& options) {
    rsp::ListenOptions listen;
    listen.host = options.listen->host;
    listen.port = options.listen->port;
    listen.server.process_name = options.module.filename().string();
    if (options.verbose) {
        listen.acquire = [] {
            report("a client has connected");
            return true;
        };
        listen.released = [](rsp::SessionEnd) { report("the client has gone"); };
    }
    return listen;
}

} // namespace

Result<std::unique_ptr<DebugServer>> DebugServer::create(boost::asio::io_context& loop,
                                                         Debuggee& debuggee,
                                                         const RunOptions& options) {
    std::unique_ptr<DebugServer> server(new DebugServer(loop));
    if (Result<void> listening = server->listen(debuggee, options); !listening) {
        return std::unexpected(listening.error());
    }
    return server;
}

Result<void> DebugServer::listen(Debuggee& debuggee, const RunOptions& options) {
    rsp::ListenOptions listen = listen_options(options);
    if (options.packet_log) {
        auto log = PacketLog::open(*options.packet_log);
        if (!log) {
            return std::unexpected(log.error());
        }
        log_ = std::move(*log);
        listen.server.trace = [this](std::string_view direction, std::string_view payload) {
            log_->write(direction, payload);
        };
    }
    auto tcp = rsp::TcpServer::listen(loop_, debuggee, std::move(listen));
    if (!tcp) {
        return std::unexpected(tcp.error());
    }
    tcp_ = std::move(*tcp);
    debuggee.set_event_handler([this](const Event& event) { on_event(event); });
    return {};
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

void DebugServer::on_event(const Event& event) {
    tcp_->on_event(event);
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
    tcp_->close([this] {
        if (guest_killed_) {
            _exit(ExitStatus::Killed);
        }
        closed_.set_value();
    });
}

} // namespace wdbg::cli
