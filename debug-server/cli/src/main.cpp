// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "bridge_command.h"
#include "compile_command.h"
#include "dap_command.h"
#include "info_command.h"
#include "run_command.h"

#include <wdbg/cli/report.h>
#include <wdbg/cli/run_options.h>
#include <wdbg/version.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace wdbg::cli {
namespace {

struct Command {
    std::string_view name;
    std::string_view help;
    int (*run)(std::span<const std::string> arguments);
};

constexpr Command commands[] = {
    {"run", "run a module with a debugger attached or attachable", run_command},
    {"compile", "compile a module ahead of time, with a debug file", compile_command},
    {"dap", "debug adapter for editors, such as VS Code", dap_command},
    {"bridge", "debug AOT code behind a native debug server", bridge_command},
    {"info", "what a debugger can see in a module", info_command},
};

void print_help() {
    std::string text = "usage: wdbg COMMAND [options] …\n\n"
                       "Debugs WebAssembly with its sources, in LLDB and VS Code.\n\n";
    constexpr std::size_t help_column = 14;
    for (const Command& command : commands) {
        std::string line = "  wdbg " + std::string(command.name);
        line.resize(help_column + 2, ' ');
        text += line + std::string(command.help) + "\n";
    }
    text += "\n  wdbg COMMAND --help, wdbg --version\n";
    std::fputs(text.c_str(), stdout);
}

int run_named(std::string_view name, std::span<const std::string> arguments) {
    for (const Command& command : commands) {
        if (command.name != name) {
            continue;
        }
        return command.run(arguments);
    }
    report("unknown command " + std::string(name) + "; expected run (see wdbg --help)");
    return ExitStatus::Usage;
}

int run_main(std::span<const std::string> arguments) {
    if (arguments.empty()) {
        report("no command given; expected wdbg run [options] MODULE (see wdbg --help)");
        return ExitStatus::Usage;
    }
    const std::string& first = arguments.front();
    if (first == "--help" || first == "-h") {
        print_help();
        return ExitStatus::Success;
    }
    if (first == "--version") {
        std::puts(("wdbg " + std::string(version)).c_str());
        return ExitStatus::Success;
    }
    if (first.starts_with('-')) {
        return run_command(without_run(arguments)); // as LLDB's wasm platform starts a runtime
    }
    return run_named(first, arguments.subspan(1));
}

} // namespace
} // namespace wdbg::cli

namespace {

/// Tables of debug information are read through larger ones, which are to go back to the system:
/// glibc would keep them once it has seen some go.
void return_large_blocks() {
#ifdef __GLIBC__
    constexpr int from_here = 256 * 1024; // bytes
    ::mallopt(M_MMAP_THRESHOLD, from_here);
#endif
}

} // namespace

int main(int argc, char** argv) {
    return_large_blocks();
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return wdbg::cli::run_main(arguments);
}
