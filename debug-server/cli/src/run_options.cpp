// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/option_table.h>
#include <wdbg/cli/run_options.h>

#include <charconv>

namespace wdbg::cli {
namespace {

Result<void> invalid(std::string message) {
    return fail(ErrorCode::InvalidArgument, std::move(message));
}

Result<void> set_number(std::optional<std::uint32_t>& target, std::string_view text) {
    std::uint32_t number = 0;
    const char* end = text.data() + text.size();
    auto [rest, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || rest != end) {
        return invalid("expected a number from 0 to 4294967295");
    }
    target = number;
    return {};
}

/// Options of features that are still to come are known, but refused when the guest is to run.
void note_unavailable(RunOptions& options, std::string what) {
    if (options.unavailable.empty()) {
        options.unavailable = std::move(what);
    }
}

Result<void> set_listen(RunOptions& options, std::string_view value) {
    if (options.listen) {
        return invalid("there is a listener already, on " + to_string(*options.listen) +
                       "; give only one of -g, --debugger-port and --listen");
    }
    Result<Endpoint> endpoint = parse_endpoint(value);
    if (!endpoint) {
        return std::unexpected(endpoint.error());
    }
    options.listen = *endpoint;
    return {};
}

Result<void> set_dap(RunOptions& options, std::string_view value) {
    Result<Endpoint> endpoint = parse_endpoint(value);
    if (!endpoint) {
        return std::unexpected(endpoint.error());
    }
    options.dap = *endpoint;
    return {};
}

Result<void> set_engine(RunOptions& options, std::string_view value) {
    if (value != "interp" && value != "aot") {
        return invalid("expected interp or aot");
    }
    options.compile = value == "aot";
    return {};
}

Result<void> set_optimisation(RunOptions& options, std::string_view value) {
    if (value.size() != 1 || std::string_view("0123g").find(value) == std::string_view::npos) {
        return invalid("expected -O0, -O1, -O2, -O3 or -Og");
    }
    options.optimisation = value;
    return {};
}

Result<void> set_tier_down(RunOptions& options, std::string_view value) {
    if (value == "auto" || value == "module") {
        note_unavailable(options, "--tier-down=" + std::string(value) +
                                      ": this build has no AOT engine to tier down from yet");
    } else if (value != "off") {
        return invalid("expected auto, off or module");
    }
    return {};
}

Result<void> set_debug_file(RunOptions& options, std::string_view value) {
    if (value.empty()) {
        return invalid("expected a path");
    }
    options.debug_file = value;
    return {};
}

Result<void> set_listen_file(RunOptions& options, std::string_view value) {
    if (value.empty()) {
        return invalid("expected a path");
    }
    options.listen_file = value;
    return {};
}

Result<void> set_listen_descriptor(RunOptions& options, std::string_view value) {
    std::optional<std::uint32_t> number;
    constexpr std::uint32_t most = 1U << 20U;
    if (!set_number(number, value) || *number <= 2 || *number > most) {
        return invalid("expected the number of an open file descriptor, from 3");
    }
    options.listen_descriptor = static_cast<int>(*number);
    return {};
}

Result<void> add_env(RunOptions& options, std::string_view value) {
    const std::size_t equals = value.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
        return invalid("expected --env=NAME=VALUE");
    }
    options.env.emplace_back(value);
    return {};
}

Result<void> add_preopen(RunOptions& options, std::string_view value) {
    const std::size_t separator = value.find("::");
    std::string host(value.substr(0, separator));
    std::string guest =
        separator == std::string_view::npos ? host : std::string(value.substr(separator + 2));
    if (host.empty() || guest.empty()) {
        return invalid("expected --dir=HOST or --dir=HOST::GUEST");
    }
    std::error_code error;
    if (!std::filesystem::is_directory(host, error)) {
        return invalid("there is no folder " + host);
    }
    options.preopens.emplace_back(std::move(host), std::move(guest));
    return {};
}

Result<void> set_invoke(RunOptions& options, std::string_view value) {
    if (value.empty()) {
        return invalid("expected the name of an exported function");
    }
    options.invoke = value;
    return {};
}

using Row = OptionRow<RunOptions>;

constexpr Row run_rows[] = {
    {{"-g", "--debugger-port", "--listen"},
     "HOST:PORT",
     "serve the GDB remote protocol (LLDB's wasm flavour) here;\n"
     "                              HOST may be left out (127.0.0.1), PORT 0 picks one",
     set_listen},
    {{"--wait"},
     "",
     "with a listener, wait at the guest's entry for a client (default)",
     [](RunOptions& options, std::string_view) -> Result<void> {
         options.wait = true;
         return {};
     }},
    {{"--no-wait"},
     "",
     "start the guest at once; a client may attach at any time",
     [](RunOptions& options, std::string_view) -> Result<void> {
         options.wait = false;
         return {};
     }},
    {{"--listen-file"},
     "PATH",
     "write \"HOST:PORT\" there once bound (for scripts)",
     set_listen_file},
    {{"--listen-fd"},
     "N",
     "write \"HOST:PORT\" to this open file descriptor once bound, then close it",
     set_listen_descriptor},
    {{"--log-packets"},
     "PATH",
     "write every packet there, with its time",
     [](RunOptions& options, std::string_view value) -> Result<void> {
         options.packet_log = value;
         return {};
     }},
    {{"--env"}, "K=V", "an environment variable of the guest; may be given again", add_env},
    {{"--dir"}, "HOST[::GUEST]", "a folder the guest may open; may be given again", add_preopen},
    {{"--invoke"}, "FUNC", "call this export instead of the program's entry", set_invoke},
    {{"--stack-size"},
     "N",
     "bytes of wasm operand stack per thread (default 8388608)",
     [](RunOptions& options, std::string_view value) {
         return set_number(options.stack_size, value);
     }},
    {{"--heap-size"},
     "N",
     "bytes of the runtime's own heap in the guest (default 0)",
     [](RunOptions& options, std::string_view value) {
         return set_number(options.heap_size, value);
     }},
    {{"--max-threads"},
     "N",
     "threads of the guest besides its main one (default 64)",
     [](RunOptions& options, std::string_view value) {
         return set_number(options.max_threads, value);
     }},
    {{"--engine"},
     "interp|aot",
     "for a .wasm: interpret it (default), or compile it and run native code",
     set_engine},
    {{"-O"},
     "0|1|2|3|g",
     "-O0 … -O3, -Og: optimisation of --engine=aot (default -Og)",
     set_optimisation},
    {{"--cpu"},
     "NAME",
     "processor that --engine=aot compiles for (default: this machine's)",
     [](RunOptions& options, std::string_view value) -> Result<void> {
         options.processor = value;
         return {};
     }},
    {{"--compile-only"},
     "",
     "with --engine=aot: compile into the cache, print the .aot's path, and end",
     [](RunOptions& options, std::string_view) -> Result<void> {
         options.compile_only = true;
         return {};
     }},
    {{"--dap"},
     "HOST:PORT",
     "serve the Debug Adapter Protocol there, instead of or besides -g",
     set_dap},
    {{"--debug-file"}, "PATH", "the debug file of an .aot (default: MODULE.debug)", set_debug_file},
    {{"--tier-down"}, "auto|off|module", "reserved; only off in this build", set_tier_down},
    {{"-v", "--verbose"},
     "",
     "say on stderr what wdbg does",
     [](RunOptions& options, std::string_view) -> Result<void> {
         options.verbose = true;
         return {};
     }},
    {{"-h", "--help"},
     "",
     "this text",
     [](RunOptions& options, std::string_view) -> Result<void> {
         options.help = true;
         return {};
     }},
};

Result<void> check_together(const RunOptions& options) {
    if (!options.optimisation.empty() && !options.compile) {
        return invalid("-O" + options.optimisation + " is for --engine=aot");
    }
    if (!options.processor.empty() && !options.compile) {
        return invalid("--cpu is for --engine=aot");
    }
    if (options.compile_only && !options.compile) {
        return invalid("--compile-only is for --engine=aot");
    }
    const bool listens = options.listen || options.dap;
    if ((options.listen_file || options.listen_descriptor) && !listens) {
        return invalid("--listen-file and --listen-fd need a listener: add -g=HOST:PORT");
    }
    return {};
}

} // namespace

Result<RunOptions> parse_run_options(std::span<const std::string> arguments) {
    RunOptions options;
    Result<std::size_t> used = parse_options(std::span<const Row>(run_rows), arguments, options);
    if (!used) {
        return std::unexpected(used.error());
    }
    if (options.help) {
        return options;
    }
    if (Result<void> checked = check_together(options); !checked) {
        return std::unexpected(checked.error());
    }
    const std::span<const std::string> rest = arguments.subspan(*used);
    if (rest.empty()) {
        return fail(ErrorCode::InvalidArgument,
                    "no MODULE given: wdbg run [options] MODULE [ARGS…]");
    }
    options.module = rest.front();
    options.guest_args.assign(rest.begin() + 1, rest.end());
    return options;
}

std::vector<std::string> without_run(std::span<const std::string> arguments) {
    std::vector<std::string> result(arguments.begin(), arguments.end());
    RunOptions ignored;
    const Result<std::size_t> used =
        parse_options(std::span<const Row>(run_rows), arguments, ignored);
    if (used && *used < result.size() && result[*used] == "run") {
        result.erase(result.begin() + static_cast<std::ptrdiff_t>(*used));
    }
    return result;
}

std::string run_help() {
    return "usage: wdbg run [options] MODULE [ARGS…]\n\n"
           "Runs MODULE: a .wasm in the interpreter, an .aot as native code. With a listener LLDB\n"
           "can debug it:\n"
           "  (lldb) process connect --plugin wasm connect://HOST:PORT\n"
           "Options may stand in any order; all behind MODULE is the guest's.\n\n" +
           help_of(std::span<const Row>(run_rows)) +
           "\nExit status: the guest's own; 134 after a trap, 137 if a debugger killed the guest,\n"
           "2 for a usage error, 1 if wdbg could not do its job.\n";
}

} // namespace wdbg::cli
