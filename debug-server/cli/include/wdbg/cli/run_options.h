// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/endpoint.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace wdbg::cli {

/// What `wdbg run` was asked to do.
struct RunOptions {
    std::optional<Endpoint> listen; ///< serve the GDB remote protocol here
    std::optional<Endpoint> dap;    ///< serve the Debug Adapter Protocol here
    bool wait = true;               ///< with a listener: wait at the entry for a client
    std::optional<std::filesystem::path> listen_file;
    std::optional<int> listen_descriptor; ///< as listen_file, but an open file descriptor
    std::optional<std::filesystem::path> packet_log;
    std::vector<std::string> env;                              ///< "K=V"
    std::vector<std::pair<std::string, std::string>> preopens; ///< host folder, guest folder
    std::string invoke;
    std::optional<std::uint32_t> stack_size;
    std::optional<std::uint32_t> heap_size;
    std::optional<std::uint32_t> max_threads;
    bool compile = false; ///< --engine=aot: a .wasm is compiled and run as native code
    bool compile_only = false;
    std::string optimisation{};         ///< of that: "0" … "3", "g"; empty: "g"
    std::string processor{};            ///< LLVM's name, to compile for; empty: this machine's
    std::filesystem::path debug_file{}; ///< of an .aot; empty: to be looked for
    bool verbose = false;
    bool help = false;
    /// The first option whose feature this build does not have, with what it lacks.
    std::string unavailable;
    std::filesystem::path module;
    std::vector<std::string> guest_args;
};

/// Reads the arguments behind `wdbg run`. InvalidArgument for a usage error; a request for help
/// succeeds without a module.
[[nodiscard]] Result<RunOptions> parse_run_options(std::span<const std::string> arguments);

/// `arguments` begin with an option: takes out a `run` that stands behind leading options. LLDB 22
/// and 23 give `wdbg -g=PORT run … MODULE`, because they put the port before the runtime's
/// arguments.
[[nodiscard]] std::vector<std::string> without_run(std::span<const std::string> arguments);

/// The text of `wdbg run --help`.
[[nodiscard]] std::string run_help();

} // namespace wdbg::cli
