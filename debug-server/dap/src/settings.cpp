// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "settings.h"

#include <array>
#include <filesystem>

namespace wdbg::dap {

namespace {

struct ConsoleRow {
    std::string_view setting;
    std::string_view terminal; ///< runInTerminal's kind; empty: the debug console
};

constexpr std::array consoles{
    ConsoleRow{"internalConsole", ""},
    ConsoleRow{"integratedTerminal", "integrated"},
    ConsoleRow{"externalTerminal", "external"},
};

Result<void> invalid(std::string message) {
    return fail(ErrorCode::InvalidArgument, std::move(message));
}

/// The folder that relative paths in settings count from.
std::filesystem::path base_folder(const LaunchSettings& settings) {
    return settings.cwd.empty() ? std::filesystem::path(".") : std::filesystem::path(settings.cwd);
}

Result<void> read_program(const protocol::LaunchArguments& args, LaunchSettings& settings) {
    settings.cwd = args.cwd.value_or("");
    std::error_code error;
    if (!settings.cwd.empty() && !std::filesystem::is_directory(settings.cwd, error)) {
        return invalid("cwd: there is no folder " + settings.cwd);
    }
    if (!args.program || args.program->empty()) {
        return invalid("program is missing: give the path of a .wasm or .aot file");
    }
    const std::filesystem::path program = base_folder(settings) / *args.program;
    if (!std::filesystem::is_regular_file(program, error)) {
        return invalid("program: there is no file " + program.lexically_normal().string());
    }
    settings.program = std::filesystem::absolute(program, error).lexically_normal().string();
    return {};
}

Result<void> read_preopens(const protocol::LaunchArguments& args, LaunchSettings& settings) {
    for (const std::string& preopen : args.preopens.value_or(std::vector<std::string>())) {
        const std::size_t separator = preopen.find("::");
        const std::string host = preopen.substr(0, separator);
        const std::string guest =
            separator == std::string::npos ? host : preopen.substr(separator + 2);
        std::error_code error;
        const std::filesystem::path folder = base_folder(settings) / host;
        if (host.empty() || guest.empty() || !std::filesystem::is_directory(folder, error)) {
            return invalid("preopens: \"" + preopen +
                           R"(" is no folder; expected "FOLDER" or "FOLDER::GUEST")");
        }
        settings.preopens.emplace_back(
            std::filesystem::absolute(folder, error).lexically_normal().string(), guest);
    }
    return {};
}

Result<void> read_env(const protocol::LaunchArguments& args, LaunchSettings& settings) {
    for (const auto& [name, value] : args.env.value_or(std::map<std::string, Json>())) {
        if (name.empty() || name.contains('=')) {
            return invalid("env: \"" + name + "\" is no name of a variable");
        }
        if (value.is_string()) {
            settings.env.push_back(name + "=" + value.get<std::string>());
        } else if (!value.is_null()) {
            return invalid("env." + name + ": expected a string");
        }
    }
    return {};
}

Result<void> read_engine(const protocol::LaunchArguments& args, LaunchSettings& settings) {
    settings.engine = args.engine.value_or("interp");
    if (settings.engine != "interp" && settings.engine != "aot") {
        return invalid(R"(engine: expected "interp" or "aot", not ")" + settings.engine + "\"");
    }
    settings.opt_level = args.optLevel.value_or("");
    if (!settings.opt_level.empty() &&
        (settings.opt_level.size() != 1 ||
         std::string_view("0123g").find(settings.opt_level) == std::string_view::npos)) {
        return invalid(R"(optLevel: expected "0", "1", "2", "3" or "g", not ")" +
                       settings.opt_level + "\"");
    }
    settings.processor = args.cpu.value_or("");
    if (!settings.processor.empty() && settings.engine != "aot") {
        return invalid("cpu: is for the engine \"aot\"");
    }
    settings.debug_file = args.debugFile.value_or("");
    return {};
}

} // namespace

Result<StartRequest> read_launch(const protocol::LaunchArguments& args, bool client_has_terminal) {
    StartRequest request;
    LaunchSettings& settings = request.launch;
    for (const auto read : {read_program, read_preopens, read_env, read_engine}) {
        if (const auto good = read(args, settings); !good) {
            return std::unexpected(good.error());
        }
    }
    settings.args = args.args.value_or(std::vector<std::string>());
    settings.no_debug = args.noDebug.value_or(false);
    request.stop_on_entry = args.stopOnEntry.value_or(false) && !settings.no_debug;
    request.source_map = args.sourceMap.value_or(std::map<std::string, std::string>());
    const std::string console = args.console.value_or("internalConsole");
    for (const ConsoleRow& row : consoles) {
        if (row.setting != console) {
            continue;
        }
        if (!row.terminal.empty() && !client_has_terminal) {
            return fail(ErrorCode::Unsupported,
                        "console: this client has no terminals; use \"internalConsole\"");
        }
        request.terminal = row.terminal;
        return request;
    }
    return fail(ErrorCode::InvalidArgument,
                "console: expected \"internalConsole\", \"integratedTerminal\" or "
                "\"externalTerminal\", not \"" +
                    console + "\"");
}

Result<StartRequest> read_attach(const protocol::AttachArguments& args) {
    StartRequest request;
    request.attached = true;
    request.attach = {.connect = args.connect.value_or(""),
                      .native = args.native.value_or(""),
                      .module = args.module.value_or(""),
                      .debug_file = args.debugFile.value_or(""),
                      .host_file = args.hostFile.value_or("")};
    if (request.attach.connect.empty() == request.attach.native.empty()) {
        return fail(ErrorCode::InvalidArgument,
                    "attach: give either connect (\"HOST:PORT\" of a wasm debug server) or native "
                    "(\"HOST:PORT\" of a native one, with module and debugFile)");
    }
    constexpr std::int64_t longest = 86'400;
    const std::int64_t reconnect = args.reconnect.value_or(0);
    if (reconnect < 0 || reconnect > longest) {
        return fail(ErrorCode::InvalidArgument,
                    "reconnect: expected a number of seconds from 0 to 86400");
    }
    request.attach.reconnect_limit = std::chrono::seconds(reconnect);
    request.stop_on_entry = args.stopOnAttach.value_or(false);
    request.source_map = args.sourceMap.value_or(std::map<std::string, std::string>());
    return request;
}

} // namespace wdbg::dap
