// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wdbg::dwarf {

/// How control goes from one straight piece of code to the next in one native function, calls taken
/// to return. Immutable.
class NativeFlow {
  public:
    /// nullopt where the code cannot be read or does not decode, or jumps to where nobody knows.
    [[nodiscard]] static std::optional<NativeFlow> read(TextRange function, const NativeText& text);

    /// Where control comes to within `range` but by going on from what lies before.
    [[nodiscard]] std::vector<TextOffset> entries_in(TextRange range) const;

    struct Arrival {
        TextOffset at;
        bool is_joined = false;       ///< others come there, or onto the way there
        bool is_forked = false;       ///< control may leave the way, too
        std::vector<TextRange> way{}; ///< from where it left to `at`, in pieces
    };

    /// The first of `places` on each way from behind the instruction at `from`; ways end where they
    /// fork behind a join, and where they are joined behind a fork.
    [[nodiscard]] std::vector<Arrival> arrivals(TextOffset from,
                                                std::span<const TextOffset> places) const;

    /// Whether control can come from the function's beginning to `to` and to none of `avoided`.
    [[nodiscard]] bool comes_first(TextOffset to, std::span<const TextOffset> avoided) const;
    /// Whether control can come from `to` back to it and to none of `avoided`.
    [[nodiscard]] bool comes_again(TextOffset to, std::span<const TextOffset> avoided) const;

    /// Whether control can come from `from`, executing the instruction there, to `to` and to none
    /// of `avoided`.
    [[nodiscard]] bool comes(TextOffset from, TextOffset to,
                             std::span<const TextOffset> avoided) const;

    /// Where the code around `at` is the first of a loop: the last instruction on each way into the
    /// loop, if all of these do nothing but to go there. Else empty.
    [[nodiscard]] std::vector<TextOffset> waiting_places(TextOffset at) const;

  private:
    using Index = std::uint32_t; ///< of a block

    struct Block {
        TextOffset begin{};
        TextOffset idle{};    ///< its last instruction, if that has no effect; else its end
        Index next_end = 0;   ///< in next_; they begin where those of the block before end
        Index before_end = 0; ///< likewise in before_
    };

    struct Way {
        Index block = 0;
        Arrival so_far{};
    };

    struct Edge {
        Index from = 0;
        Index to = 0;
    };

    void lead(Index from, std::span<const TextOffset> targets, std::vector<Edge>& edges) const;
    void add_edges(const std::vector<Edge>& edges);
    [[nodiscard]] Index block_at(TextOffset at) const;
    [[nodiscard]] TextRange range(Index block) const;
    [[nodiscard]] std::span<const Index> next(Index block) const;
    [[nodiscard]] std::span<const Index> before(Index block) const;
    [[nodiscard]] std::vector<Way> onward(const Way& way) const;

    std::vector<Block> blocks_; ///< by address; behind them one where the function ends
    std::vector<Index> next_;
    std::vector<Index> before_;
};

} // namespace wdbg::dwarf
