// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "run_command.h"

#include "debug_server.h"
#include "trap_place.h"

#include <wdbg/cli/listen_file.h>
#include <wdbg/cli/report.h>
#include <wdbg/cli/run_options.h>
#include <wdbg/wamr/runtime.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string_view>

namespace wdbg::cli {
namespace {

int fail_with(const Error& error) {
    report(error.message);
    return ExitStatus::Failure;
}

bool is_aot(const std::filesystem::path& module) {
    constexpr std::string_view magic("\0aot", 4);
    std::array<char, magic.size()> start{};
    std::ifstream(module, std::ios::binary).read(start.data(), start.size());
    return std::string_view(start.data(), start.size()) == magic;
}

wamr::RuntimeOptions runtime_options(const RunOptions& options) {
    wamr::RuntimeOptions runtime{.debug_hooks = options.listen || options.dap};
    runtime.max_threads = options.max_threads.value_or(runtime.max_threads);
    return runtime;
}

wamr::GuestOptions guest_options(const RunOptions& options) {
    wamr::GuestOptions guest{.args = options.guest_args,
                             .env = options.env,
                             .preopens = options.preopens,
                             .invoke = options.invoke};
    guest.stack_size = options.stack_size.value_or(guest.stack_size);
    guest.heap_size = options.heap_size.value_or(guest.heap_size);
    return guest;
}

int exit_status(const RunOptions& options, const wamr::Outcome& outcome) {
    for (const std::string& result : outcome.results) {
        std::puts(result.c_str());
    }
    std::fflush(stdout);
    if (!outcome.trap.empty()) {
        report(trap_line(outcome.trap, find_trap_place(options.module, outcome.trap_pc)));
    }
    return outcome.exit_code;
}

int run_plain(const RunOptions& options, wamr::Runtime& runtime) {
    auto guest = runtime.load(options.module, guest_options(options));
    if (!guest) {
        return fail_with(guest.error());
    }
    return exit_status(options, (*guest)->run());
}

Result<void> tell_address(const RunOptions& options, const std::string& address) {
    if (options.listen_descriptor) {
        write_listen_descriptor(*options.listen_descriptor, address);
    }
    return options.listen_file ? write_listen_file(*options.listen_file, address) : Result<void>();
}

/// The listener's file is written as soon as a client can connect; the client gets its first
/// answer when the module is loaded.
int run_debugged(const RunOptions& options, boost::asio::io_context& loop, wamr::Runtime& runtime) {
    auto server = DebugServer::create(loop, runtime, options);
    if (!server) {
        return fail_with(server.error());
    }
    if (options.verbose) {
        report("listening on " + (*server)->address());
    }
    if (auto told = tell_address(options, (*server)->address()); !told) {
        return fail_with(told.error());
    }
    auto guest = runtime.load(options.module, guest_options(options));
    if (!guest) {
        return fail_with(guest.error());
    }
    if (options.wait) {
        runtime.wait_at_entry();
    }
    (*server)->start();
    const wamr::Outcome outcome = (*guest)->run();
    (*server)->finish();
    return exit_status(options, outcome);
}

int run(const RunOptions& options) {
    boost::asio::io_context loop(1); // outlives the runtime, which posts to it
    auto runtime = wamr::Runtime::create(runtime_options(options));
    if (!runtime) {
        return fail_with(runtime.error());
    }
    return options.listen || options.dap ? run_debugged(options, loop, **runtime) : run_plain(options, **runtime);
}

} // namespace

int run_command(std::span<const std::string> arguments) {
    Result<RunOptions> options = parse_run_options(arguments);
    if (!options) {
        report("run: " + options.error().message + " (see wdbg run --help)");
        return ExitStatus::Usage;
    }
    if (options->help) {
        std::fputs(run_help().c_str(), stdout);
        return ExitStatus::Success;
    }
    if (!options->unavailable.empty()) {
        report("run: " + options->unavailable);
        return ExitStatus::Failure;
    }
    if (is_aot(options->module)) {
        report(options->module.string() + ": is an AOT module, which this build cannot run yet; "
                                          "give the .wasm it was compiled from");
        return ExitStatus::Failure;
    }
    return run(*options);
}

} // namespace wdbg::cli
