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
    PlaceFinder(const NativeLines& lines, const FunctionScopes& scopes, const FlowOf& flow_of,
                const Wanted& wanted)
        : lines_(lines)
        , scopes_(scopes)
        , flow_of_(flow_of)
        , wanted_(wanted) {}

    /// Adds the places of the instruction in the copy `scope`.
    void find(std::uint32_t scope, std::vector<BreakpointSite>& sites) {
        pending_.clear();
        seen_.clear();
        origin_ = scope;
        find_bypasses(scope);
        go_to(scope, wanted_.offset);
        constexpr std::size_t limit = 10'000; // instructions looked at
        while (!pending_.empty() && seen_.size() < limit) {
            const auto [at_scope, at] = pending_.back();
            pending_.pop_back();
            if (!add_own(at_scope, at, sites)) {
                go_on(at_scope, at);
            }
        }
    }

  private:
    void go_to(std::uint32_t scope, CodeOffset offset) {
        if (seen_.insert({scope, offset}).second) {
            pending_.emplace_back(scope, offset);
        }
    }

    /// False where the instruction has no code of its own in this copy.
    bool add_own(std::uint32_t scope, CodeOffset offset, std::vector<BreakpointSite>& sites) const {
        bool any = false;
        const bool has_begin = begins_somewhere(scope, offset);
        for (const std::uint32_t row : lines_.rows_of(offset.value)) {
            const NativeRow each = lines_.rows()[row];
            if (!is_own(each, scope) || !(has_begin ? each.begins : each.is_statement)) {
                continue;
            }
            any = true;
            if ((has_begin || !continues(row, scope)) &&
                std::ranges::find(sites, each.at, &BreakpointSite::at) == sites.end()) {
                sites.push_back({.at = each.at, .positions = positions()});
            }
        }
        return any;
    }

    [[nodiscard]] bool is_own(const NativeRow& row, std::uint32_t scope) const {
        return scopes_.range.contains(row.at) && scopes_.scope_at(row.at) == scope;
    }

    /// Then other rows of the instruction are pieces of it that were put elsewhere.
    [[nodiscard]] bool begins_somewhere(std::uint32_t scope, CodeOffset offset) const {
        return std::ranges::any_of(lines_.rows_of(offset.value), [&](std::uint32_t row) {
            const NativeRow each = lines_.rows()[row];
            return each.begins && is_own(each, scope);
        });
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

    /// Whether the row goes on with the instruction that the code before it belongs to.
    [[nodiscard]] bool continues(std::size_t row, std::uint32_t scope) const {
        const auto rows = lines_.rows();
        for (std::size_t each = row; each-- > 0 && rows[each].at >= scopes_.range.begin;) {
            if (rows[each].line != 0) {
                return rows[each].line == rows[row].line &&
                       scopes_.scope_at(rows[each].at) == scope;
            }
        }
        return false;
    }

    void go_on(std::uint32_t scope, CodeOffset offset) {
        if (go_into_inlined_call(scope, offset)) {
            return;
        }
        const wasm::ControlFlow* flow = flow_of_(offset);
        if (flow == nullptr) {
            return;
        }
        for (const CodeOffset next : flow->successors(offset)) {
            if (may_go_to(scope, next)) {
                go_to(scope, next);
            }
        }
        if (flow->returns(offset)) {
            go_back(scope);
        }
    }

    /// Behind the call that was inlined.
    void go_back(std::uint32_t scope) {
        const auto parent = scopes_.scopes[scope].parent;
        const CodeOffset call = scopes_.scopes[scope].call;
        const wasm::ControlFlow* outer = parent ? flow_of_(call) : nullptr;
        if (outer == nullptr) {
            return;
        }
        for (const CodeOffset behind : outer->successors(call)) {
            if (may_go_to(*parent, behind)) {
                go_to(*parent, behind);
            }
        }
    }

    /// What can be executed without the wanted instruction: in its own copy, and around the calls
    /// that lead there.
    void find_bypasses(std::uint32_t scope) {
        bypasses_.clear();
        if (wanted_.reach == BreakpointReach::AnyWay) {
            return;
        }
        CodeOffset needed = wanted_.offset;
        for (std::optional<std::uint32_t> at = scope; at; at = scopes_.scopes[*at].parent) {
            const wasm::ControlFlow* flow = flow_of_(needed);
            if (flow == nullptr) {
                return;
            }
            bypasses_[*at] = flow->reach_without(needed);
            if (bypasses_[*at].returns) {
                dead_end_ = scopes_.scopes[*at].parent;
                return; // what comes behind the call may come without the instruction
            }
            needed = scopes_.scopes[*at].call;
        }
        dead_end_.reset();
    }

    [[nodiscard]] bool may_go_to(std::uint32_t scope, CodeOffset next) const {
        if (wanted_.reach == BreakpointReach::AnyWay ||
            (scope == origin_ && wanted_.offset < next && next < wanted_.row_end)) {
            return true;
        }
        const auto bypass = bypasses_.find(scope);
        return scope != dead_end_ && (bypass == bypasses_.end() || !bypass->second.contains(next));
    }

    bool go_into_inlined_call(std::uint32_t scope, CodeOffset call) {
        bool any = false;
        for (std::uint32_t inner = scope + 1; inner < scopes_.scopes.size(); ++inner) {
            const NativeScope& candidate = scopes_.scopes[inner];
            if (candidate.parent == scope && candidate.call == call) {
                go_to(inner, first_of(candidate.begin));
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

    const NativeLines& lines_;
    const FunctionScopes& scopes_;
    const FlowOf& flow_of_;
    const Wanted& wanted_;
    std::uint32_t origin_ = 0;
    std::map<std::uint32_t, wasm::ControlFlow::Reach> bypasses_;
    std::optional<std::uint32_t> dead_end_; ///< the scope that must not be gone back to
    std::vector<std::pair<std::uint32_t, CodeOffset>> pending_;
    std::set<std::pair<std::uint32_t, CodeOffset>> seen_;
};

} // namespace

std::vector<BreakpointSite> places_in(const NativeLines& lines, const FunctionScopes& scopes,
                                      const Wanted& wanted, const FlowOf& flow_of) {
    std::vector<BreakpointSite> sites;
    PlaceFinder finder(lines, scopes, flow_of, wanted);
    for (std::uint32_t scope = 0; scope < scopes.scopes.size(); ++scope) {
        if (scopes.scopes[scope].begin == wanted.body) {
            finder.find(scope, sites);
        }
    }
    return sites;
}

} // namespace wdbg::dwarf
