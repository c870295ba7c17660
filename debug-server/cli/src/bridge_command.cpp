// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "bridge_command.h"

#include "debug_server.h"

#include <wdbg/bridge/bridge.h>
#include <wdbg/cli/bridge_options.h>
#include <wdbg/cli/listen_file.h>
#include <wdbg/cli/packet_log.h>
#include <wdbg/cli/report.h>

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>

namespace wdbg::cli {
namespace {

int fail_with(const Error& error) {
    report("bridge: " + error.message);
    return ExitStatus::Failure;
}

bridge::BridgeOptions bridge_options(const BridgeCommandOptions& options, PacketLog* log) {
    bridge::BridgeOptions made;
    made.host = options.native->host;
    made.port = options.native->port;
    for (const auto& module : options.modules) {
        bridge::ModuleFiles files;
        files.module = module.module;
        files.debug_file = module.debug_file;
        if (module.load_address) {
            files.load_address = NativeAddress{*module.load_address};
        }
        made.modules.push_back(std::move(files));
    }
    for (const auto& area : options.search) {
        made.search.push_back({.begin = {area.address}, .size = area.size});
    }
    made.host_file = options.host_file;
    made.load_limit = std::chrono::seconds(options.load_seconds);
    made.reconnect_limit = std::chrono::seconds(options.reconnect_seconds);
    made.warn = [](const std::string& text) { report(text); };
    if (log != nullptr) {
        made.trace = [log](std::string_view direction, std::string_view bytes) {
            log->write(direction, bytes);
        };
    }
    return made;
}

RunOptions server_options(const BridgeCommandOptions& options) {
    RunOptions made;
    made.listen = options.listen;
    made.dap = options.dap;
    made.packet_log = options.packet_log;
    made.verbose = options.verbose;
    made.module = options.modules.front().module;
    return made;
}

/// Until a client has detached, the guest has ended, or somebody interrupts us.
int serve(const BridgeCommandOptions& options, boost::asio::io_context& loop,
          bridge::Bridge& bridge) {
    auto server = DebugServer::create(loop, bridge.debuggee(), server_options(options));
    if (!server) {
        return fail_with(server.error());
    }
    (*server)->end_with_session();
    boost::asio::signal_set signals(loop, SIGINT, SIGTERM, SIGHUP);
    signals.async_wait([&server](const boost::system::error_code& error, int /*number*/) {
        if (!error) {
            (*server)->shut();
        }
    });
    bridge.start();
    if (!options.wait) {
        boost::asio::post(loop, [&bridge] { bridge.debuggee().detach(); });
    }
    if (options.verbose) {
        report("listening on " + (*server)->address());
    }
    if (options.listen_file) {
        if (auto told = write_listen_file(*options.listen_file, (*server)->address()); !told) {
            return fail_with(told.error());
        }
    }
    (*server)->start();
    const std::optional<int> exit_code = (*server)->wait();
    bridge.release();
    if (options.verbose) {
        const auto figures = bridge.figures();
        report("native link: " + std::to_string(figures.packets) + " packets, " +
               std::to_string(figures.bytes_sent) + " bytes out, " +
               std::to_string(figures.bytes_received) + " in");
    }
    if (!bridge.lost().empty()) {
        return ExitStatus::Failure;
    }
    return exit_code.value_or(ExitStatus::Success);
}

} // namespace

int bridge_command(std::span<const std::string> arguments) {
    const Result<BridgeCommandOptions> options = parse_bridge_options(arguments);
    if (!options) {
        report("bridge: " + options.error().message + " (see wdbg bridge --help)");
        return ExitStatus::Usage;
    }
    if (options->help) {
        std::fputs(bridge_help().c_str(), stdout);
        return ExitStatus::Success;
    }
    std::unique_ptr<PacketLog> log;
    if (options->native_log) {
        auto opened = PacketLog::open(*options->native_log);
        if (!opened) {
            return fail_with(opened.error());
        }
        log = std::move(*opened);
    }
    boost::asio::io_context loop(1); // outlives the bridge, which posts to it
    auto bridge = bridge::Bridge::open(loop, bridge_options(*options, log.get()));
    if (!bridge) {
        return fail_with(bridge.error());
    }
    return serve(*options, loop, **bridge);
}

} // namespace wdbg::cli
