// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/cli/endpoint.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wdbg::cli {

/// What `wdbg bridge` was asked to do.
struct BridgeCommandOptions {
    struct Module {
        std::filesystem::path module;
        std::filesystem::path debug_file{};
        std::optional<std::uint64_t> load_address{};
    };

    struct Area {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
    };

    std::optional<Endpoint> native;
    std::vector<Module> modules;
    std::vector<Area> search;
    std::filesystem::path host_file;
    std::optional<Endpoint> listen; ///< serve the GDB remote protocol here
    std::optional<Endpoint> dap;    ///< serve the Debug Adapter Protocol here
    std::optional<std::filesystem::path> listen_file;
    std::optional<std::filesystem::path> packet_log;
    std::optional<std::filesystem::path> native_log;
    std::uint32_t load_seconds = 10;
    std::uint32_t reconnect_seconds = 0;
    bool wait = true;
    bool verbose = false;
    bool help = false;
};

/// Reads the arguments behind `wdbg bridge`. InvalidArgument for a usage error.
[[nodiscard]] Result<BridgeCommandOptions>
parse_bridge_options(std::span<const std::string> arguments);

/// The text of `wdbg bridge --help`.
[[nodiscard]] std::string bridge_help();

} // namespace wdbg::cli
