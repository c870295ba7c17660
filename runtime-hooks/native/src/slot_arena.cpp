// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "slot_arena.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace wdbg::native {

namespace {

struct Gap {
    std::uint64_t begin;
    std::uint64_t end;
};

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t lowest = 0x10000; // vm.mmap_min_addr
constexpr std::uint64_t highest = 0x7FFF'FFFF'0000;

/// Gaps between the mappings of this process (proc(5), /proc/pid/maps).
std::vector<Gap> read_gaps() {
    std::vector<Gap> gaps;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/maps", "re"),
                                                               &std::fclose);
    std::uint64_t last_end = lowest;
    std::array<char, 4400> line{};
    while (maps && std::fgets(line.data(), line.size(), maps.get()) != nullptr) {
        char* rest = nullptr;
        const std::uint64_t begin = std::strtoull(line.data(), &rest, 16);
        if (rest == line.data() || *rest != '-') {
            continue;
        }
        const std::uint64_t end = std::strtoull(rest + 1, nullptr, 16);
        if (begin > last_end) {
            gaps.push_back({.begin = last_end, .end = std::min(begin, highest)});
        }
        last_end = std::max(last_end, end);
    }
    return gaps;
}

/// Places of an arena in gaps, nearest first. A page is left free on both sides, and heaps and
/// stacks that grow are left some room.
std::vector<std::uint64_t> candidates(std::uint64_t begin, std::uint64_t end) {
    constexpr std::uint64_t margin = 16 * page;
    std::vector<std::uint64_t> places;
    for (const Gap& gap : read_gaps()) {
        if (gap.end - gap.begin < SlotArena::size + 2 * margin) {
            continue;
        }
        places.push_back(gap.begin + margin);
        places.push_back(gap.end - margin - SlotArena::size);
    }
    const auto distance = [begin, end](std::uint64_t place) {
        return place < begin ? end - place : place + SlotArena::size - begin;
    };
    std::erase_if(places, [&](std::uint64_t place) { return distance(place) > SlotArena::reach; });
    std::ranges::sort(places, {}, distance);
    return places;
}

struct File {
    int fd = -1;

    explicit File(int opened) : fd(opened) {}

    ~File() {
        if (fd >= 0) {
            ::close(fd);
        }
    }

    File(const File&) = delete;
    File& operator=(const File&) = delete;
};

Error system_error(const char* what) {
    return {.code = ErrorCode::Io, .message = std::string(what) + ": " + std::strerror(errno)};
}

} // namespace

Result<std::unique_ptr<SlotArena>> SlotArena::map_near(std::uint64_t begin, std::uint64_t end) {
    const File file(::memfd_create("wdbg-slots", MFD_CLOEXEC));
    if (file.fd < 0 || ::ftruncate(file.fd, size) != 0) {
        return std::unexpected(system_error("memory for breakpoint slots"));
    }
    void* writable = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd, 0);
    if (writable == MAP_FAILED) {
        return std::unexpected(system_error("memory for breakpoint slots"));
    }
    for (const std::uint64_t place : candidates(begin, end)) {
        void* wanted = reinterpret_cast<void*>(place); // NOLINT(performance-no-int-to-ptr)
        void* mapped = ::mmap(wanted, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE,
                              file.fd, 0);
        if (mapped == wanted) {
            return std::unique_ptr<SlotArena>(
                new SlotArena(place, static_cast<std::byte*>(writable)));
        }
        if (mapped != MAP_FAILED) { // a kernel that does not know the flag
            ::munmap(mapped, size);
        }
    }
    ::munmap(writable, size);
    return fail(ErrorCode::Unsupported,
                "no free address space within 1.9 GB of the code for breakpoint slots");
}

SlotArena::~SlotArena() {
    ::munmap(reinterpret_cast<void*>(base_), size); // NOLINT(performance-no-int-to-ptr)
    ::munmap(writable_, size);
}

bool SlotArena::reaches(std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t from = std::min(base_, begin);
    return std::max(base_ + size, end) - from <= reach;
}

std::uint64_t SlotArena::take(std::uint32_t owner) {
    std::size_t index = used_;
    if (free_.empty()) {
        ++used_;
    } else {
        index = free_.back();
        free_.pop_back();
    }
    owners_.at(index).store(owner, std::memory_order_release);
    return base_ + index * slot_size;
}

void SlotArena::release(std::uint64_t slot) {
    const std::size_t index = (slot - base_) / slot_size;
    owners_.at(index).store(0);
    free_.push_back(index);
}

std::optional<std::uint64_t> SlotArena::take_piece(std::size_t bytes) {
    const std::size_t slots = (bytes + slot_size - 1) / slot_size;
    const auto found = std::ranges::find_if(
        free_pieces_, [slots](const Piece& piece) { return piece.slots == slots; });
    if (found != free_pieces_.end()) {
        const std::uint64_t begin = found->begin;
        free_pieces_.erase(found);
        return begin;
    }
    constexpr std::size_t kept_for_sites = slot_count / 2;
    if (used_ + slots > slot_count - kept_for_sites) {
        return std::nullopt;
    }
    used_ += slots;
    return base_ + (used_ - slots) * slot_size;
}

void SlotArena::release_piece(std::uint64_t begin, std::size_t bytes) {
    free_pieces_.push_back({.begin = begin, .slots = (bytes + slot_size - 1) / slot_size});
}

void SlotArena::write(std::uint64_t slot, std::span<const std::byte> bytes) {
    std::ranges::copy(bytes, writable_ + (slot - base_));
}

} // namespace wdbg::native
