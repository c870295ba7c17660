// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "code_tables.h"

#include <algorithm>
#include <new>
#include <sys/mman.h>

namespace wdbg::native {

namespace {

std::atomic<SiteIndex>* map_table(std::size_t entries) {
    void* memory = ::mmap(nullptr, entries * sizeof(SiteIndex), PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<SiteIndex>*>(memory);
}

} // namespace

CodeTables::~CodeTables() {
    for (const auto& range : all_ranges_) {
        if (range->sites != nullptr) {
            ::munmap(range->sites, (range->end - range->begin) * sizeof(SiteIndex));
        }
    }
    for (auto& chunk : chunks_) {
        delete chunk.load();
    }
    for (auto& arena : arenas_) {
        delete arena.load();
    }
}

const CodeTables::Range* CodeTables::find(std::uint64_t address) const {
    const std::size_t count = range_count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const Range* range = ranges_[i].load(std::memory_order_acquire);
        if (range != nullptr && range->begin <= address && address < range->end) {
            return range;
        }
    }
    return nullptr;
}

Site* CodeTables::site(SiteIndex index) const {
    Chunk* chunk = chunks_[index / chunk_size].load(std::memory_order_acquire);
    return &(*chunk)[index % chunk_size];
}

Site* CodeTables::site_at(std::uint64_t address) const {
    const Range* range = find(address);
    if (range == nullptr) {
        return nullptr;
    }
    const SiteIndex index = range->sites[address - range->begin].load(std::memory_order_acquire);
    return index == 0 ? nullptr : site(index);
}

Site* CodeTables::site_of_slot(std::uint64_t pc) const {
    const std::size_t count = arena_count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const SlotArena* arena = arenas_[i].load(std::memory_order_acquire);
        if (arena->contains(pc)) {
            const SiteIndex index = arena->owner(pc);
            return index == 0 ? nullptr : site(index);
        }
    }
    return nullptr;
}

bool CodeTables::in_probe(std::uint64_t pc) const {
    const std::size_t count = arena_count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const SlotArena* arena = arenas_[i].load(std::memory_order_acquire);
        if (arena->contains(pc)) {
            return arena->owner(pc) == 0;
        }
    }
    return false;
}

Result<void> CodeTables::add(CodeRangeId id, const CodeRange& code) {
    const std::uint64_t begin = code.range.begin.value;
    const std::uint64_t end = code.range.end.value;
    if (begin >= end || end - begin > (std::uint64_t{1} << 30U)) {
        return fail(ErrorCode::InvalidArgument, "a code range must have 1 byte to 1 GB");
    }
    for (const auto& [other_id, other] : ranges()) {
        if (begin < other.range.end.value && other.range.begin.value < end) {
            return fail(ErrorCode::Busy, "this code is known already");
        }
    }
    auto range = std::make_unique<Range>();
    *range =
        Range{.begin = begin, .end = end, .sites = map_table(end - begin), .id = id, .code = code};
    if (range->sites == nullptr) {
        return fail(ErrorCode::Io, "no memory for the table of a code range");
    }
    auto* place =
        std::ranges::find_if(ranges_, [](auto& entry) { return entry.load() == nullptr; });
    if (place == ranges_.end()) {
        ::munmap(range->sites, (end - begin) * sizeof(SiteIndex));
        return fail(ErrorCode::Busy, "too many code ranges");
    }
    place->store(range.get(), std::memory_order_release);
    all_ranges_.push_back(std::move(range));
    const auto used = static_cast<std::size_t>(place - ranges_.begin()) + 1;
    range_count_.store(std::max(range_count_.load(), used), std::memory_order_release);
    return {};
}

Result<void> CodeTables::remove(CodeRangeId id) {
    auto* place = std::ranges::find_if(ranges_, [id](auto& entry) {
        const Range* range = entry.load();
        return range != nullptr && range->id == id;
    });
    if (place == ranges_.end()) {
        return fail(ErrorCode::NotFound, "no such code range");
    }
    Range* range = place->load();
    each_site(range->begin, range->end, [this, range](Site& old) {
        const SiteIndex index = range->sites[old.address - range->begin].load();
        arena_of(old)->release(old.slot);
        if (const std::uint64_t window = old.window.load(); window != 0) {
            arena_of(old)->release(window);
        }
        free_sites_.push_back(index);
    });
    place->store(nullptr);
    // The small record stays: another thread's look-up may be reading it.
    ::munmap(range->sites, (range->end - range->begin) * sizeof(SiteIndex));
    range->sites = nullptr;
    return {};
}

Result<SlotArena*> CodeTables::arena_near(const Range& range) {
    const std::size_t count = arena_count_.load();
    for (std::size_t i = 0; i < count; ++i) {
        SlotArena* arena = arenas_.at(i).load();
        if (arena->has_room() && arena->reaches(range.begin, range.end)) {
            return arena;
        }
    }
    if (count == max_arenas) {
        return fail(ErrorCode::Busy, "too many breakpoint sites");
    }
    auto arena = SlotArena::map_near(range.begin, range.end);
    if (!arena) {
        return std::unexpected(arena.error());
    }
    SlotArena* result = arena->release();
    arenas_.at(count).store(result, std::memory_order_release);
    arena_count_.store(count + 1, std::memory_order_release);
    return result;
}

Result<Site*> CodeTables::make_site(std::uint64_t address) {
    const Range* range = find(address);
    if (range == nullptr) {
        return fail(ErrorCode::NotFound, "no code of a module at this address");
    }
    const auto arena = arena_near(*range);
    if (!arena) {
        return std::unexpected(arena.error());
    }
    SiteIndex index = next_site_;
    if (!free_sites_.empty()) {
        index = free_sites_.back();
        free_sites_.pop_back();
        Site* old = site(index);
        std::destroy_at(old);
        std::construct_at(old);
    } else if (index / chunk_size >= max_chunks) {
        return fail(ErrorCode::Busy, "too many breakpoint sites");
    } else {
        if (chunks_.at(index / chunk_size).load() == nullptr) {
            chunks_.at(index / chunk_size).store(new Chunk());
        }
        ++next_site_;
    }
    Site* result = site(index);
    result->address = address;
    result->slot = (*arena)->take(index);
    result->pass.store(result->slot);
    return result;
}

std::uint64_t CodeTables::make_window(const Site& site) {
    SlotArena* const arena = arena_of(site);
    return arena->has_room() ? arena->take(arena->owner(site.slot)) : 0;
}

void CodeTables::publish(Site& site) {
    const SiteIndex index = arena_of(site)->owner(site.slot);
    const auto range = std::ranges::find_if(all_ranges_, [&site](const auto& each) {
        return each->sites != nullptr && each->begin <= site.address && site.address < each->end;
    });
    (*range)->published.push_back(index);
    (*range)->sites[site.address - (*range)->begin].store(index, std::memory_order_release);
}

void CodeTables::discard(Site& site) {
    SlotArena* arena = arena_of(site);
    free_sites_.push_back(arena->owner(site.slot));
    arena->release(site.slot);
}

SlotArena* CodeTables::arena_of(const Site& site) {
    for (auto& entry : arenas_) {
        SlotArena* arena = entry.load();
        if (arena != nullptr && arena->contains(site.slot)) {
            return arena;
        }
    }
    return nullptr;
}

const CodeRange* CodeTables::range_at(std::uint64_t address) const {
    const Range* range = find(address);
    return range == nullptr ? nullptr : &range->code;
}

std::vector<std::pair<CodeRangeId, CodeRange>> CodeTables::ranges() const {
    std::vector<std::pair<CodeRangeId, CodeRange>> result;
    for (std::size_t i = 0; i < range_count_.load(); ++i) {
        if (const Range* range = ranges_.at(i).load()) {
            result.emplace_back(range->id, range->code);
        }
    }
    return result;
}

} // namespace wdbg::native
