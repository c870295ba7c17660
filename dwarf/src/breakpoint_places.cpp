// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Where breakpoints go: in each copy of the function, by inlining, on its own.
#include "breakpoint_places.h"

#include "native_reader.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace wdbg::dwarf {

namespace {

/// Looks for the native places where control comes to a wasm instruction, in one native function.
class PlaceFinder {
  public:
    PlaceFinder(const InstructionRows& rows, const FunctionScopes& scopes, const FlowOf& flow_of,
                const Wanted& wanted)
        : rows_(rows)
        , scopes_(scopes)
        , flow_of_(flow_of)
        , wanted_(wanted) {}

    /// Adds the places of the instruction in the copy `scope`.
    void find(std::uint32_t scope, std::vector<BreakpointSite>& sites) {
        pending_.clear();
        seen_.clear();
        found_.clear();
        origin_ = scope;
        bypasses_.reset();
        go_to({scope, wanted_.offset}, {});
        constexpr std::size_t limit = 10'000; // instructions looked at
        for (std::size_t count = 0; !pending_.empty() && count < limit; ++count) {
            const Place at = pending_.back();
            pending_.pop_back();
            if (!find_own(at)) {
                go_on(at);
            }
        }
        const auto all = found_;
        go_to_join();
        drop_those_behind_others();
        wait_in_front_of_loops();
        add_those_in_front_of_threads(all);
        add_to(sites);
    }

  private:
    using Place = InstructionPlace;

    /// What may have been changed on the way to a place: scopes with indices of their locals, or
    /// `operands`; sorted.
    using Changes = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
    static constexpr std::uint32_t operands = UINT32_MAX;

    static void add(Changes& changes, std::uint32_t scope, std::uint32_t what) {
        const std::pair change{scope, what};
        const auto at = std::ranges::lower_bound(changes, change);
        if (at == changes.end() || *at != change) {
            changes.insert(at, change);
        }
    }

    /// Whether that was more than there was.
    static bool add(Changes& changes, const Changes& more) {
        Changes all;
        all.reserve(changes.size() + more.size());
        std::ranges::set_union(changes, more, std::back_inserter(all));
        const bool is_more = all.size() != changes.size();
        changes = std::move(all);
        return is_more;
    }

    void go_to(const Place& place, const Changes& changes) {
        const auto [known, is_new] = seen_.try_emplace(place);
        if (add(known->second, changes) || is_new) {
            pending_.push_back(place);
        }
    }

    /// False where the instruction has no code of its own in this copy.
    bool find_own(const Place& place) {
        if (found_.contains(place)) {
            return true;
        }
        std::vector<TextOffset> pieces = rows_.pieces_of(place);
        if (pieces.empty()) {
            return false;
        }
        found_.emplace(place, std::move(pieces));
        return true;
    }

    /// What is executed next is that on each way; where a way has no code at all, it is what comes
    /// where it meets another one, and that one has been hit already.
    void drop_those_behind_others() {
        constexpr std::size_t most = 64; // which takes time
        const auto flow =
            found_.size() > 1 && found_.size() <= most ? rows_.native_flow() : nullptr;
        for (auto each = found_.begin(); flow != nullptr && each != found_.end();) {
            std::vector<TextOffset> others;
            for (const auto& [place, pieces] : found_) {
                if (place != each->first) {
                    others.insert(others.end(), pieces.begin(), pieces.end());
                }
            }
            std::erase_if(each->second, [&](TextOffset at) {
                return std::ranges::find(others, at) == others.end() &&
                       !flow->comes_first(at, others) && !flow->comes_again(at, others);
            });
            each = each->second.empty() ? found_.erase(each) : std::next(each);
        }
    }

    /// Where the instruction has code on some ways only (the others have its value already), the
    /// next one where the ways meet tells its executions.
    void go_to_join() {
        const auto flow = found_.size() == 1 ? rows_.native_flow() : nullptr;
        if (flow == nullptr) {
            return;
        }
        Place at = found_.begin()->first;
        Changes changes = seen_.at(at);
        constexpr int most = 8; // instructions
        for (int count = 0; count < most; ++count) {
            const wasm::ControlFlow* const guest = flow_of_(at.offset);
            const auto next = guest != nullptr && !guest->effect(at.offset).is_lasting
                                  ? guest->successors(at.offset)
                                  : std::vector<CodeOffset>{};
            if (next.size() != 1) {
                return;
            }
            note_effect(at, *guest, changes);
            at.offset = next.front();
            const auto joins = joins_at(*flow, at);
            if (joins.empty()) {
                continue;
            }
            if (needs_wanted(at.scope, at.offset) && !repeats_alone(at)) {
                take(at, joins);
                seen_[at] = std::move(changes);
            }
            return;
        }
    }

    /// A piece of what was found, and where it leads.
    struct Join {
        TextOffset from;
        TextOffset to;
    };

    /// Pieces of `behind` where those found lead, and others as well.
    [[nodiscard]] std::vector<Join> joins_at(const NativeFlow& flow, const Place& behind) const {
        const std::vector<TextOffset>& own = found_.begin()->second;
        const std::vector<TextOffset> pieces = rows_.pieces_of(behind);
        std::vector<Join> joins;
        for (const TextOffset from : own) {
            for (const NativeFlow::Arrival& arrival : flow.arrivals(from, pieces)) {
                if (arrival.is_joined && !arrival.is_forked &&
                    (flow.comes_first(arrival.at, own) || flow.comes_again(arrival.at, own))) {
                    joins.push_back({.from = from, .to = arrival.at});
                }
            }
        }
        return joins;
    }

    void take(const Place& behind, const std::vector<Join>& joins) {
        std::vector<TextOffset> own = std::move(found_.begin()->second);
        const Place before = found_.begin()->first;
        found_.clear();
        std::vector<TextOffset>& joined = found_[behind];
        for (const Join& join : joins) {
            std::erase(own, join.from);
            if (std::ranges::find(joined, join.to) == joined.end()) {
                joined.push_back(join.to);
            }
        }
        if (!own.empty()) {
            found_[before] = std::move(own);
        }
    }

    /// Of what is executed again and again without the wanted instruction, the first time.
    void wait_in_front_of_loops() {
        for (auto& [place, pieces] : found_) {
            if (place == Place{origin_, wanted_.offset} || !repeats_alone(place)) {
                continue;
            }
            const auto flow = rows_.native_flow();
            if (flow == nullptr) {
                return;
            }
            std::vector<TextOffset> first;
            for (const TextOffset at : pieces) {
                std::vector<TextOffset> others = pieces;
                std::erase(others, at);
                if (!flow->comes_first(at, others)) {
                    continue;
                }
                const auto waiting = flow->waiting_places(at);
                first.insert(first.end(), waiting.begin(), waiting.end());
                if (waiting.empty()) {
                    first.push_back(at);
                }
            }
            if (!first.empty()) {
                pieces = std::move(first);
            }
        }
    }

    /// A thread may have passed the first of several pieces, or where others wait: it comes to one,
    /// and not from there to one that was chosen.
    void add_those_in_front_of_threads(const std::map<Place, std::vector<TextOffset>>& all) {
        std::vector<TextOffset> threads = wanted_.seeker.threads;
        std::erase_if(threads, [this](TextOffset at) { return !scopes_.range.contains(at); });
        const auto flow = threads.empty() ? nullptr : rows_.native_flow();
        if (flow == nullptr) {
            return;
        }
        std::vector<TextOffset> chosen;
        for (const auto& [place, pieces] : found_) {
            chosen.insert(chosen.end(), pieces.begin(), pieces.end());
        }
        for (const auto& [place, pieces] : all) {
            for (const TextOffset at : rows_.all_pieces_of(place, *flow)) {
                if (std::ranges::find(chosen, at) == chosen.end() &&
                    std::ranges::any_of(
                        threads,
                        [&](TextOffset thread) { return flow->comes(thread, at, chosen); }) &&
                    std::ranges::all_of(flow->arrivals(at, chosen),
                                        &NativeFlow::Arrival::is_forked)) {
                    found_[place].push_back(at);
                }
            }
        }
    }

    /// Whether control comes to the place several times for one execution of the wanted
    /// instruction.
    [[nodiscard]] bool repeats_alone(const Place& place) const {
        std::map<std::uint32_t, CodeOffset> wanted; ///< it and the calls that lead to it, by scope
        CodeOffset offset = wanted_.offset;
        for (std::optional<std::uint32_t> at = origin_; at; at = scopes_.scopes[*at].parent) {
            wanted.emplace(*at, offset);
            offset = scopes_.scopes[*at].call;
        }
        offset = place.offset;
        for (std::optional<std::uint32_t> at = place.scope; at; at = scopes_.scopes[*at].parent) {
            const wasm::ControlFlow* const flow = flow_of_(offset);
            const auto avoided = wanted.find(*at);
            if (flow == nullptr || (avoided != wanted.end() && avoided->second == offset)) {
                return false;
            }
            if (flow->can_repeat(offset, avoided != wanted.end() ? std::optional(avoided->second)
                                                                 : std::nullopt)) {
                return true;
            }
            offset = scopes_.scopes[*at].call;
        }
        return false;
    }

    void add_to(std::vector<BreakpointSite>& sites) const {
        for (const auto& [place, pieces] : found_) {
            for (const TextOffset at : pieces) {
                if (std::ranges::find(sites, at, &BreakpointSite::at) == sites.end()) {
                    sites.push_back({.at = at, .positions = positions(), .ahead = ahead_at(place)});
                }
            }
        }
    }

    /// For each of positions().
    [[nodiscard]] std::vector<ValuesAhead> ahead_at(const Place& place) const {
        const Changes& changes = seen_.at(place);
        if (changes.empty()) {
            return {};
        }
        std::vector<ValuesAhead> result;
        for (std::optional<std::uint32_t> at = origin_; at; at = scopes_.scopes[*at].parent) {
            ValuesAhead& values = result.emplace_back();
            for (const auto& [scope, what] : changes) {
                if (scope == *at && what == operands) {
                    values.operands = true;
                } else if (scope == *at) {
                    values.locals.push_back(what);
                }
            }
        }
        return result;
    }

    /// Of the wanted instruction in the copy that it is looked for in.
    [[nodiscard]] std::vector<WasmPosition> positions() const {
        std::vector<WasmPosition> result;
        CodeOffset offset = wanted_.offset;
        for (std::optional<std::uint32_t> at = origin_; at; at = scopes_.scopes[*at].parent) {
            const NativeScope& scope = scopes_.scopes[*at];
            result.push_back({.function = scope.function,
                              .offset = offset,
                              .exact = result.empty(),
                              .inlined = scope.parent.has_value()});
            offset = scope.call;
        }
        return result;
    }

    void go_on(const Place& place) {
        if (go_into_inlined_call(place)) {
            return;
        }
        const wasm::ControlFlow* flow = flow_of_(place.offset);
        if (flow == nullptr) {
            return;
        }
        Changes changes = seen_.at(place);
        note_effect(place, *flow, changes);
        for (const CodeOffset next : flow->successors(place.offset)) {
            if (may_go_to(place.scope, next)) {
                go_to({place.scope, next}, changes);
            }
        }
        if (flow->returns(place.offset)) {
            go_back(place.scope, changes);
        }
    }

    static void note_effect(const Place& place, const wasm::ControlFlow& flow, Changes& changes) {
        const wasm::ControlFlow::Effect effect = flow.effect(place.offset);
        if (effect.local) {
            add(changes, place.scope, *effect.local);
        }
        if (effect.takes_operands) {
            add(changes, place.scope, operands);
        }
    }

    /// Behind the call that was inlined.
    void go_back(std::uint32_t scope, Changes changes) {
        const auto parent = scopes_.scopes[scope].parent;
        const CodeOffset call = scopes_.scopes[scope].call;
        const wasm::ControlFlow* outer = parent ? flow_of_(call) : nullptr;
        if (outer == nullptr) {
            return;
        }
        add(changes, *parent, operands); // the arguments
        for (const CodeOffset behind : outer->successors(call)) {
            if (may_go_to(*parent, behind)) {
                go_to({*parent, behind}, changes);
            }
        }
    }

    /// What can be executed without the wanted instruction: in its own copy, and around the calls
    /// that lead there.
    void find_bypasses() const {
        bypasses_.emplace();
        dead_end_.reset();
        CodeOffset needed = wanted_.offset;
        for (std::optional<std::uint32_t> at = origin_; at; at = scopes_.scopes[*at].parent) {
            const wasm::ControlFlow* flow = flow_of_(needed);
            if (flow == nullptr) {
                return;
            }
            const auto& bypass = (*bypasses_)[*at] = flow->reach_without(needed);
            if (bypass.returns) {
                dead_end_ = scopes_.scopes[*at].parent;
                return; // what comes behind the call may come without the instruction
            }
            needed = scopes_.scopes[*at].call;
        }
    }

    [[nodiscard]] bool may_go_to(std::uint32_t scope, CodeOffset next) const {
        if (wanted_.seeker.reach == BreakpointReach::AnyWay ||
            (scope == origin_ && wanted_.offset < next && next < wanted_.row_end)) {
            return true;
        }
        return needs_wanted(scope, next);
    }

    /// Whether control comes there behind the wanted instruction only.
    [[nodiscard]] bool needs_wanted(std::uint32_t scope, CodeOffset offset) const {
        if (!bypasses_) {
            find_bypasses();
        }
        const auto bypass = bypasses_->find(scope);
        return scope != dead_end_ &&
               (bypass == bypasses_->end() || !bypass->second.contains(offset));
    }

    bool go_into_inlined_call(const Place& call) {
        bool any = false;
        for (std::uint32_t inner = call.scope + 1; inner < scopes_.scopes.size(); ++inner) {
            const NativeScope& candidate = scopes_.scopes[inner];
            if (candidate.parent == call.scope && candidate.call == call.offset) {
                go_to({inner, first_of(candidate.begin)}, seen_.at(call));
                any = true;
            }
        }
        return any;
    }

    /// `begin` of a body is its declarations; its first instruction has a row or successors.
    [[nodiscard]] CodeOffset first_of(CodeOffset begin) const {
        const wasm::ControlFlow* flow = flow_of_(begin);
        return flow != nullptr ? flow->first() : begin;
    }

    const InstructionRows& rows_;
    const FunctionScopes& scopes_;
    const FlowOf& flow_of_;
    const Wanted& wanted_;
    std::uint32_t origin_ = 0;
    /// By scope; found when first needed: that takes time.
    mutable std::optional<std::map<std::uint32_t, wasm::ControlFlow::Reach>> bypasses_;
    mutable std::optional<std::uint32_t> dead_end_; ///< the scope that must not be gone back to
    std::vector<Place> pending_;
    std::map<Place, Changes> seen_;
    std::map<Place, std::vector<TextOffset>> found_; ///< with code of their own
};

} // namespace

std::vector<BreakpointSite> places_in(const NativeLines& lines, const FunctionScopes& scopes,
                                      const Wanted& wanted, const FlowOf& flow_of,
                                      const NativeFlowOf& native_flow) {
    std::vector<BreakpointSite> sites;
    const InstructionRows rows(lines, scopes, flow_of, native_flow);
    PlaceFinder finder(rows, scopes, flow_of, wanted);
    for (std::uint32_t scope = 0; scope < scopes.scopes.size(); ++scope) {
        if (scopes.scopes[scope].begin == wanted.body) {
            finder.find(scope, sites);
        }
    }
    return sites;
}

} // namespace wdbg::dwarf
