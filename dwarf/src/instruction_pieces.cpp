// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "instruction_pieces.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace wdbg::dwarf {

namespace {

/// How control goes from piece to piece.
struct Ways {
    std::map<TextOffset, NativeFlow::Arrival> next{}; ///< where it goes in any case
    std::set<TextOffset> continuing{};                ///< another piece always comes before

    void add(TextOffset from, NativeFlow::Arrival arrival) {
        if (!arrival.is_joined) {
            continuing.insert(arrival.at);
        }
        if (!arrival.is_forked) {
            next.emplace(from, std::move(arrival));
        }
    }

    /// Whether it comes to another one that others come to as well.
    [[nodiscard]] bool lead_to_joined(TextOffset from) const {
        TextOffset piece = from;
        for (std::size_t steps = 0; steps < next.size(); ++steps) {
            const auto onward = next.find(piece);
            if (onward == next.end() || onward->second.is_joined) {
                return onward != next.end() && onward->second.at != from;
            }
            piece = onward->second.at;
        }
        return false;
    }
};

} // namespace

std::vector<TextOffset>
one_piece_each(const std::vector<TextOffset>& pieces, const NativeFlow& flow,
               const std::function<bool(const NativeFlow::Arrival&)>& same_execution) {
    Ways ways;
    for (const TextOffset piece : pieces) {
        for (NativeFlow::Arrival& arrival : flow.arrivals(piece, pieces)) {
            if (arrival.at != piece && same_execution(arrival)) {
                ways.add(piece, std::move(arrival));
            }
        }
    }
    std::vector<TextOffset> chosen;
    std::ranges::copy_if(pieces, std::back_inserter(chosen), [&](TextOffset piece) {
        return !ways.continuing.contains(piece) && !ways.lead_to_joined(piece);
    });
    return chosen.empty() ? pieces : chosen; // round and round
}

} // namespace wdbg::dwarf
