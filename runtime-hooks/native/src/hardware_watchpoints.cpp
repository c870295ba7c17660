// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hardware_watchpoints.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace wdbg::native {

namespace {

/// In the upper half of perf_event_attr::sig_data: "wdbg".
constexpr std::uint64_t mark = 0x7764'6267;

/// What is watched, for handlers and gates. An id of 0: free.
struct Active {
    std::atomic<std::uint32_t> id{0};
    std::atomic<std::uint64_t> address{0};
    std::atomic<std::uint32_t> size{0};
    std::atomic<bool> writes_only{true};
    std::atomic<std::uint64_t> last{0}; ///< the bytes when they were last known to be told
};

std::array<Active, HardwareWatchpoints::limit> actives{};
std::atomic<std::uint32_t> active_count{0};

std::uint64_t value_at(std::uint64_t address, std::uint32_t size) {
    std::uint64_t value = 0;
    const bool known = read_watched(address, {reinterpret_cast<std::byte*>(&value), size});
    return known ? value : 0;
}

void activate(std::uint32_t id, NativeAddress address, std::uint32_t size, NativeWatchKind kind) {
    for (Active& active : actives) {
        if (active.id.load() == 0) {
            active.address.store(address.value);
            active.size.store(size);
            active.writes_only.store(kind == NativeWatchKind::Write);
            active.last.store(value_at(address.value, size));
            active.id.store(id);
            active_count.fetch_add(1);
            return;
        }
    }
}

void deactivate(std::uint32_t id) {
    for (Active& active : actives) {
        if (active.id.load() == id) {
            active.id.store(0);
            active_count.fetch_sub(1);
            return;
        }
    }
}

std::uint32_t hardware_kind(NativeWatchKind kind) {
    return kind == NativeWatchKind::Write ? HW_BREAKPOINT_W : HW_BREAKPOINT_RW;
}

} // namespace

std::atomic<std::uint32_t>& watchpoint_count() {
    return active_count;
}

bool read_watched(std::uint64_t address, std::span<std::byte> into) {
    const iovec local{.iov_base = into.data(), .iov_len = into.size()};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the guest's memory is a number
    const iovec remote{.iov_base = reinterpret_cast<void*>(address), .iov_len = into.size()};
    const long count = ::syscall(SYS_process_vm_readv, ::getpid(), &local, 1UL, &remote, 1UL, 0UL);
    return std::cmp_equal(count, into.size());
}

std::optional<std::uint32_t> watchpoint_of(const siginfo_t& info) {
    // si_perf_data, which older C libraries do not name, lies behind si_addr.
    std::uint64_t data = 0;
    std::memcpy(&data, reinterpret_cast<const char*>(&info.si_addr) + sizeof(void*), sizeof data);
    if (data >> 32U != mark) {
        return std::nullopt;
    }
    const auto id = static_cast<std::uint32_t>(data);
    for (Active& active : actives) {
        if (active.id.load() == id) {
            active.last.store(value_at(active.address.load(), active.size.load()));
            return id;
        }
    }
    return 0;
}

std::optional<std::uint32_t> watchpoint_of(const NativeAccess& access) {
    for (Active& active : actives) {
        const std::uint32_t id = active.id.load();
        const std::uint64_t begin = active.address.load();
        const bool near = access.address.value < begin + active.size.load() &&
                          access.address.value + widest_access > begin;
        if (id != 0 && near && (access.is_write || !active.writes_only.load())) {
            active.last.store(value_at(begin, active.size.load()));
            return id;
        }
    }
    return std::nullopt;
}

std::optional<std::uint32_t> watchpoint_changed_by_host() {
    for (Active& active : actives) {
        const std::uint32_t id = active.id.load();
        if (id == 0) {
            continue;
        }
        const std::uint64_t now = value_at(active.address.load(), active.size.load());
        if (active.last.exchange(now) != now) {
            return id;
        }
    }
    return std::nullopt;
}

void forget_watched_values() {
    for (Active& active : actives) {
        if (active.id.load() != 0) {
            active.last.store(value_at(active.address.load(), active.size.load()));
        }
    }
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
    activate(id.value, address, size, kind);
    for (const pid_t thread : threads_()) {
        const auto event = open_event(watch, id, thread);
        if (!event) {
            deactivate(id.value);
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
    deactivate(id.value);
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
        deactivate(id.value);
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
