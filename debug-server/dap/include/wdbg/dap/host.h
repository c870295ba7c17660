// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/source/source_level.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a debug adapter needs of the program around it: guests, time, and debug information.
namespace wdbg::dap {

/// What a `launch` request asks for, checked. Paths are as the user gave them.
struct LaunchSettings {
    std::string program{};
    std::vector<std::string> args{};
    std::vector<std::string> env{};                              ///< "K=V"
    std::string cwd{};                                           ///< empty: the adapter's own
    std::vector<std::pair<std::string, std::string>> preopens{}; ///< host folder, guest folder
    std::string engine = "interp";                               ///< or "aot"
    std::string opt_level{};                                     ///< "0" … "3", "g", or empty
    std::string processor{}; ///< LLVM's name of the one to compile for, or empty
    std::string debug_file{};
    bool no_debug = false;
};

/// What an `attach` request asks for, checked: `connect` or `native` is given.
struct AttachSettings {
    std::string connect{}; ///< HOST:PORT of a wasm GDB server
    std::string native{};  ///< HOST:PORT of a native one, for AOT code
    std::string module{};
    std::string debug_file{};
    std::string host_file{}; ///< the runtime's own program (ELF), with `native`
    /// With `native`: how long a lost connection is tried again; 0: the session ends.
    std::chrono::seconds reconnect_limit{0};
};

enum class OutputCategory : std::uint8_t { Stdout, Stderr, Console };

/// Called on the event loop's thread, never from within launch() or attach().
struct TargetHandlers {
    std::function<void(OutputCategory, std::string_view bytes)> output{};
    /// Only for targets that are a process: it has ended and all its output has been handed on.
    std::function<void(int exit_code)> ended{};
};

/// A guest that a session works on. Destroying it lets the guest go on by itself.
class Target {
  public:
    virtual ~Target() = default;
    /// nullptr for one that only runs (noDebug).
    [[nodiscard]] virtual Debuggee* debuggee() = 0;
    /// Of the process that was started, whose end `ended` tells.
    [[nodiscard]] virtual std::optional<std::int64_t> process_id() const = 0;
    /// Ends the process that was started, whatever state the guest is in.
    virtual void terminate() = 0;
    /// Why contact with the guest is lost; empty if it is not.
    [[nodiscard]] virtual std::string lost() const = 0;
};

/// A launch in a terminal: the client runs `command`, then the guest is to be found.
struct TerminalLaunch {
    std::vector<std::string> command{};
    /// Called when the client has started it; `done` once the guest is found, or not in time.
    std::function<void(std::function<void(Result<std::unique_ptr<Target>>)> done)> connect{};
};

class Host {
  public:
    virtual ~Host() = default;

    /// Starts a guest that waits at its entry (with no_debug it runs at once).
    [[nodiscard]] virtual Result<std::unique_ptr<Target>> launch(const LaunchSettings& settings,
                                                                 TargetHandlers handlers) = 0;
    /// The same in the client's terminal (DAP's runInTerminal).
    [[nodiscard]] virtual Result<TerminalLaunch> launch_in_terminal(const LaunchSettings& settings,
                                                                    TargetHandlers handlers) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<Target>> attach(const AttachSettings& settings,
                                                                 TargetHandlers handlers) = 0;
    /// Runs `task` later on the event loop's thread.
    virtual void post(std::function<void()> task) = 0;
    /// `source_map`: prefixes of paths in the debug information, and what they are here.
    [[nodiscard]] virtual std::unique_ptr<source::SourceLevel>
    make_source_level(Debuggee& debuggee,
                      std::vector<std::pair<std::string, std::string>> source_map) = 0;
};

} // namespace wdbg::dap
