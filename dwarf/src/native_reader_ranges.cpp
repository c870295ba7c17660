// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a step passes, and where breakpoints go.
#include "native_reader.h"

#include <algorithm>

namespace wdbg::dwarf {

std::vector<TextRange> NativeReader::pieces_where(const NativeFunction& function,
                                                  const FunctionScopes& scopes,
                                                  const PieceVisitor& wanted) const {
    std::vector<TextRange> result;
    const auto add = [&result](TextRange range) {
        if (!result.empty() && result.back().end == range.begin) {
            result.back().end = range.end;
        } else {
            result.push_back(range);
        }
    };
    const auto rows = lines().rows();
    const TextOffset end{function.offset + function.size};
    auto segment = scopes.segments.begin();
    for (std::size_t row = lines().first_from(TextOffset{function.offset});
         row < rows.size() && rows[row].at < end; ++row) {
        TextOffset at = rows[row].at;
        const TextOffset row_end = std::min(lines().end_of(row), end);
        while (at < row_end && !rows[row].end) {
            while (segment != scopes.segments.end() &&
                   std::next(segment) != scopes.segments.end() && std::next(segment)->begin <= at) {
                ++segment;
            }
            const bool has_next =
                segment != scopes.segments.end() && std::next(segment) != scopes.segments.end();
            const TextOffset stop =
                has_next ? std::min(row_end, std::next(segment)->begin) : row_end;
            if (wanted({at, stop}, rows[row].line, scopes.scope_at(at))) {
                add({at, stop});
            }
            at = stop;
        }
    }
    return result;
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

/// Up to where another instruction may stand for the one at `offset`.
std::uint32_t NativeReader::limit_of(CodeOffset offset) const {
    std::uint32_t limit = 0;
    if (const wasm::Module* const known = module(); known != nullptr) {
        const wasm::FunctionBody* const body = known->function_containing(offset);
        limit = body == nullptr ? 0 : body->end.value;
    } else {
        const std::span<const std::uint32_t> begins = scopes_.body_begins();
        const auto next = std::ranges::upper_bound(begins, offset.value);
        limit = next == begins.end() ? UINT32_MAX : *next;
    }
    const std::vector<std::uint32_t>& rows = guest_rows();
    const auto next_row = std::ranges::upper_bound(rows, offset.value);
    return next_row == rows.begin() || next_row == rows.end() ? limit : std::min(limit, *next_row);
}

/// Whether a row goes on with the instruction that the code before it belongs to.
bool NativeReader::continues(std::size_t row) const {
    const auto rows = lines().rows();
    const NativeFunction* const function = native_function_at(rows[row].at);
    const FunctionScopes* const scopes = scopes_.at(rows[row].at);
    if (function == nullptr || scopes == nullptr) {
        return false;
    }
    const std::uint32_t scope = scopes->scope_at(rows[row].at);
    for (std::size_t each = row; each-- > 0 && rows[each].at.value >= function->offset;) {
        if (rows[each].line != 0) {
            return rows[each].line == rows[row].line && scopes->scope_at(rows[each].at) == scope;
        }
    }
    return false;
}

std::vector<TextOffset> NativeReader::sites_of(std::uint32_t line) const {
    std::vector<TextOffset> sites;
    for (const std::uint32_t row : lines().rows_of(line)) {
        const NativeRow& each = lines().rows()[row];
        if (each.is_statement && !continues(row) && (sites.empty() || sites.back() != each.at)) {
            sites.push_back(each.at);
        }
    }
    return sites;
}

BreakpointPlaces NativeReader::breakpoint(CodeOffset offset) const {
    BreakpointPlaces places{.resolved = first_instruction(offset), .sites = {}};
    places.sites = sites_of(places.resolved.value);
    const std::uint32_t limit = places.sites.empty() ? limit_of(places.resolved) : 0;
    for (std::uint32_t at = places.resolved.value; places.sites.empty();) {
        const auto next = lines().next_line(at + 1, limit);
        if (!next) {
            break;
        }
        at = *next;
        places.sites = sites_of(at);
        places.resolved = places.sites.empty() ? places.resolved : CodeOffset{at};
    }
    return places;
}

} // namespace wdbg::dwarf
