// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <sys/types.h>
#include <vector>

namespace wdbg::native {

/// Debug registers by perf_event_open(2) with `sigtrap`: exact, per thread, no privilege needed up
/// to perf_event_paranoid = 2. Writes by the kernel are found when the host call returns.
class HardwareWatchpoints {
  public:
    static constexpr std::uint32_t limit = 4; ///< x86-64: DR0 to DR3

    using ThreadList = std::function<std::vector<pid_t>()>;

    explicit HardwareWatchpoints(ThreadList threads) : threads_(std::move(threads)) {}

    HardwareWatchpoints(const HardwareWatchpoints&) = delete;
    HardwareWatchpoints& operator=(const HardwareWatchpoints&) = delete;
    ~HardwareWatchpoints();

    /// As NativeWatchpointSupport's, of what has `id` from now on.
    Result<void> add(WatchpointId id, NativeAddress address, std::uint32_t size,
                     NativeWatchKind kind);
    /// False if it is not one of these.
    bool remove(WatchpointId id);

    void remove_all();
    /// Watches for a new thread too; called by it or while it lives.
    void add_thread(pid_t thread);
    void remove_thread(pid_t thread);

  private:
    struct Watch {
        NativeAddress address;
        std::uint32_t size = 0;
        NativeWatchKind kind = NativeWatchKind::Write;
        std::map<pid_t, int> events{}; ///< file descriptors
    };

    static Result<int> open_event(const Watch& watch, WatchpointId id, pid_t thread);
    void close_all(Watch& watch);

    ThreadList threads_;
    std::mutex mutex_;
    std::map<WatchpointId, Watch> watches_;
};

/// Async-signal-safe: the watchpoint that raised a SIGTRAP with TRAP_PERF; 0 if it has been removed
/// since, nullopt if it is not one of ours.
[[nodiscard]] std::optional<std::uint32_t> watchpoint_of(const siginfo_t& info);

} // namespace wdbg::native
