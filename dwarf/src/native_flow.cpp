// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "native_flow.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace wdbg::dwarf {

namespace {

/// An instruction behind which control does not simply go on, or does not only.
struct Fork {
    TextRange at;
    std::optional<TextOffset> target{};
    bool goes_on = false;
    bool is_indirect = false;
};

std::optional<Fork> fork_of(const DecodedInstruction& instruction, TextRange at) {
    const auto target = TextOffset{static_cast<std::uint32_t>(instruction.target.value)};
    switch (instruction.kind) {
    case InstructionKind::Plain:
    case InstructionKind::PcRelative:
    case InstructionKind::Call:
    case InstructionKind::IndirectCall:
    case InstructionKind::Immovable:
        return std::nullopt;
    case InstructionKind::Jump:
        return Fork{.at = at, .target = target};
    case InstructionKind::ConditionalJump:
    case InstructionKind::CounterJump:
        return Fork{.at = at, .target = target, .goes_on = true};
    case InstructionKind::IndirectJump:
        return Fork{.at = at, .is_indirect = true};
    case InstructionKind::Return:
    case InstructionKind::Trap:
        return Fork{.at = at};
    }
    return std::nullopt;
}

/// x86's, with which compilers fill up; false for all of other machines.
bool is_nop(const DecodedInstruction& instruction, std::span<const std::byte> code) {
    constexpr std::byte short_nop{0x90};
    constexpr std::array long_nop{std::byte{0x0F}, std::byte{0x1F}};
    const auto opcode =
        code.first(instruction.length)
            .subspan(std::min<std::size_t>(instruction.opcode_offset, instruction.length));
    return instruction.kind == InstructionKind::Plain &&
           ((opcode.size() == 1 && opcode.front() == short_nop) ||
            (opcode.size() > long_nop.size() &&
             std::ranges::equal(opcode.first(long_nop.size()), long_nop)));
}

struct Code {
    std::vector<Fork> forks; ///< in its order
    std::vector<TextRange> nops;
};

/// nullopt where it does not decode.
std::optional<Code> read_code(TextRange function, const NativeText& text) {
    std::vector<std::byte> bytes(function.end.value - function.begin.value);
    if (text.decoder == nullptr || !text.read || !text.read(function.begin, bytes)) {
        return std::nullopt;
    }
    Code code;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto rest = std::span(bytes).subspan(at);
        const TextOffset begin{function.begin.value + static_cast<std::uint32_t>(at)};
        const auto instruction = text.decoder->decode(rest, NativeAddress{begin.value});
        if (!instruction) {
            return std::nullopt;
        }
        at += instruction->length;
        const TextRange range{.begin = begin, .end = {begin.value + instruction->length}};
        if (const auto fork = fork_of(*instruction, range)) {
            code.forks.push_back(*fork);
        } else if (is_nop(*instruction, rest)) {
            code.nops.push_back(range);
        }
    }
    return code;
}

/// Those of a function.
std::vector<TextOffset> targets_in(TextRange function, const std::vector<std::uint64_t>& all) {
    std::vector<TextOffset> targets;
    for (auto each = std::ranges::lower_bound(all, function.begin.value);
         each != all.end() && *each < function.end.value; ++each) {
        targets.push_back({static_cast<std::uint32_t>(*each)});
    }
    return targets;
}

/// Of blocks, and the function's end; sorted.
std::vector<TextOffset> begins_of(TextRange function, const Code& code,
                                  const std::vector<TextOffset>& indirect) {
    std::vector<TextOffset> begins{function.begin, function.end};
    begins.insert(begins.end(), indirect.begin(), indirect.end());
    for (const Fork& fork : code.forks) {
        begins.push_back(fork.at.end);
        if (fork.target && function.contains(*fork.target)) {
            begins.push_back(*fork.target);
        }
    }
    std::ranges::sort(begins);
    begins.erase(std::ranges::unique(begins).begin(), begins.end());
    return begins;
}

/// Where control goes from a fork.
std::vector<TextOffset> targets_of(const Fork& fork, const std::vector<TextOffset>& indirect) {
    std::vector<TextOffset> targets = fork.is_indirect ? indirect : std::vector<TextOffset>{};
    if (fork.target) {
        targets.push_back(*fork.target);
    }
    if (fork.goes_on) {
        targets.push_back(fork.at.end);
    }
    return targets;
}

} // namespace

std::optional<NativeFlow> NativeFlow::read(TextRange function, const NativeText& text) {
    const auto code = function.begin < function.end ? read_code(function, text) : std::nullopt;
    const bool is_indirect =
        code && std::ranges::any_of(code->forks, [](const Fork& fork) { return fork.is_indirect; });
    if (!code || (is_indirect && text.jump_targets == nullptr)) {
        return std::nullopt;
    }
    const auto indirect =
        is_indirect ? targets_in(function, *text.jump_targets) : std::vector<TextOffset>{};
    const std::vector<TextOffset> begins = begins_of(function, *code, indirect);
    NativeFlow flow;
    for (std::size_t each = 0; each < begins.size(); ++each) {
        const std::size_t behind = std::min(each + 1, begins.size() - 1);
        flow.blocks_.push_back({.begin = begins[each], .idle = begins[behind]});
    }
    std::vector<Edge> edges;
    auto fork = code->forks.begin();
    for (Index each = 0; each + 1 < begins.size(); ++each) {
        const TextOffset end = begins[each + 1];
        if (fork == code->forks.end() || fork->at.end != end) {
            flow.lead(each, {{end}}, edges);
            continue;
        }
        flow.lead(each, targets_of(*fork, indirect), edges);
        if (fork->target && !fork->goes_on) {
            flow.blocks_[each].idle = fork->at.begin;
        }
        ++fork;
    }
    flow.add_edges(edges);
    for (const TextRange nop : code->nops) {
        Block& block = flow.blocks_[flow.block_at(nop.begin)];
        block.idle = block.idle == nop.end ? nop.begin : block.idle;
    }
    return flow;
}

/// Not where that leaves the function.
void NativeFlow::lead(Index from, std::span<const TextOffset> targets,
                      std::vector<Edge>& edges) const {
    for (const TextOffset to : targets) {
        if (blocks_.front().begin <= to && to < blocks_.back().begin) {
            edges.push_back({.from = from, .to = block_at(to)});
        }
    }
}

/// Ascending by their block of origin.
void NativeFlow::add_edges(const std::vector<Edge>& edges) {
    for (const Edge& edge : edges) {
        ++blocks_[edge.to].before_end;
        ++blocks_[edge.from].next_end;
        next_.push_back(edge.to);
    }
    std::vector<Index> free; ///< in before_, by block
    Index next_end = 0;
    Index before_end = 0;
    for (Block& block : blocks_) {
        free.push_back(before_end);
        block.next_end = next_end += block.next_end;
        block.before_end = before_end += block.before_end;
    }
    before_.resize(edges.size());
    for (const Edge& edge : edges) {
        before_[free[edge.to]++] = edge.from;
    }
}

NativeFlow::Index NativeFlow::block_at(TextOffset at) const {
    const auto behind = std::ranges::upper_bound(blocks_, at, {}, &Block::begin);
    return static_cast<Index>(std::prev(behind) - blocks_.begin());
}

TextRange NativeFlow::range(Index block) const {
    return {.begin = blocks_[block].begin, .end = blocks_[block + 1].begin};
}

std::span<const NativeFlow::Index> NativeFlow::next(Index block) const {
    const Index begin = block == 0 ? 0 : blocks_[block - 1].next_end;
    return std::span(next_).subspan(begin, blocks_[block].next_end - begin);
}

std::span<const NativeFlow::Index> NativeFlow::before(Index block) const {
    const Index begin = block == 0 ? 0 : blocks_[block - 1].before_end;
    return std::span(before_).subspan(begin, blocks_[block].before_end - begin);
}

std::vector<TextOffset> NativeFlow::entries_in(TextRange range) const {
    std::vector<TextOffset> entries;
    for (Index block = block_at(range.begin) + 1;
         block + 1 < blocks_.size() && blocks_[block].begin < range.end; ++block) {
        if (before(block).size() > 1) {
            entries.push_back(blocks_[block].begin);
        }
    }
    return entries;
}

/// From the end of its block.
std::vector<NativeFlow::Way> NativeFlow::onward(const Way& way) const {
    const bool is_forked = way.so_far.is_forked || next(way.block).size() > 1;
    std::vector<Way> ways;
    for (const Index block : next(way.block)) {
        const bool is_joined = way.so_far.is_joined || block == 0 || before(block).size() > 1;
        if (is_forked && is_joined) {
            continue;
        }
        Way& onward = ways.emplace_back(Way{.block = block, .so_far = way.so_far});
        onward.so_far.is_forked = is_forked;
        onward.so_far.is_joined = is_joined;
    }
    return ways;
}

std::vector<NativeFlow::Arrival> NativeFlow::arrivals(TextOffset from,
                                                      std::span<const TextOffset> places) const {
    std::vector<Arrival> found;
    std::vector<Way> pending{{.block = block_at(from)}};
    TextOffset begin{from.value + 1};
    for (std::size_t looked_at = 0; !pending.empty() && looked_at < blocks_.size(); ++looked_at) {
        Way way = std::move(pending.back());
        pending.pop_back();
        const TextRange piece{.begin = begin, .end = range(way.block).end};
        std::optional<TextOffset> first;
        for (const TextOffset place : places) {
            if (piece.contains(place) && (!first || place < *first)) {
                first = place;
            }
        }
        way.so_far.way.push_back({.begin = piece.begin, .end = first.value_or(piece.end)});
        if (first) {
            way.so_far.at = *first;
            found.push_back(std::move(way.so_far));
        } else {
            std::ranges::move(onward(way), std::back_inserter(pending));
        }
        if (!pending.empty()) {
            begin = blocks_[pending.back().block].begin;
        }
    }
    return found;
}

bool NativeFlow::comes_first(TextOffset to, std::span<const TextOffset> avoided) const {
    return comes(blocks_.front().begin, to, avoided);
}

bool NativeFlow::comes_again(TextOffset to, std::span<const TextOffset> avoided) const {
    return comes({to.value + 1}, to, avoided);
}

bool NativeFlow::comes(TextOffset from, TextOffset to, std::span<const TextOffset> avoided) const {
    std::vector<bool> seen(blocks_.size());
    std::vector<Index> pending;
    Index block = block_at(from);
    seen.back() = true;
    while (block + 1 < blocks_.size()) {
        const TextRange rest{.begin = from, .end = range(block).end};
        TextOffset stop = rest.contains(to) ? to : rest.end;
        for (const TextOffset place : avoided) {
            stop = rest.contains(place) ? std::min(stop, place) : stop;
        }
        if (rest.contains(to) && stop == to) {
            return true;
        }
        for (const Index onward : next(block)) {
            if (stop == rest.end && !seen[onward]) {
                seen[onward] = true;
                pending.push_back(onward);
            }
        }
        if (pending.empty()) {
            return false;
        }
        block = pending.back();
        pending.pop_back();
        from = blocks_[block].begin;
    }
    return false;
}

std::vector<TextOffset> NativeFlow::waiting_places(TextOffset at) const {
    const Index header = block_at(at);
    const TextOffset begin = blocks_[header].begin;
    std::vector<TextOffset> places;
    bool is_loop = false;
    for (const Index way_in : before(header)) {
        const TextRange block = range(way_in);
        if (way_in == header || !comes_first(block.begin, {{begin}})) {
            is_loop = true; // round again
        } else if (blocks_[way_in].idle < block.end && next(way_in).size() == 1) {
            places.push_back(blocks_[way_in].idle);
        } else {
            return {};
        }
    }
    return is_loop ? places : std::vector<TextOffset>{};
}

} // namespace wdbg::dwarf
