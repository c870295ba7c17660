// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace wdbg::native {

/// Memory for displaced instructions: slots of 64 bytes near the code they come from, mapped twice,
/// once to execute and once to write, so that no page is ever both.
class SlotArena {
  public:
    static constexpr std::size_t slot_size = 64;
    static constexpr std::size_t slot_count = 16384;
    static constexpr std::size_t size = slot_size * slot_count;
    /// How far code may be from its slots (rel32), with a margin.
    static constexpr std::uint64_t reach = 1'900'000'000;

    /// In a gap of the address space from where all of [begin, end) can be reached; Unsupported if
    /// there is none, Io if the system refuses.
    static Result<std::unique_ptr<SlotArena>> map_near(std::uint64_t begin, std::uint64_t end);

    ~SlotArena();
    SlotArena(const SlotArena&) = delete;
    SlotArena& operator=(const SlotArena&) = delete;

    // Async-signal-safe:
    [[nodiscard]] bool contains(std::uint64_t pc) const { return base_ <= pc && pc < base_ + size; }

    /// The number given to take() for the slot that contains `pc`.
    [[nodiscard]] std::uint32_t owner(std::uint64_t pc) const {
        return owners_[(pc - base_) / slot_size].load(std::memory_order_acquire);
    }

    // The owner's:
    [[nodiscard]] bool has_room() const { return used_ < slot_count || !free_.empty(); }

    [[nodiscard]] bool reaches(std::uint64_t begin, std::uint64_t end) const;
    /// Address of a free slot; there must be one.
    std::uint64_t take(std::uint32_t owner);
    void release(std::uint64_t slot);
    /// As many bytes in one piece, rounded up to slots that belong to nobody: no thread may park
    /// there. nullopt if there is no room.
    std::optional<std::uint64_t> take_piece(std::size_t bytes);
    void release_piece(std::uint64_t begin, std::size_t bytes);
    void write(std::uint64_t slot, std::span<const std::byte> bytes);

  private:
    SlotArena(std::uint64_t base, std::byte* writable) : base_(base), writable_(writable) {}

    std::uint64_t base_;
    std::byte* writable_;
    std::size_t used_ = 0;
    std::vector<std::size_t> free_;

    struct Piece {
        std::uint64_t begin;
        std::size_t slots;
    };

    std::vector<Piece> free_pieces_;
    std::array<std::atomic<std::uint32_t>, slot_count> owners_{};
};

} // namespace wdbg::native
