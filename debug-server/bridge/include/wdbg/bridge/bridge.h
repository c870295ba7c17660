// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/remote/native_target.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// AOT code behind a native debug server (gdbserver, QEMU, OpenOCD), seen in terms of wasm.
namespace wdbg::bridge {

/// A module that may be loaded in the target.
struct ModuleFiles {
    std::filesystem::path module;                ///< the .wasm or the .aot
    std::filesystem::path debug_file{};          ///< empty: beside the module
    std::optional<NativeAddress> load_address{}; ///< where its text begins; else it is looked for
};

struct MemoryArea {
    NativeAddress begin;
    std::uint64_t size = 0; ///< bytes
};

/// What is read of an area at most, in bytes.
inline constexpr std::uint64_t largest_area = std::uint64_t{256} << 20U;

struct BridgeOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::vector<ModuleFiles> modules{};
    /// Where to look for code; empty: in all executable memory that belongs to no file.
    std::vector<MemoryArea> search{};
    /// The runtime's program or firmware (ELF), for servers that do not tell what is mapped. May be
    /// empty.
    std::filesystem::path host_file{};
    /// For each answer of the server.
    std::chrono::milliseconds timeout{15'000};
    /// How long the target may run until the modules are loaded.
    std::chrono::milliseconds load_limit{10'000};
    /// How long to try to reach the server again when the connection is lost.
    std::chrono::milliseconds reconnect_limit{0};
    /// What is nobody's answer. May be empty.
    std::function<void(const std::string&)> warn{};
    /// Sees every packet to (`->`) and from (`<-`) the server. May be empty.
    std::function<void(std::string_view direction, std::string_view bytes)> trace{};
};

/// A target and its guest. All members are called on the event loop's thread.
class Bridge {
  public:
    /// Connects and finds the modules; a target that has not loaded them yet runs until it has, and
    /// is stopped before any of their code runs where the runtime's symbols allow it. Errors: as
    /// RemoteNativeTarget::connect(); NotFound for a module that is not there, with the build ids
    /// where other code is. `loop` must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<Bridge>> open(boost::asio::io_context& loop,
                                                              BridgeOptions options);
    virtual ~Bridge() = default;

    [[nodiscard]] virtual Debuggee& debuggee() = 0;
    /// Events come from now on.
    virtual void start() = 0;
    /// Leaves the target alone: nothing stays planted, and it runs.
    virtual void release() = 0;
    [[nodiscard]] virtual remote::LinkFigures figures() const = 0;
    /// Why the connection is lost; empty if it is not.
    [[nodiscard]] virtual std::string lost() const = 0;
};

} // namespace wdbg::bridge
