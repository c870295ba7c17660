// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "instruction_pieces.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

namespace wdbg::dwarf {

std::vector<TextOffset>
one_piece_each(const std::vector<TextOffset>& pieces, const NativeFlow& flow,
               const std::function<bool(const NativeFlow::Arrival&)>& same_execution) {
    std::map<TextOffset, NativeFlow::Arrival> next; ///< where control goes on in any case
    std::set<TextOffset> continuing;                ///< another piece always comes before
    for (const TextOffset piece : pieces) {
        for (NativeFlow::Arrival& arrival : flow.arrivals(piece, pieces)) {
            if (arrival.at == piece || !same_execution(arrival)) {
                continue;
            }
            if (!arrival.is_joined) {
                continuing.insert(arrival.at);
            }
            if (!arrival.is_forked) {
                next.emplace(piece, std::move(arrival));
            }
        }
    }
    // The last piece that others come to as well is hit by all.
    const auto leads_to_joined = [&](TextOffset piece) {
        for (std::size_t steps = 0; steps < pieces.size(); ++steps) {
            const auto onward = next.find(piece);
            if (onward == next.end()) {
                return false;
            }
            if (onward->second.is_joined) {
                return true;
            }
            piece = onward->second.at;
        }
        return false;
    };
    std::vector<TextOffset> chosen;
    std::ranges::copy_if(pieces, std::back_inserter(chosen), [&](TextOffset piece) {
        return !continuing.contains(piece) && !leads_to_joined(piece);
    });
    return chosen.empty() ? pieces : chosen; // round and round
}

} // namespace wdbg::dwarf
