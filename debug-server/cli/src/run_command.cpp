// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "run_command.h"

#include "compile_cache.h"
#include "debug_server.h"
#include "guest_engine.h"
#include "trap_place.h"

#include <wdbg/cli/listen_file.h>
#include <wdbg/cli/report.h>
#include <wdbg/cli/run_options.h>
#include <wdbg/wamr/runtime.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <span>

namespace wdbg::cli {
namespace {

int fail_with(const Error& error) {
    report(error.message);
    return ExitStatus::Failure;
}

bool is_aot(const std::filesystem::path& module) {
    std::array<char, 4> start{};
    std::ifstream(module, std::ios::binary).read(start.data(), start.size());
    return wamr::is_aot(std::as_bytes(std::span(start)));
}

Result<std::filesystem::path> compile(const RunOptions& options,
                                      const std::filesystem::path& module) {
    return compile_cached(module, options.optimisation.empty() ? "g" : options.optimisation,
                          options.processor);
}

wamr::RuntimeOptions runtime_options(const RunOptions& options) {
    wamr::RuntimeOptions runtime;
    runtime.max_threads = options.max_threads.value_or(runtime.max_threads);
    runtime.debug_file = options.debug_file;
    if (options.compile && !is_aot(options.module)) {
        runtime.wasm_file = options.module;
        runtime.find_import = [options](const std::string& name) {
            const auto file = options.module.parent_path() / (name + ".wasm");
            const auto aot = options.module.parent_path() / (name + ".aot");
            std::error_code error; // a name may be too long for a file's
            if (!std::filesystem::exists(file, error) && std::filesystem::exists(aot, error)) {
                return Result<wamr::ImportFile>(wamr::ImportFile{.file = aot});
            }
            if (!std::filesystem::exists(file, error)) {
                return Result<wamr::ImportFile>(
                    fail(ErrorCode::NotFound, file.string() + " does not exist"));
            }
            auto compiled = compile(options, file);
            if (!compiled) { // the runtime says only that nothing provides the import
                report(compiled.error().message);
                return Result<wamr::ImportFile>(std::unexpected(compiled.error()));
            }
            return Result<wamr::ImportFile>(
                wamr::ImportFile{.file = std::move(*compiled), .wasm_file = file});
        };
    }
    return runtime;
}

wamr::GuestOptions guest_options(const RunOptions& options) {
    wamr::GuestOptions guest{.program = options.module.string(),
                             .args = options.guest_args,
                             .env = options.env,
                             .preopens = options.preopens,
                             .invoke = options.invoke};
    guest.stack_size = options.stack_size.value_or(guest.stack_size);
    guest.heap_size = options.heap_size.value_or(guest.heap_size);
    return guest;
}

/// `module` is the main module's .wasm.
int exit_status(const std::filesystem::path& module, const wamr::Outcome& outcome) {
    for (const std::string& result : outcome.results) {
        std::puts(result.c_str());
    }
    std::fflush(stdout);
    if (!outcome.trap.empty()) {
        const std::filesystem::path file =
            outcome.trap_file.empty() ? module : std::filesystem::path(outcome.trap_file);
        report(trap_line(outcome.trap, find_trap_place(file, outcome.trap_pc)));
    }
    return outcome.exit_code;
}

/// `code` is what is loaded: the module, or what was compiled of it.
int run_plain(const RunOptions& options, const std::filesystem::path& code) {
    auto runtime = wamr::Runtime::create(runtime_options(options));
    if (!runtime) {
        return fail_with(runtime.error());
    }
    auto guest = (*runtime)->load(code, guest_options(options));
    if (!guest) {
        return fail_with(guest.error());
    }
    wamr::Outcome outcome = (*guest)->run();
    std::filesystem::path module = options.module;
    if (outcome.trap_text_offset && !outcome.trap_pc) {
        outcome.trap_pc = find_wasm_pc(code, options.debug_file, *outcome.trap_text_offset, module);
    }
    return exit_status(module, outcome);
}

Result<void> tell_address(const RunOptions& options, const std::string& address) {
    if (options.listen_descriptor) {
        write_listen_descriptor(*options.listen_descriptor, address);
    }
    return options.listen_file ? write_listen_file(*options.listen_file, address) : Result<void>();
}

/// A client can connect while the module is loaded; its address is told when there is a guest.
int run_debugged(const RunOptions& options, const std::filesystem::path& code) {
    boost::asio::io_context loop(1); // outlives the engine, which posts to it
    auto engine = GuestEngine::create(loop, runtime_options(options), options);
    if (!engine) {
        return fail_with(engine.error());
    }
    auto server = DebugServer::create(loop, (*engine)->debuggee(), options);
    if (!server) {
        return fail_with(server.error());
    }
    auto guest = (*engine)->runtime().load(code, guest_options(options));
    if (!guest) {
        return fail_with(guest.error());
    }
    if (options.verbose) {
        report("listening on " + (*server)->address());
    }
    if (auto told = tell_address(options, (*server)->address()); !told) {
        return fail_with(told.error());
    }
    if (auto started = (*engine)->start(); !started) {
        return fail_with(started.error());
    }
    (*server)->start();
    wamr::Outcome outcome = (*guest)->run();
    (*engine)->guest_ended(outcome);
    (*server)->finish();
    return exit_status((*engine)->wasm_file(options.module), outcome);
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
    std::filesystem::path code = options->module;
    if (options->compile && !is_aot(options->module)) {
        auto compiled = compile(*options, options->module);
        if (!compiled) {
            return fail_with(compiled.error());
        }
        code = std::move(*compiled);
    }
    if (options->compile_only) {
        std::puts(code.c_str());
        return ExitStatus::Success;
    }
    return options->listen || options->dap ? run_debugged(*options, code)
                                           : run_plain(*options, code);
}

} // namespace wdbg::cli
