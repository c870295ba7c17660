// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/bridge_options.h>
#include <wdbg/cli/option_table.h>
#include <wdbg/rsp/text.h>

#include <algorithm>

namespace wdbg::cli {
namespace {

using Options = BridgeCommandOptions;
using Row = OptionRow<Options>;

Result<void> invalid(std::string message) {
    return fail(ErrorCode::InvalidArgument, std::move(message));
}

Result<void> set_endpoint(std::optional<Endpoint>& target, std::string_view value) {
    Result<Endpoint> endpoint = parse_endpoint(value);
    if (!endpoint) {
        return std::unexpected(endpoint.error());
    }
    target = *endpoint;
    return {};
}

Result<void> add_module(Options& options, std::string_view value) {
    if (value.empty()) {
        return invalid("expected the path of a .wasm or an .aot");
    }
    options.modules.push_back({.module = value});
    return {};
}

Result<void> set_debug_file(Options& options, std::string_view value) {
    if (value.empty() || options.modules.empty()) {
        return invalid(value.empty() ? "expected a path" : "give --module=MODULE before");
    }
    options.modules.back().debug_file = value;
    return {};
}

Result<void> set_load_address(Options& options, std::string_view value) {
    const auto address = rsp::parse_integer(value);
    if (!address || options.modules.empty()) {
        return invalid(address ? "give --module=MODULE before"
                               : "expected an address, e.g. 0x8000");
    }
    options.modules.back().load_address = address;
    return {};
}

Result<void> add_search(Options& options, std::string_view value) {
    const std::size_t plus = std::min(value.find('+'), value.size());
    const auto address = rsp::parse_integer(value.substr(0, plus));
    const std::uint64_t size =
        rsp::parse_integer(value.substr(std::min(plus + 1, value.size()))).value_or(0);
    if (!address || size == 0) {
        return invalid("expected ADDR+SIZE, e.g. 0x20000000+0x10000");
    }
    options.search.push_back({.address = *address, .size = size});
    return {};
}

Result<void> set_seconds(std::uint32_t& target, std::string_view value) {
    const auto seconds = rsp::parse_integer(value);
    constexpr std::uint64_t most = 86'400;
    if (!seconds || *seconds > most) {
        return invalid("expected a number of seconds");
    }
    target = static_cast<std::uint32_t>(*seconds);
    return {};
}

constexpr Row rows[] = {
    {{"--native"},
     "HOST:PORT",
     "the native debug server: gdbserver, qemu -g, OpenOCD …",
     [](Options& options, std::string_view value) { return set_endpoint(options.native, value); }},
    {{"--module"},
     "MODULE",
     "a module that runs there, its .wasm or .aot; may be given again",
     add_module},
    {{"--debug-file"},
     "PATH",
     "the AOT debug file of the module before (default: beside it)",
     set_debug_file},
    {{"--load-address"},
     "ADDR",
     "where its code begins, if it is not to be looked for",
     set_load_address},
    {{"--search"},
     "ADDR+SIZE",
     "memory to look for code in (default: executable memory that\n"
     "                              belongs to no file); may be given again",
     add_search},
    {{"--host-file"},
     "ELF",
     "the runtime's program or firmware, for servers that do not tell\n"
     "                              what is mapped (qemu -g, probes)",
     [](Options& options, std::string_view value) -> Result<void> {
         options.host_file = value;
         return {};
     }},
    {{"--load-limit"},
     "SECONDS",
     "how long the target may run until the modules are loaded (default 10)",
     [](Options& options, std::string_view value) {
         return set_seconds(options.load_seconds, value);
     }},
    {{"--reconnect"},
     "SECONDS",
     "how long to try to reach a native server again whose connection is\n"
     "                              lost (default 0: the session ends)",
     [](Options& options, std::string_view value) {
         return set_seconds(options.reconnect_seconds, value);
     }},
    {{"-g", "--debugger-port", "--listen"},
     "HOST:PORT",
     "serve the GDB remote protocol (LLDB's wasm flavour) here\n"
     "                              (default 127.0.0.1:0)",
     [](Options& options, std::string_view value) { return set_endpoint(options.listen, value); }},
    {{"--dap"},
     "HOST:PORT",
     "serve the Debug Adapter Protocol there, instead or besides",
     [](Options& options, std::string_view value) { return set_endpoint(options.dap, value); }},
    {{"--no-wait"},
     "",
     "let the target run until a client attaches",
     [](Options& options, std::string_view) -> Result<void> {
         options.wait = false;
         return {};
     }},
    {{"--listen-file"},
     "PATH",
     "write \"HOST:PORT\" there once bound (for scripts)",
     [](Options& options, std::string_view value) -> Result<void> {
         options.listen_file = value;
         return {};
     }},
    {{"--log-packets"},
     "PATH",
     "write every packet of the client there, with its time",
     [](Options& options, std::string_view value) -> Result<void> {
         options.packet_log = value;
         return {};
     }},
    {{"--log-native"},
     "PATH",
     "write every packet of the native server there",
     [](Options& options, std::string_view value) -> Result<void> {
         options.native_log = value;
         return {};
     }},
    {{"-v", "--verbose"},
     "",
     "say on stderr what wdbg does",
     [](Options& options, std::string_view) -> Result<void> {
         options.verbose = true;
         return {};
     }},
    {{"-h", "--help"},
     "",
     "this text",
     [](Options& options, std::string_view) -> Result<void> {
         options.help = true;
         return {};
     }},
};

} // namespace

Result<BridgeCommandOptions> parse_bridge_options(std::span<const std::string> arguments) {
    Options options;
    const Result<std::size_t> used = parse_options(std::span<const Row>(rows), arguments, options);
    if (!used) {
        return std::unexpected(used.error());
    }
    if (options.help) {
        return options;
    }
    if (*used != arguments.size()) {
        return fail(ErrorCode::InvalidArgument,
                    "unexpected argument " + arguments[*used] + "; give --module=MODULE");
    }
    if (!options.native || options.native->port == 0) {
        return fail(ErrorCode::InvalidArgument, "no native debug server given: --native=HOST:PORT");
    }
    if (options.modules.empty()) {
        return fail(ErrorCode::InvalidArgument, "no module given: --module=MODULE");
    }
    if (!options.listen && !options.dap) {
        options.listen = Endpoint{};
    }
    return options;
}

std::string bridge_help() {
    return "usage: wdbg bridge --native=HOST:PORT --module=MODULE [options]\n\n"
           "Debugs compiled modules in a process or on a board behind a native debug server, with\n"
           "the modules' sources. LLDB connects to what --listen says, as for wdbg run; when it\n"
           "detaches, the target goes on as if nothing had been.\n\n" +
           help_of(std::span<const Row>(rows)) +
           "\nExit status: 0 when a client has detached; the guest's own if it ends before; 2 for "
           "a\nusage error, 1 if wdbg could not do its job.\n";
}

} // namespace wdbg::cli
