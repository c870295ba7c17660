// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "hardware_watchpoints.h"
#include "page_watchpoints.h"

namespace wdbg::native {

/// Both kinds, with one range of ids.
class ProcessWatchpoints final : public NativeWatchpointSupport {
  public:
    ProcessWatchpoints(HardwareWatchpoints::ThreadList threads, std::function<void()> tell_threads)
        : hardware_(std::move(threads))
        , pages_(std::move(tell_threads)) {}

    [[nodiscard]] std::uint32_t max_count() const override { return HardwareWatchpoints::limit; }

    Result<WatchpointId> add(NativeAddress address, std::uint32_t size,
                             NativeWatchKind kind) override;
    Result<WatchpointId> add_range(NativeAddress address, std::uint64_t size,
                                   NativeWatchKind kind) override;
    Result<void> remove(WatchpointId id) override;

    void remove_all();

    void add_thread(pid_t thread) { hardware_.add_thread(thread); }

    void remove_thread(pid_t thread) { hardware_.remove_thread(thread); }

  private:
    HardwareWatchpoints hardware_;
    PageWatchpoints pages_;
    std::uint32_t last_id_ = 0; ///< the owner's thread alone adds
};

} // namespace wdbg::native
