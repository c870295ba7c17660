// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "page_watchpoints.h"

#include "hardware_watchpoints.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>
#include <unistd.h>
#include <vector>

namespace wdbg::native {

namespace {

/// What is watched, for handlers and gates. An id of 0: free.
struct Active {
    std::atomic<std::uint32_t> id{0};
    std::atomic<std::uint64_t> begin{0};
    std::atomic<std::uint64_t> end{0};
    std::atomic<bool> writes_only{true};
    std::atomic<std::uint64_t> digest{0}; ///< of the bytes when they were last known to be told
};

std::array<Active, PageWatchpoints::limit> actives{};
std::atomic<std::size_t> used{0}; ///< of `actives`, at most

std::span<Active> all_actives() {
    return std::span(actives).first(used.load());
}

std::uint64_t page_size() {
    static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

/// Equal for equal bytes. Not for what somebody wants to forge.
std::uint64_t digest_of(std::uint64_t begin, std::uint64_t end) {
    constexpr std::uint64_t factor = 0x9E37'79B9'7F4A'7C15;
    constexpr std::uint32_t rotation = 29;
    std::array<std::uint64_t, 128> words{};
    std::uint64_t digest = end - begin;
    while (begin < end) {
        const std::uint64_t size = std::min<std::uint64_t>(sizeof words, end - begin);
        words.fill(0);
        if (!read_watched(begin, {reinterpret_cast<std::byte*>(words.data()), size})) {
            return 0;
        }
        for (std::size_t i = 0; i * sizeof words[0] < size; ++i) {
            digest = std::rotl((digest ^ words.at(i)) * factor, rotation);
        }
        begin += size;
    }
    return digest;
}

std::uint64_t digest_of(const Active& active) {
    return digest_of(active.begin.load(), active.end.load());
}

Active* find(std::uint32_t id) {
    const auto all = all_actives();
    const auto found =
        std::ranges::find_if(all, [id](const Active& active) { return active.id.load() == id; });
    return found == all.end() ? nullptr : &*found;
}

/// nullptr: there are `limit`.
Active* find_free() {
    Active* const free = find(0);
    if (free != nullptr || used.load() == actives.size()) {
        return free;
    }
    return &actives.at(used.fetch_add(1));
}

} // namespace

NativeAccess access_of(const siginfo_t& info, const ucontext_t& context) {
    constexpr greg_t write_bit = 2; // of a page fault's error code (Intel SDM volume 3 §5.7)
    return {.address = {reinterpret_cast<std::uint64_t>(info.si_addr)},
            .is_write = (context.uc_mcontext.gregs[REG_ERR] & write_bit) != 0};
}

std::optional<std::uint32_t> page_watchpoint_of(const NativeAccess& access) {
    for (Active& active : all_actives()) {
        const std::uint32_t id = active.id.load();
        const bool near = access.address.value < active.end.load() &&
                          access.address.value + widest_access > active.begin.load();
        if (id == 0 || !near || (active.writes_only.load() && !access.is_write)) {
            continue;
        }
        if (access.is_write) {
            active.digest.store(digest_of(active));
        }
        return id;
    }
    return std::nullopt;
}

std::optional<std::uint32_t> page_watchpoint_changed_by_host() {
    for (Active& active : all_actives()) {
        const std::uint32_t id = active.id.load();
        if (id != 0) {
            const std::uint64_t now = digest_of(active);
            if (active.digest.exchange(now) != now) {
                return id;
            }
        }
    }
    return std::nullopt;
}

void forget_page_watched_values() {
    for (Active& active : all_actives()) {
        if (active.id.load() != 0) {
            active.digest.store(digest_of(active));
        }
    }
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
    const std::uint64_t first = watch.address.value / page_size() * page_size();
    for (std::uint64_t page = first; page < watch.address.value + watch.size; page += page_size()) {
        if (users_[page]++ == 0 && !mark_pages(page, page_size())) {
            const int error = errno;
            users_.erase(page);
            open_pages_of({.address = {first}, .size = page - first, .kind = watch.kind});
            return fail(ErrorCode::Unsupported,
                        std::string("the memory cannot be protected: ") + std::strerror(error));
        }
    }
    return {};
}

void PageWatchpoints::open_pages_of(const Watch& watch) {
    const std::uint64_t first = watch.address.value / page_size() * page_size();
    for (std::uint64_t page = first; page < watch.address.value + watch.size; page += page_size()) {
        const auto user = users_.find(page);
        if (user != users_.end() && --user->second == 0) {
            unmark_pages(page, page_size());
            users_.erase(user);
        }
    }
}

Result<void> PageWatchpoints::add(WatchpointId id, NativeAddress address, std::uint64_t size,
                                  NativeWatchKind kind) {
    const std::lock_guard lock(mutex_);
    Active* const active = find_free();
    if (active == nullptr) {
        return fail(ErrorCode::Busy, "there are " + std::to_string(limit) +
                                         " watchpoints on ranges, and cannot be more");
    }
    if (!allocate_page_key()) {
        return fail(ErrorCode::Unsupported, "this processor has no memory protection keys");
    }
    const Watch watch{.address = address, .size = size, .kind = kind};
    if (auto closed = close_pages_of(watch); !closed) {
        return closed;
    }
    active->begin.store(address.value);
    active->end.store(address.value + size);
    active->writes_only.store(kind == NativeWatchKind::Write);
    active->digest.store(digest_of(*active));
    active->id.store(id.value);
    watchpoint_count().fetch_add(1);
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
    if (Active* const active = find(id.value)) {
        active->id.store(0);
        watchpoint_count().fetch_sub(1);
    }
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
