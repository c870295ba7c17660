// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>

#include <cstddef>
#include <optional>
#include <set>
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

    /// Where the code around `at` is the first of a loop: the last instruction on each way into the
    /// loop, if all of these do nothing but to go there. Else empty.
    [[nodiscard]] std::vector<TextOffset> waiting_places(TextOffset at) const;

  private:
    struct Block {
        TextRange range{};
        std::vector<std::size_t> next{};
        std::vector<std::size_t> before{};
        /// Its last instruction, if that has no effect.
        std::optional<TextOffset> idle{};
    };

    struct Way {
        std::size_t block = 0;
        Arrival so_far{};
    };

    void add_blocks(TextRange function, const std::set<TextOffset>& begins);
    void lead(std::size_t from, std::span<const TextOffset> targets);
    void note_nops(const std::vector<TextRange>& nops);
    [[nodiscard]] std::size_t block_at(TextOffset at) const;
    [[nodiscard]] std::vector<Way> onward(const Way& way) const;
    [[nodiscard]] bool comes(std::size_t block, TextOffset from, TextOffset to,
                             std::span<const TextOffset> avoided) const;

    std::vector<Block> blocks_; ///< by address
};

} // namespace wdbg::dwarf
