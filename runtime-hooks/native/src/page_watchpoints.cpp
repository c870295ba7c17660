// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "page_watchpoints.h"

#include "watched_ranges.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <vector>

namespace wdbg::native {

namespace {

std::uint64_t page_size() {
    static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

struct Pages {
    std::uint64_t begin;
    std::uint64_t end;
};

Pages pages_of(std::uint64_t address, std::uint64_t size) {
    const std::uint64_t end = address + size + page_size() - 1;
    return {.begin = address - address % page_size(), .end = end - end % page_size()};
}

} // namespace

NativeAccess access_of(const siginfo_t& info, const ucontext_t& context) {
    constexpr greg_t write_bit = 2; // of a page fault's error code (Intel SDM volume 3 §5.7)
    return {.address = {reinterpret_cast<std::uint64_t>(info.si_addr)},
            .is_write = (context.uc_mcontext.gregs[REG_ERR] & write_bit) != 0};
}

PageWatchpoints::~PageWatchpoints() {
    remove_all();
}

void PageWatchpoints::choose_rights() {
    const auto reads = [](const auto& entry) {
        return entry.second.kind == NativeWatchKind::Access;
    };
    set_closed_rights(watches_.empty()                       ? PageRights::All
                      : std::ranges::any_of(watches_, reads) ? PageRights::None
                                                             : PageRights::Read);
    tell_threads_();
}

Result<void> PageWatchpoints::close_pages_of(const Watch& watch) {
    const auto [begin, end] = pages_of(watch.address.value, watch.size);
    if (!mark_pages(begin, end - begin)) { // some may have the key already
        const int error = errno;
        unmark_pages_without_users(begin, end);
        return fail(ErrorCode::Unsupported,
                    std::string("the memory cannot be protected: ") + std::strerror(error));
    }
    for (std::uint64_t page = begin; page < end; page += page_size()) {
        ++users_[page];
    }
    return {};
}

void PageWatchpoints::open_pages_of(const Watch& watch) {
    const auto [begin, end] = pages_of(watch.address.value, watch.size);
    for (std::uint64_t page = begin; page < end; page += page_size()) {
        const auto user = users_.find(page);
        if (user != users_.end() && --user->second == 0) {
            users_.erase(user);
        }
    }
    unmark_pages_without_users(begin, end);
}

/// In runs: of each the system is asked what is there now.
void PageWatchpoints::unmark_pages_without_users(std::uint64_t begin, std::uint64_t end) {
    while (begin < end) {
        std::uint64_t run = begin;
        while (run < end && !users_.contains(run)) {
            run += page_size();
        }
        if (run != begin) {
            unmark_pages(begin, run - begin);
        }
        begin = run + page_size();
    }
}

Result<void> PageWatchpoints::add(WatchpointId id, NativeAddress address, std::uint64_t size,
                                  NativeWatchKind kind) {
    const std::lock_guard lock(mutex_);
    if (!allocate_page_key()) {
        return fail(ErrorCode::Unsupported, "this processor has no memory protection keys");
    }
    const Watch watch{.address = address, .size = size, .kind = kind};
    if (auto closed = close_pages_of(watch); !closed) {
        return closed;
    }
    if (!watch_range(id, address, size, kind)) {
        open_pages_of(watch);
        return fail(ErrorCode::Busy, "there cannot be more watchpoints");
    }
    watches_.emplace(id, watch);
    choose_rights();
    return {};
}

bool PageWatchpoints::remove(WatchpointId id) {
    const std::lock_guard lock(mutex_);
    const auto found = watches_.find(id);
    if (found == watches_.end()) {
        return false;
    }
    unwatch_range(id);
    open_pages_of(found->second);
    watches_.erase(found);
    choose_rights();
    return true;
}

void PageWatchpoints::remove_all() {
    std::vector<WatchpointId> all;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, watch] : watches_) {
            all.push_back(id);
        }
    }
    for (const WatchpointId id : all) {
        remove(id);
    }
}

} // namespace wdbg::native
