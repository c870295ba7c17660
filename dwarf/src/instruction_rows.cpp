// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "instruction_rows.h"

#include "instruction_pieces.h"

#include <algorithm>

namespace wdbg::dwarf {

InstructionRows::InstructionRows(const NativeLines& lines, const FunctionScopes& scopes,
                                 const FlowOf& flow_of, const NativeFlowOf& native_flow)
    : lines_(lines)
    , scopes_(scopes)
    , flow_of_(flow_of)
    , native_flow_(native_flow) {
}

std::shared_ptr<const NativeFlow> InstructionRows::native_flow() const {
    return holds_places() ? nullptr : native_flow_();
}

/// Whether the compiler has marked where statements begin in this native function.
bool InstructionRows::holds_places() const {
    if (!holds_places_) {
        const auto rows = lines_.rows();
        std::size_t row = lines_.first_from(scopes_.range.begin);
        while (row < rows.size() && rows[row].at < scopes_.range.end && !rows[row].begins) {
            ++row;
        }
        holds_places_ = row < rows.size() && rows[row].at < scopes_.range.end;
    }
    return *holds_places_;
}

/// In its copy; only those where it is known to begin, if there are any.
std::vector<std::uint32_t> InstructionRows::rows_of(const InstructionPlace& place) const {
    const bool has_begin = begins_somewhere(place);
    std::vector<std::uint32_t> own;
    for (const std::uint32_t row : lines_.rows_of(place.offset.value)) {
        const NativeRow each = lines_.rows()[row];
        if (is_own(each, place.scope) && (each.begins || !has_begin)) {
            own.push_back(row);
        }
    }
    return own;
}

std::vector<TextOffset> InstructionRows::all_pieces_of(const InstructionPlace& place,
                                                       const NativeFlow& flow) const {
    return pieces_of_rows(rows_of(place), flow);
}

std::vector<TextOffset> InstructionRows::pieces_of(const InstructionPlace& place) const {
    const bool has_begin = begins_somewhere(place);
    const std::vector<std::uint32_t> own = rows_of(place);
    const auto is_statement = [&](std::uint32_t row) {
        return has_begin || lines_.rows()[row].is_statement;
    };
    if (std::ranges::none_of(own, is_statement)) {
        return {};
    }
    constexpr std::size_t most = 256; // which takes time
    const auto flow = has_begin || own.size() > most ? nullptr : native_flow();
    if (flow != nullptr) {
        std::optional<bool> repeats; // takes time
        return one_piece_each(pieces_of_rows(own, *flow), *flow,
                              [&](const NativeFlow::Arrival& arrival) {
                                  if (!repeats) {
                                      repeats = can_repeat(place);
                                  }
                                  return !*repeats || is_one_execution(place, arrival);
                              });
    }
    std::vector<TextOffset> beginnings; // of runs of rows, as the code lies there
    for (const std::uint32_t row : own) {
        if (is_statement(row) && (has_begin || !continues(row, place.scope))) {
            beginnings.push_back(lines_.rows()[row].at);
        }
    }
    return beginnings.empty() ? std::vector{lines_.rows()[own.front()].at} : beginnings;
}

/// Where rows begin, and where others come into them: a row goes on from one block to the next.
std::vector<TextOffset> InstructionRows::pieces_of_rows(const std::vector<std::uint32_t>& rows,
                                                        const NativeFlow& flow) const {
    std::vector<TextOffset> pieces;
    for (const std::uint32_t row : rows) {
        const TextRange range{.begin = lines_.rows()[row].at, .end = lines_.end_of(row)};
        pieces.push_back(range.begin);
        for (const TextOffset entry : flow.entries_in(range)) {
            if (scopes_.scope_at(entry) == scopes_.scope_at(range.begin)) {
                pieces.push_back(entry);
            }
        }
    }
    return pieces;
}

/// Whether the instruction may be executed several times in one activation.
bool InstructionRows::can_repeat(const InstructionPlace& place) const {
    CodeOffset offset = place.offset;
    for (std::optional<std::uint32_t> at = place.scope; at; at = scopes_.scopes[*at].parent) {
        const wasm::ControlFlow* const flow = flow_of_(offset);
        if (flow == nullptr || flow->can_repeat(offset)) {
            return true;
        }
        offset = scopes_.scopes[*at].call;
    }
    return false;
}

/// The other way is through all of an unrolled loop's body, of which there are copies.
bool InstructionRows::is_one_execution(const InstructionPlace& place,
                                       const NativeFlow::Arrival& arrival) const {
    const auto is_on_way = [&](TextOffset at) {
        return std::ranges::any_of(arrival.way,
                                   [at](TextRange piece) { return piece.contains(at); });
    };
    const auto rows = lines_.rows();
    constexpr std::size_t most = 500; // an iteration may be shorter, an instruction is not longer
    std::size_t passed = 0;
    bool is_alone = true;
    for (const TextRange& piece : arrival.way) {
        for (std::size_t row = lines_.first_from(piece.begin);
             row < rows.size() && rows[row].at < piece.end && passed < most; ++row, ++passed) {
            const InstructionPlace other{scopes_.scope_at(rows[row].at),
                                         CodeOffset{rows[row].line}};
            if (rows[row].line == 0 || other == place) {
                continue;
            }
            is_alone = false;
            if (std::ranges::all_of(lines_.rows_of(rows[row].line), [&](std::uint32_t each) {
                    return !is_own(rows[each], other.scope) || is_on_way(rows[each].at);
                })) {
                return true;
            }
        }
    }
    return is_alone;
}

bool InstructionRows::is_own(const NativeRow& row, std::uint32_t scope) const {
    return scopes_.range.contains(row.at) && scopes_.scope_at(row.at) == scope;
}

/// Then other rows of the instruction are pieces of it that were put elsewhere.
bool InstructionRows::begins_somewhere(const InstructionPlace& place) const {
    return std::ranges::any_of(lines_.rows_of(place.offset.value), [&](std::uint32_t row) {
        const NativeRow each = lines_.rows()[row];
        return each.begins && is_own(each, place.scope);
    });
}

/// Whether the row goes on with the instruction that the code before it belongs to.
bool InstructionRows::continues(std::size_t row, std::uint32_t scope) const {
    const auto rows = lines_.rows();
    for (std::size_t each = row; each-- > 0 && rows[each].at >= scopes_.range.begin;) {
        if (rows[each].line != 0) {
            return rows[each].line == rows[row].line && scopes_.scope_at(rows[each].at) == scope;
        }
    }
    return false;
}

} // namespace wdbg::dwarf
