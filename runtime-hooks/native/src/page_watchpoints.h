// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "page_rights.h"

#include <wdbg/model/native_target.h>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace wdbg::native {

/// Watchpoints of any size: the pages that they lie in are closed to guest code. An access faults;
/// the thread that made it alone gets the pages open for that one instruction. What the host
/// writes is found when its call returns; what it reads is not.
class PageWatchpoints {
  public:
    /// `tell_threads` makes each thread in guest code take up what it may do from now on.
    explicit PageWatchpoints(std::function<void()> tell_threads)
        : tell_threads_(std::move(tell_threads)) {}

    PageWatchpoints(const PageWatchpoints&) = delete;
    PageWatchpoints& operator=(const PageWatchpoints&) = delete;
    ~PageWatchpoints();

    /// As NativeWatchpointSupport::add_range().
    Result<void> add(WatchpointId id, NativeAddress address, std::uint64_t size,
                     NativeWatchKind kind);
    /// False if it is not one of these.
    bool remove(WatchpointId id);
    void remove_all();

  private:
    struct Watch {
        NativeAddress address;
        std::uint64_t size = 0;
        NativeWatchKind kind = NativeWatchKind::Write;
    };

    Result<void> close_pages_of(const Watch& watch);
    void open_pages_of(const Watch& watch);
    void unmark_pages_without_users(std::uint64_t begin, std::uint64_t end);
    void choose_rights();

    std::function<void()> tell_threads_;
    std::mutex mutex_;
    std::map<WatchpointId, Watch> watches_;
    std::map<std::uint64_t, std::uint32_t> users_; ///< of closed pages, by their begin
};

/// What a fault on a closed page tells. Async-signal-safe.
[[nodiscard]] NativeAccess access_of(const siginfo_t& info, const ucontext_t& context);

} // namespace wdbg::native
