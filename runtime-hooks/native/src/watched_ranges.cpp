// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "watched_ranges.h"

#include <algorithm>
#include <array>
#include <bit>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>

namespace wdbg::native {

namespace {

/// An id of 0: free.
struct Watched {
    std::atomic<std::uint32_t> id{0};
    std::atomic<std::uint64_t> begin{0};
    std::atomic<std::uint64_t> end{0};
    std::atomic<bool> writes_only{true};
    std::atomic<std::uint64_t> digest{0}; ///< of the bytes when they were last known to be told
};

std::array<Watched, most_watched_ranges> table{};
std::atomic<std::size_t> used{0}; ///< of the table, at most
std::atomic<std::uint32_t> count{0};

std::span<Watched> all_watched() {
    return std::span(table).first(used.load());
}

Watched* find(std::uint32_t id) {
    const auto all = all_watched();
    const auto found =
        std::ranges::find_if(all, [id](const Watched& each) { return each.id.load() == id; });
    return found == all.end() ? nullptr : &*found;
}

/// nullptr: there are as many as can be.
Watched* find_free() {
    Watched* const free = find(0);
    if (free != nullptr || used.load() == table.size()) {
        return free;
    }
    return &table.at(used.fetch_add(1));
}

/// Equal for equal bytes. Not for what somebody wants to forge.
std::uint64_t digest_of(const Watched& watched) {
    constexpr std::uint64_t factor = 0x9E37'79B9'7F4A'7C15;
    constexpr std::uint32_t rotation = 29;
    std::array<std::uint64_t, 128> words{};
    std::uint64_t begin = watched.begin.load();
    const std::uint64_t end = watched.end.load();
    std::uint64_t digest = 0;
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

} // namespace

bool watch_range(WatchpointId id, NativeAddress begin, std::uint64_t size, NativeWatchKind kind) {
    Watched* const watched = find_free();
    if (watched == nullptr) {
        return false;
    }
    watched->begin.store(begin.value);
    watched->end.store(begin.value + size);
    watched->writes_only.store(kind == NativeWatchKind::Write);
    watched->digest.store(digest_of(*watched));
    watched->id.store(id.value);
    count.fetch_add(1);
    return true;
}

void unwatch_range(WatchpointId id) {
    if (Watched* const watched = find(id.value)) {
        watched->id.store(0);
        count.fetch_sub(1);
    }
}

const std::atomic<std::uint32_t>& watched_range_count() {
    return count;
}

bool read_watched(std::uint64_t address, std::span<std::byte> into) {
    const iovec local{.iov_base = into.data(), .iov_len = into.size()};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the guest's memory is a number
    const iovec remote{.iov_base = reinterpret_cast<void*>(address), .iov_len = into.size()};
    const long done = ::syscall(SYS_process_vm_readv, ::getpid(), &local, 1UL, &remote, 1UL, 0UL);
    return std::cmp_equal(done, into.size());
}

bool note_told(std::uint32_t id) {
    Watched* const watched = id != 0 ? find(id) : nullptr;
    if (watched != nullptr) {
        watched->digest.store(digest_of(*watched));
    }
    return watched != nullptr;
}

std::optional<std::uint32_t> watched_range_of(const NativeAccess& access) {
    constexpr std::uint64_t widest_access = 64; // bytes of one instruction
    const std::uint64_t address = access.address.value;
    std::optional<std::uint32_t> nearest;
    std::uint64_t distance = widest_access;
    for (Watched& watched : all_watched()) {
        const std::uint32_t id = watched.id.load();
        const std::uint64_t begin = watched.begin.load();
        const bool near = address < watched.end.load() && address + widest_access > begin;
        if (id == 0 || !near || (watched.writes_only.load() && !access.is_write)) {
            continue;
        }
        if (access.is_write) { // it may be in several
            watched.digest.store(digest_of(watched));
        }
        const std::uint64_t gap = begin > address ? begin - address : 0;
        if (gap < distance) {
            distance = gap;
            nearest = id;
        }
    }
    return nearest;
}

std::optional<std::uint32_t> watched_range_changed_by_host() {
    for (Watched& watched : all_watched()) {
        const std::uint32_t id = watched.id.load();
        if (id == 0) {
            continue;
        }
        std::uint64_t before = watched.digest.load();
        const std::uint64_t now = digest_of(watched);
        // If another thread's write has been told meanwhile, that was it.
        if (now != before && watched.digest.compare_exchange_strong(before, now)) {
            return id;
        }
    }
    return std::nullopt;
}

void forget_watched_values() {
    for (Watched& watched : all_watched()) {
        if (watched.id.load() != 0) {
            watched.digest.store(digest_of(watched));
        }
    }
}

} // namespace wdbg::native
