// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dap_host.h"

#include "guest_process.h"

#include <wdbg/bridge/bridge.h>
#include <wdbg/dwarf/loader.h>
#include <wdbg/remote/remote_debuggee.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace wdbg::cli {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

/// A module of some hundred megabytes takes its time to load.
constexpr milliseconds start_limit{60'000};
/// A terminal may have to be opened first.
constexpr milliseconds terminal_limit{30'000};
constexpr milliseconds terminal_poll{20};

/// A guest over the RSP client, and the process that runs it if it is ours.
class RemoteTarget final : public dap::Target {
  public:
    RemoteTarget(std::unique_ptr<remote::RemoteDebuggee> debuggee,
                 std::shared_ptr<GuestProcess> process)
        : process_(std::move(process))
        , debuggee_(std::move(debuggee)) {}

    RemoteTarget(const RemoteTarget&) = delete;
    RemoteTarget& operator=(const RemoteTarget&) = delete;

    Debuggee* debuggee() override { return debuggee_.get(); }

    [[nodiscard]] std::optional<std::int64_t> process_id() const override {
        return process_ ? std::optional<std::int64_t>(process_->pid()) : std::nullopt;
    }

    void terminate() override {
        if (process_) {
            process_->terminate();
        }
    }

    [[nodiscard]] std::string lost() const override {
        return debuggee_ ? debuggee_->lost() : std::string();
    }

    ~RemoteTarget() override = default;

  private:
    std::shared_ptr<GuestProcess> process_;
    std::unique_ptr<remote::RemoteDebuggee> debuggee_;
};

std::string own_path() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

/// `wdbg run` with these settings; `listener` are the options that say where it listens.
std::vector<std::string> run_command_line(const dap::LaunchSettings& settings,
                                          const std::vector<std::string>& listener) {
    std::vector<std::string> command{own_path(), "run"};
    if (!settings.no_debug) {
        command.insert(command.end(), listener.begin(), listener.end());
    }
    for (const std::string& variable : settings.env) {
        command.push_back("--env=" + variable);
    }
    for (const auto& [host, guest] : settings.preopens) {
        command.emplace_back("--dir=").append(host).append("::").append(guest);
    }
    if (settings.engine == "aot") {
        command.emplace_back("--engine=aot");
    }
    if (!settings.opt_level.empty()) {
        command.push_back("-O" + settings.opt_level);
    }
    if (!settings.processor.empty()) {
        command.push_back("--cpu=" + settings.processor);
    }
    if (!settings.debug_file.empty()) {
        command.push_back("--debug-file=" + settings.debug_file);
    }
    command.push_back(settings.program);
    command.insert(command.end(), settings.args.begin(), settings.args.end());
    return command;
}

remote::ConnectOptions connect_options(const Endpoint& endpoint, const std::string& module,
                                       milliseconds timeout) {
    return {.host = endpoint.host, .port = endpoint.port, .timeout = timeout, .module = module};
}

/// Compiled code behind a native debug server.
class BridgeTarget final : public dap::Target {
  public:
    explicit BridgeTarget(std::unique_ptr<bridge::Bridge> bridge) : bridge_(std::move(bridge)) {}

    Debuggee* debuggee() override { return &bridge_->debuggee(); }

    [[nodiscard]] std::optional<std::int64_t> process_id() const override { return std::nullopt; }

    /// Killing the debuggee is all there is.
    void terminate() override {}

    [[nodiscard]] std::string lost() const override { return bridge_->lost(); }

  private:
    std::unique_ptr<bridge::Bridge> bridge_;
};

Result<std::unique_ptr<dap::Target>> attach_native(asio::io_context& loop,
                                                   const dap::AttachSettings& settings,
                                                   const dap::TargetHandlers& handlers) {
    const Result<Endpoint> endpoint = parse_endpoint(settings.native);
    if (!endpoint) {
        return fail(ErrorCode::InvalidArgument, "native: " + endpoint.error().message);
    }
    if (settings.module.empty()) {
        return fail(ErrorCode::InvalidArgument,
                    "native: which module runs there? Give module (its .wasm or .aot)");
    }
    bridge::BridgeOptions options;
    options.host = endpoint->host;
    options.port = endpoint->port;
    options.modules.push_back({.module = settings.module, .debug_file = settings.debug_file});
    options.host_file = settings.host_file;
    options.reconnect_limit = settings.reconnect_limit;
    options.warn = [output = handlers.output](const std::string& text) {
        output(dap::OutputCategory::Console, text + "\n");
    };
    auto opened = bridge::Bridge::open(loop, std::move(options));
    if (!opened) {
        return std::unexpected(opened.error());
    }
    (*opened)->start();
    return std::make_unique<BridgeTarget>(std::move(*opened));
}

/// Waits for the file that `wdbg run --listen-file` writes, without keeping the loop.
class TerminalWait : public std::enable_shared_from_this<TerminalWait> {
  public:
    using Done = std::function<void(Result<std::unique_ptr<dap::Target>>)>;

    TerminalWait(asio::io_context& loop, std::string folder, std::string program)
        : loop_(loop)
        , timer_(loop)
        , folder_(std::move(folder))
        , program_(std::move(program)) {}

    TerminalWait(const TerminalWait&) = delete;
    TerminalWait& operator=(const TerminalWait&) = delete;

    ~TerminalWait() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    void begin(Done done) {
        done_ = std::move(done);
        end_ = std::chrono::steady_clock::now() + terminal_limit;
        look();
    }

  private:
    void look() {
        std::string line;
        std::ifstream file(folder_ + "/listen");
        if (std::getline(file, line) && !line.empty()) {
            done_(connect(line));
            return;
        }
        if (std::chrono::steady_clock::now() >= end_) {
            done_(fail(ErrorCode::Io, "the guest does not start in the terminal; see there"));
            return;
        }
        timer_.expires_after(terminal_poll);
        timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (!error) {
                self->look();
            }
        });
    }

    Result<std::unique_ptr<dap::Target>> connect(const std::string& address) {
        const Result<Endpoint> endpoint = parse_endpoint(address);
        if (!endpoint) {
            return std::unexpected(endpoint.error());
        }
        auto debuggee = remote::RemoteDebuggee::connect(
            loop_, connect_options(*endpoint, program_, start_limit));
        if (!debuggee) {
            return std::unexpected(debuggee.error());
        }
        return std::make_unique<RemoteTarget>(std::move(*debuggee), nullptr);
    }

    asio::io_context& loop_;
    asio::steady_timer timer_;
    std::string folder_;
    std::string program_;
    std::chrono::steady_clock::time_point end_;
    Done done_;
};

} // namespace

Result<std::unique_ptr<dap::Target>> DapHost::launch(const dap::LaunchSettings& settings,
                                                     dap::TargetHandlers handlers) {
    const std::vector<std::string> listener{
        "-g=127.0.0.1:0", "--listen-fd=" + std::to_string(GuestProcess::address_descriptor)};
    auto process = GuestProcess::start(loop_, run_command_line(settings, listener), settings.cwd,
                                       std::move(handlers));
    if (!process) {
        return std::unexpected(process.error());
    }
    if (settings.no_debug) {
        (*process)->watch();
        return std::make_unique<RemoteTarget>(nullptr, *process);
    }
    const Result<Endpoint> endpoint = (*process)->wait_for_address(start_limit);
    if (!endpoint) {
        return std::unexpected(endpoint.error());
    }
    auto debuggee = remote::RemoteDebuggee::connect(
        loop_, connect_options(*endpoint, settings.program, start_limit));
    if (!debuggee) {
        return fail(ErrorCode::Io, (*process)->fail_with(debuggee.error().message));
    }
    (*process)->watch();
    return std::make_unique<RemoteTarget>(std::move(*debuggee), *process);
}

Result<dap::TerminalLaunch> DapHost::launch_in_terminal(const dap::LaunchSettings& settings,
                                                        dap::TargetHandlers /*handlers*/) {
    std::string folder = (std::filesystem::temp_directory_path() / "wdbg-terminal-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) {
        return fail(ErrorCode::Io, "cannot make a folder like " + folder);
    }
    auto wait = std::make_shared<TerminalWait>(loop_, folder, settings.program);
    if (settings.no_debug) {
        return fail(ErrorCode::Unsupported,
                    "noDebug in a terminal: run the program there, or use \"internalConsole\"");
    }
    return dap::TerminalLaunch{
        .command =
            run_command_line(settings, {"-g=127.0.0.1:0", "--listen-file=" + folder + "/listen"}),
        .connect = [wait](TerminalWait::Done done) { wait->begin(std::move(done)); }};
}

Result<std::unique_ptr<dap::Target>> DapHost::attach(const dap::AttachSettings& settings,
                                                     dap::TargetHandlers handlers) {
    if (!settings.native.empty()) {
        return attach_native(loop_, settings, handlers);
    }
    const Result<Endpoint> endpoint = parse_endpoint(settings.connect);
    if (!endpoint) {
        return fail(ErrorCode::InvalidArgument, "connect: " + endpoint.error().message);
    }
    constexpr milliseconds limit{10'000};
    remote::ConnectOptions options = connect_options(*endpoint, settings.module, limit);
    options.console = [output = handlers.output](std::string_view text) {
        output(dap::OutputCategory::Stdout, text);
    };
    auto debuggee = remote::RemoteDebuggee::connect(loop_, std::move(options));
    if (!debuggee) {
        return std::unexpected(debuggee.error());
    }
    return std::make_unique<RemoteTarget>(std::move(*debuggee), nullptr);
}

void DapHost::post(std::function<void()> task) {
    asio::post(loop_, std::move(task));
}

std::unique_ptr<source::SourceLevel>
DapHost::make_source_level(Debuggee& debuggee,
                           std::vector<std::pair<std::string, std::string>> source_map) {
    source::SourceLevelOptions options{
        .open = [](const dwarf::ModuleSource& module) { return dwarf::load_source_info(module); },
        .source_map = std::move(source_map),
        .formatter_files = {},
        .stop_on_modules_changed = false};
    return source::make_source_level(debuggee, std::move(options));
}

} // namespace wdbg::cli
