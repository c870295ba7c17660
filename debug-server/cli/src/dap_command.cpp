// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dap_command.h"

#include "dap_host.h"
#include "dap_server.h"

#include <wdbg/cli/listen_file.h>
#include <wdbg/cli/option_table.h>
#include <wdbg/cli/packet_log.h>
#include <wdbg/cli/report.h>

#include <cstdio>
#include <filesystem>
#include <optional>

namespace wdbg::cli {

namespace {

struct DapOptions {
    std::optional<Endpoint> listen;
    std::optional<std::filesystem::path> listen_file;
    std::optional<std::filesystem::path> log;
    bool help = false;
};

using Row = OptionRow<DapOptions>;

constexpr Row rows[] = {
    {{"--listen"},
     "HOST:PORT",
     "serve editors over TCP instead of stdin and stdout;\n"
     "                              HOST may be left out (127.0.0.1), PORT 0 picks one",
     [](DapOptions& options, std::string_view value) -> Result<void> {
         Result<Endpoint> endpoint = parse_endpoint(value);
         if (!endpoint) {
             return std::unexpected(endpoint.error());
         }
         options.listen = *endpoint;
         return {};
     }},
    {{"--listen-file"},
     "PATH",
     "write \"HOST:PORT\" there once bound (for scripts)",
     [](DapOptions& options, std::string_view value) -> Result<void> {
         options.listen_file = value;
         return {};
     }},
    {{"--log"},
     "PATH",
     "write every message there, with its time",
     [](DapOptions& options, std::string_view value) -> Result<void> {
         options.log = value;
         return {};
     }},
    {{"-h", "--help"},
     "",
     "this text",
     [](DapOptions& options, std::string_view) -> Result<void> {
         options.help = true;
         return {};
     }},
};

std::string dap_help() {
    return "usage: wdbg dap [options]\n\n"
           "A debug adapter (Debug Adapter Protocol) for editors, on stdin and stdout.\n\n" +
           help_of(std::span<const Row>(rows));
}

int fail_with(const Error& error) {
    report("dap: " + error.message);
    return ExitStatus::Failure;
}

int serve_tcp(const DapOptions& options, boost::asio::io_context& loop, dap::Host& host,
              dap::ServerOptions server_options) {
    auto server = DapTcpServer::listen(
        loop, host, {.endpoint = *options.listen, .server = std::move(server_options)});
    if (!server) {
        return fail_with(server.error());
    }
    if (options.listen_file) {
        if (auto written = write_listen_file(*options.listen_file, (*server)->address());
            !written) {
            return fail_with(written.error());
        }
    } else {
        report("dap: listening on " + (*server)->address());
    }
    loop.run();
    return ExitStatus::Success;
}

int serve(const DapOptions& options) {
    dap::ServerOptions server_options;
    std::unique_ptr<PacketLog> log;
    if (options.log) {
        auto opened = PacketLog::open(*options.log);
        if (!opened) {
            return fail_with(opened.error());
        }
        log = std::move(*opened);
        server_options.trace = [&log](std::string_view direction, std::string_view message) {
            log->write(direction, message);
        };
    }
    boost::asio::io_context loop(1);
    DapHost host(loop);
    return options.listen ? serve_tcp(options, loop, host, std::move(server_options))
                          : serve_stdio(loop, host, std::move(server_options));
}

Result<DapOptions> parse(std::span<const std::string> arguments) {
    DapOptions options;
    const Result<std::size_t> used = parse_options(std::span<const Row>(rows), arguments, options);
    if (!used) {
        return std::unexpected(used.error());
    }
    if (*used != arguments.size()) {
        return fail(ErrorCode::InvalidArgument,
                    "unexpected argument " + arguments[*used] +
                        "; what to debug is told by the editor (launch, attach)");
    }
    if (options.listen_file && !options.listen) {
        return fail(ErrorCode::InvalidArgument,
                    "--listen-file needs a listener: add --listen=HOST:PORT");
    }
    return options;
}

} // namespace

int dap_command(std::span<const std::string> arguments) {
    const Result<DapOptions> options = parse(arguments);
    if (!options) {
        report("dap: " + options.error().message + " (see wdbg dap --help)");
        return ExitStatus::Usage;
    }
    if (options->help) {
        std::fputs(dap_help().c_str(), stdout);
        return ExitStatus::Success;
    }
    return serve(*options);
}

} // namespace wdbg::cli
