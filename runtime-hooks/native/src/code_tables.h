// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "probe_code.h"
#include "slot_arena.h"
#include "x86_slot.h"

#include <wdbg/model/native_target.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

/// What signal handlers look up: code ranges, sites, slots. Written by one thread at a time (the
/// owner's lock), read by any thread at any time, without locks and without allocation.
namespace wdbg::native {

using HitFunction = bool (*)(const NativeRegisters&, void*);
using ProbedFunction = void (*)(void*);

/// A planted address, or one that was planted: never reused for another address while its code
/// exists, so that a thread that comes late still finds its slot.
///
///     unplanted ──plant()──► active ──unplant()──► tombstone ──plant()──► active
///                  (the trap is in the code while `active` or while a step uses it)
struct Site {
    std::uint64_t address = 0;
    std::uint64_t slot = 0; ///< where its instruction runs
    Slot layout;
    std::array<std::byte, jump_size> original{}; ///< as many as the instruction has, or the jump
    // Of the owner alone:
    bool planted = false;
    bool jumps = false;      ///< its first byte is that of the jump to the probe, not the trap
    bool has_jump = false;   ///< the bytes behind it are the jump's
    std::uint64_t probe = 0; ///< 0: none
    std::size_t probe_size = 0;
    std::uint32_t step_users = 0;
    // Of the handlers:
    /// Where its instruction runs with those behind it that the jump covers; 0: never needed.
    std::atomic<std::uint64_t> window{0};
    Slot window_layout; ///< before `window` is set
    /// Where a hit goes on: the slot, or the window while the jump covers more than one.
    std::atomic<std::uint64_t> pass{0};
    std::atomic<bool> active{false};
    /// Handlers that look at `active` and the filter just now.
    std::atomic<std::uint32_t> readers{0};
    std::atomic<HitFunction> accept{nullptr};
    std::atomic<void*> accept_data{nullptr};
    std::atomic<ProbedFunction> probed{nullptr};
    std::atomic<std::uint64_t> hits{0};
    std::atomic<std::uint64_t> accepted{0};
};

/// Whether the jump to a probe takes more than one instruction.
[[nodiscard]] inline bool is_wide(const Site& site) {
    return site.window.load() != 0;
}

/// In the window of `site`, whose slots `pc` is in one of.
[[nodiscard]] inline bool is_in_window(const Site& site, std::uint64_t pc) {
    return is_wide(site) && pc - site.window.load() < SlotArena::slot_size;
}

/// Behind each slot's code: a trap, where a probe goes on whose hit counts.
inline constexpr std::uint64_t stop_offset = SlotArena::slot_size - 1;

using SiteIndex = std::uint32_t; ///< 0: no site

class CodeTables {
  public:
    CodeTables() = default;
    ~CodeTables();
    CodeTables(const CodeTables&) = delete;
    CodeTables& operator=(const CodeTables&) = delete;

    // --- Readers: async-signal-safe -----------------------------------------------------------
    [[nodiscard]] bool in_code(std::uint64_t address) const { return find(address) != nullptr; }

    /// The site planted at `address` now or earlier.
    [[nodiscard]] Site* site_at(std::uint64_t address) const;
    /// The site whose slot contains `pc`.
    [[nodiscard]] Site* site_of_slot(std::uint64_t pc) const;

    /// Code of a probe, of now or earlier.
    [[nodiscard]] bool in_probe(std::uint64_t pc) const;

    // --- The owner ------------------------------------------------------------------------------
    Result<void> add(CodeRangeId id, const CodeRange& code);
    /// Its sites must not be planted any more. NotFound if there is no such range.
    Result<void> remove(CodeRangeId id);
    /// A new site with a slot near `address`, which must be in code and have none. The slot's
    /// contents and the site's other members are the caller's, who publishes it afterwards.
    Result<Site*> make_site(std::uint64_t address);
    void publish(Site& site);
    /// Room for the site's window, which is its caller's to fill; 0 if there is none.
    [[nodiscard]] std::uint64_t make_window(const Site& site);
    /// Takes back make_site(), before publish().
    void discard(Site& site);
    [[nodiscard]] SlotArena* arena_of(const Site& site);
    [[nodiscard]] const CodeRange* range_at(std::uint64_t address) const;
    [[nodiscard]] std::vector<std::pair<CodeRangeId, CodeRange>> ranges() const;

    /// Calls `visit` with each site at begin <= address < end, in any order.
    template <class Visit>
    void each_site(std::uint64_t begin, std::uint64_t end, Visit visit) const;

  private:
    struct Range {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::atomic<SiteIndex>* sites = nullptr; ///< one per byte of code; untouched pages are free
        CodeRangeId id;
        CodeRange code;
        std::vector<SiteIndex> published{}; ///< the owner's: all that `sites` has
    };

    static constexpr std::size_t max_ranges = 4096;
    static constexpr std::size_t chunk_size = 128;
    static constexpr std::size_t max_chunks = 8192;
    static constexpr std::size_t max_arenas = 256;
    using Chunk = std::array<Site, chunk_size>;

    [[nodiscard]] const Range* find(std::uint64_t address) const;
    [[nodiscard]] Site* site(SiteIndex index) const;
    Result<SlotArena*> arena_near(const Range& range);

    std::array<std::atomic<Range*>, max_ranges> ranges_{};
    std::atomic<std::size_t> range_count_{0};
    std::array<std::atomic<Chunk*>, max_chunks> chunks_{};
    std::array<std::atomic<SlotArena*>, max_arenas> arenas_{};
    std::atomic<std::size_t> arena_count_{0};
    SiteIndex next_site_ = 1;
    std::vector<SiteIndex> free_sites_;
    std::vector<std::unique_ptr<Range>>
        all_ranges_; ///< also removed ones: handlers may look at them
};

template <class Visit>
void CodeTables::each_site(std::uint64_t begin, std::uint64_t end, Visit visit) const {
    for (std::size_t i = 0; i < range_count_.load(); ++i) {
        const Range* range = ranges_.at(i).load();
        if (range == nullptr) {
            continue;
        }
        const std::uint64_t first = std::max(begin, range->begin);
        const std::uint64_t last = std::min(end, range->end);
        if (first < last && last - first > range->published.size()) {
            for (const SiteIndex index : range->published) {
                Site& each = *site(index);
                if (first <= each.address && each.address < last) {
                    visit(each);
                }
            }
            continue;
        }
        for (std::uint64_t at = first; at < last; ++at) {
            const SiteIndex index = range->sites[at - range->begin].load(std::memory_order_acquire);
            if (index != 0) {
                visit(*site(index));
            }
        }
    }
}

} // namespace wdbg::native
