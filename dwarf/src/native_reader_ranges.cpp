// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a step passes, and where breakpoints go.
#include "breakpoint_places.h"
#include "native_reader.h"

#include <algorithm>

namespace wdbg::dwarf {

namespace {

/// Where scopes change, along addresses that only grow.
class ScopeEnds {
  public:
    explicit ScopeEnds(const FunctionScopes& scopes)
        : segment_(scopes.segments.begin())
        , end_(scopes.segments.end()) {}

    /// Behind `at`; `limit` where no other scope begins before it.
    TextOffset behind(TextOffset at, TextOffset limit) {
        while (next() != end_ && next()->begin <= at) {
            ++segment_;
        }
        return next() != end_ ? std::min(limit, next()->begin) : limit;
    }

  private:
    using Segment = decltype(FunctionScopes::segments)::const_iterator;

    [[nodiscard]] Segment next() const { return segment_ == end_ ? end_ : std::next(segment_); }

    Segment segment_;
    Segment end_;
};

void add_piece(std::vector<TextRange>& pieces, TextRange piece) {
    if (!pieces.empty() && pieces.back().end == piece.begin) {
        pieces.back().end = piece.end;
    } else {
        pieces.push_back(piece);
    }
}

} // namespace

std::vector<TextRange> NativeReader::pieces_where(const NativeFunction& function,
                                                  const FunctionScopes& scopes,
                                                  const PieceVisitor& wanted) const {
    std::vector<TextRange> result;
    const auto rows = lines().rows();
    const TextOffset end{function.offset + function.size};
    ScopeEnds scope_ends(scopes);
    std::size_t row = lines().first_from(TextOffset{function.offset});
    for (; row < rows.size() && rows[row].at < end; ++row) {
        const NativeRow each = rows[row];
        const TextOffset next = row + 1 < rows.size() ? rows[row + 1].at : each.at;
        const TextOffset row_end = each.end ? each.at : std::min(next, end);
        for (TextOffset at = each.at; at < row_end;) {
            const TextOffset stop = scope_ends.behind(at, row_end);
            if (wanted({at, stop}, each.line, scopes.scope_at(at))) {
                add_piece(result, {at, stop});
            }
            at = stop;
        }
    }
    return result;
}

std::vector<CodeOffset> NativeReader::instructions_at(TextOffset pc) const {
    const auto here = positions(pc, AddressKind::Instruction);
    const wasm::Module* const known = module();
    std::vector<CodeOffset> offsets;
    if (here.empty() || known == nullptr) {
        return offsets;
    }
    const auto rows = lines().rows();
    for (std::size_t row = lines().first_from(pc); row < rows.size() && rows[row].at == pc; ++row) {
        const CodeOffset offset{rows[row].line};
        const wasm::FunctionBody* const body = known->function_containing(offset);
        const bool is_here = rows[row].line != 0 && body != nullptr &&
                             body->index == here.front().function &&
                             offset >= body->first_instruction;
        if (is_here && std::ranges::find(offsets, offset) == offsets.end()) {
            offsets.push_back(offset);
        }
    }
    // A held place may stand in front of an instruction of an earlier statement.
    std::ranges::sort(offsets);
    return offsets;
}

std::vector<TextRange> NativeReader::instruction_ranges(TextOffset pc) const {
    const NativeFunction* const function = native_function_at(pc);
    const FunctionScopes* const scopes = scopes_.at(pc);
    const auto row = function == nullptr ? std::nullopt : row_in(*function, scopes, pc);
    if (function == nullptr || scopes == nullptr) {
        return {};
    }
    const std::uint32_t line = row ? lines().rows()[*row].line : 0;
    const std::uint32_t scope = scopes->scope_at(pc);
    return pieces_where(*function, *scopes,
                        [=](TextRange, std::uint32_t piece_line, std::uint32_t piece_scope) {
                            return piece_line == 0 || (piece_line == line && piece_scope == scope);
                        });
}

/// The innermost scope around `pc` whose wasm function contains `offset`.
std::optional<std::uint32_t> NativeReader::scope_of_offset(const FunctionScopes& scopes,
                                                           TextOffset pc, CodeOffset offset) const {
    const std::span<const std::uint32_t> begins = scopes_.body_begins();
    const auto next_body = std::ranges::upper_bound(begins, offset.value);
    if (next_body == begins.begin()) {
        return std::nullopt;
    }
    const CodeOffset body{*std::prev(next_body)};
    for (std::optional<std::uint32_t> scope = scopes.scope_at(pc); scope;
         scope = scopes.scopes[*scope].parent) {
        if (scopes.scopes[*scope].begin == body) {
            return scope;
        }
    }
    return std::nullopt;
}

std::vector<TextRange> NativeReader::step_ranges(TextOffset pc, CodeOffset begin,
                                                 CodeOffset end) const {
    const NativeFunction* const function = native_function_at(pc);
    const FunctionScopes* const scopes = scopes_.at(pc);
    const auto scope = scopes == nullptr ? std::nullopt : scope_of_offset(*scopes, pc, begin);
    if (function == nullptr || !scope) {
        return {};
    }
    // The offset in `scope` that all code of an inner scope belongs to: the call that was inlined.
    std::vector<std::optional<CodeOffset>> calls(scopes->scopes.size());
    for (std::uint32_t each = *scope + 1; each < calls.size(); ++each) {
        const NativeScope& inner = scopes->scopes[each];
        calls[each] = inner.parent == scope ? std::optional(inner.call) : calls[*inner.parent];
    }
    const auto is_within = [=](CodeOffset offset) { return begin <= offset && offset < end; };
    return pieces_where(*function, *scopes,
                        [&](TextRange, std::uint32_t line, std::uint32_t piece_scope) {
                            if (line == 0 || piece_scope == *scope) {
                                return line == 0 || is_within(CodeOffset{line});
                            }
                            return calls[piece_scope] && is_within(*calls[piece_scope]);
                        });
}

CodeOffset NativeReader::first_instruction(CodeOffset offset) const {
    if (const wasm::Module* const known = module(); known != nullptr) {
        const wasm::FunctionBody* const body = known->function_containing(offset);
        return body == nullptr ? offset : std::max(offset, body->first_instruction);
    }
    const std::span<const std::uint32_t> begins = scopes_.body_begins();
    return std::ranges::binary_search(begins, offset.value) ? CodeOffset{offset.value + 1} : offset;
}

/// Of the row of the guest's line table that `offset` is in (DWARF 5 §6.2); itself if there is
/// none.
CodeOffset NativeReader::end_of_guest_row(CodeOffset offset) const {
    const PackedNumbers& rows = guest_rows();
    const bool has_row = !rows.empty() && rows.first() <= offset.value;
    const auto next_row = has_row ? rows.behind(offset.value) : std::nullopt;
    return next_row ? CodeOffset{*next_row} : offset;
}

const wasm::ControlFlow* NativeReader::flow_of(CodeOffset offset) const {
    const wasm::Module* const known = module();
    const wasm::FunctionBody* const body =
        known == nullptr ? nullptr : known->function_containing(offset);
    if (body == nullptr) {
        return nullptr;
    }
    const std::lock_guard lock(flows_mutex_);
    auto& flow = flows_[body->index];
    if (flow == nullptr) {
        flow = std::make_unique<wasm::ControlFlow>(known->bytes(), *body);
    }
    return flow.get();
}

/// Without the .wasm: the least offset from `offset` on that has a row, within its function.
std::vector<BreakpointSite> NativeReader::sites_by_lines(CodeOffset offset) const {
    const std::span<const std::uint32_t> begins = scopes_.body_begins();
    const auto next_body = std::ranges::upper_bound(begins, offset.value);
    const auto line =
        lines().next_line(offset.value, next_body == begins.end() ? UINT32_MAX : *next_body);
    std::vector<BreakpointSite> sites;
    for (const std::uint32_t row : lines().rows_of(line.value_or(0))) {
        if (lines().rows()[row].is_statement && line) {
            const TextOffset at = lines().rows()[row].at;
            sites.push_back({.at = at, .positions = positions(at, AddressKind::Instruction)});
        }
    }
    return sites;
}

/// Keeps those of the functions asked for last.
std::shared_ptr<const NativeFlow> NativeReader::native_flow(TextRange function) const {
    constexpr std::uint32_t longest = 1U << 20U; // bytes; a damaged file may say anything
    constexpr std::size_t most = 16;
    const std::lock_guard lock(flows_mutex_);
    if (function.end.value > file_.text_size() || function.end < function.begin ||
        function.end.value - function.begin.value > longest) {
        return nullptr;
    }
    const auto known = std::ranges::find(native_flows_, function, &KnownFlow::function);
    if (known != native_flows_.end()) {
        std::rotate(native_flows_.begin(), known, std::next(known));
        return native_flows_.front().flow;
    }
    if (native_flows_.size() == most) {
        native_flows_.pop_back();
    }
    auto flow = NativeFlow::read(function, text_);
    native_flows_.insert(
        native_flows_.begin(),
        {.function = function,
         .flow = flow ? std::make_shared<const NativeFlow>(std::move(*flow)) : nullptr});
    return native_flows_.front().flow;
}

BreakpointPlaces NativeReader::breakpoint(CodeOffset offset, const BreakpointSeeker& seeker) const {
    BreakpointPlaces places{.resolved = first_instruction(offset), .sites = {}};
    const wasm::Module* const known = module();
    const wasm::FunctionBody* const body =
        known == nullptr ? nullptr : known->function_containing(places.resolved);
    if (body == nullptr) {
        places.sites = known == nullptr ? sites_by_lines(places.resolved) : places.sites;
        return places;
    }
    const FlowOf flow = [this](CodeOffset at) { return flow_of(at); };
    const wasm::ControlFlow* const own = flow(places.resolved);
    if (seeker.reach == BreakpointReach::OnlyWay && own != nullptr &&
        own->is_dead(places.resolved)) {
        return places;
    }
    const Wanted wanted{.body = body->begin,
                        .offset = places.resolved,
                        .row_end = end_of_guest_row(places.resolved),
                        .seeker = seeker};
    // Native functions with code of this one: its own, and those that it was inlined into.
    std::vector<const FunctionScopes*> seen;
    for (auto line = lines().next_line(body->begin.value, body->end.value); line;
         line = lines().next_line(*line + 1, body->end.value)) {
        for (const std::uint32_t row : lines().rows_of(*line)) {
            const FunctionScopes* const scopes = scopes_.at(lines().rows()[row].at);
            if (scopes == nullptr || std::ranges::find(seen, scopes) != seen.end()) {
                continue;
            }
            seen.push_back(scopes);
            const auto sites = places_in(lines(), *scopes, wanted, flow,
                                         [&] { return native_flow(scopes->range); });
            places.sites.insert(places.sites.end(), sites.begin(), sites.end());
        }
    }
    return places;
}

} // namespace wdbg::dwarf
