// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hardware_watchpoints.h"

#include "watched_ranges.h"

#include <cerrno>
#include <cstring>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace wdbg::native {

namespace {

/// In the upper half of perf_event_attr::sig_data: "wdbg".
constexpr std::uint64_t mark = 0x7764'6267;

std::uint32_t hardware_kind(NativeWatchKind kind) {
    return kind == NativeWatchKind::Write ? HW_BREAKPOINT_W : HW_BREAKPOINT_RW;
}

} // namespace

std::optional<std::uint32_t> watchpoint_of(const siginfo_t& info) {
    // si_perf_data, which older C libraries do not name, lies behind si_addr.
    std::uint64_t data = 0;
    std::memcpy(&data, reinterpret_cast<const char*>(&info.si_addr) + sizeof(void*), sizeof data);
    if (data >> 32U != mark) {
        return std::nullopt;
    }
    const auto id = static_cast<std::uint32_t>(data);
    return note_told(id) ? id : 0;
}

Result<int> HardwareWatchpoints::open_event(const Watch& watch, WatchpointId id, pid_t thread) {
    perf_event_attr attr{};
    attr.size = sizeof attr;
    attr.type = PERF_TYPE_BREAKPOINT;
    attr.bp_type = hardware_kind(watch.kind);
    attr.bp_addr = watch.address.value;
    attr.bp_len = watch.size;
    attr.sample_period = 1;
    attr.sigtrap = 1;
    attr.remove_on_exec = 1;
    attr.sig_data = (mark << 32U) | id.value;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;
    const long fd = ::syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd >= 0) {
        return static_cast<int>(fd);
    }
    const int error = errno;
    const bool full = error == ENOSPC;
    return fail(full ? ErrorCode::Busy : ErrorCode::Unsupported,
                full ? std::string("all hardware watchpoints are in use")
                     : std::string("this system allows no hardware watchpoints: ") +
                           std::strerror(error));
}

HardwareWatchpoints::~HardwareWatchpoints() {
    remove_all();
}

Result<void> HardwareWatchpoints::add(WatchpointId id, NativeAddress address, std::uint32_t size,
                                      NativeWatchKind kind) {
    if ((size != 1 && size != 2 && size != 4 && size != 8) || address.value % size != 0) {
        return fail(ErrorCode::InvalidArgument,
                    "a hardware watchpoint covers 1, 2, 4 or 8 aligned bytes");
    }
    const std::lock_guard lock(mutex_);
    if (watches_.size() >= limit) {
        return fail(ErrorCode::Busy, "all hardware watchpoints are in use");
    }
    Watch watch{.address = address, .size = size, .kind = kind};
    if (!watch_range(id, address, size, kind)) {
        return fail(ErrorCode::Busy, "there cannot be more watchpoints");
    }
    for (const pid_t thread : threads_()) {
        const auto event = open_event(watch, id, thread);
        if (!event) {
            unwatch_range(id);
            close_all(watch);
            return std::unexpected(event.error());
        }
        watch.events.emplace(thread, *event);
    }
    watches_.emplace(id, std::move(watch));
    return {};
}

bool HardwareWatchpoints::remove(WatchpointId id) {
    const std::lock_guard lock(mutex_);
    const auto found = watches_.find(id);
    if (found == watches_.end()) {
        return false;
    }
    unwatch_range(id);
    close_all(found->second);
    watches_.erase(found);
    return true;
}

void HardwareWatchpoints::close_all(Watch& watch) {
    for (const auto& [thread, fd] : watch.events) {
        ::ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
        ::close(fd);
    }
    watch.events.clear();
}

void HardwareWatchpoints::remove_all() {
    const std::lock_guard lock(mutex_);
    for (auto& [id, watch] : watches_) {
        unwatch_range(id);
        close_all(watch);
    }
    watches_.clear();
}

void HardwareWatchpoints::add_thread(pid_t thread) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, watch] : watches_) {
        if (!watch.events.contains(thread)) {
            if (const auto event = open_event(watch, id, thread)) {
                watch.events.emplace(thread, *event);
            }
        }
    }
}

void HardwareWatchpoints::remove_thread(pid_t thread) {
    const std::lock_guard lock(mutex_);
    for (auto& [id, watch] : watches_) {
        if (const auto event = watch.events.find(thread); event != watch.events.end()) {
            ::close(event->second);
            watch.events.erase(event);
        }
    }
}

} // namespace wdbg::native
