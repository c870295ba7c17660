// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "native_flow.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

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

/// Of blocks.
std::set<TextOffset> begins_of(TextRange function, const Code& code,
                               const std::vector<TextOffset>& indirect) {
    std::set<TextOffset> begins{function.begin};
    begins.insert(indirect.begin(), indirect.end());
    for (const Fork& fork : code.forks) {
        begins.insert(fork.at.end);
        if (fork.target && function.contains(*fork.target)) {
            begins.insert(*fork.target);
        }
    }
    begins.erase(function.end);
    return begins;
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
    NativeFlow flow;
    flow.add_blocks(function, begins_of(function, *code, indirect));
    auto fork = code->forks.begin();
    for (std::size_t each = 0; each < flow.blocks_.size(); ++each) {
        const TextOffset end = flow.blocks_[each].range.end;
        if (fork == code->forks.end() || fork->at.end != end) {
            flow.lead(each, {{end}});
            continue;
        }
        if (fork->target) {
            flow.lead(each, {{*fork->target}});
        }
        if (fork->goes_on) {
            flow.lead(each, {{end}});
        }
        if (fork->is_indirect) {
            flow.lead(each, indirect);
        }
        if (fork->target && !fork->goes_on) {
            flow.blocks_[each].idle = fork->at.begin;
        }
        ++fork;
    }
    flow.note_nops(code->nops);
    return flow;
}

void NativeFlow::note_nops(const std::vector<TextRange>& nops) {
    for (const TextRange nop : nops) {
        Block& block = blocks_[block_at(nop.begin)];
        if (block.range.end == nop.end) {
            block.idle = nop.begin;
        }
    }
}

void NativeFlow::add_blocks(TextRange function, const std::set<TextOffset>& begins) {
    for (const TextOffset begin : begins) {
        if (!blocks_.empty()) {
            blocks_.back().range.end = begin;
        }
        blocks_.push_back({.range = {.begin = begin, .end = function.end}});
    }
}

/// Not where that leaves the function.
void NativeFlow::lead(std::size_t from, std::span<const TextOffset> targets) {
    for (const TextOffset to : targets) {
        if (blocks_.front().range.begin <= to && to < blocks_.back().range.end) {
            const std::size_t next = block_at(to);
            blocks_[from].next.push_back(next);
            blocks_[next].before.push_back(from);
        }
    }
}

std::size_t NativeFlow::block_at(TextOffset at) const {
    const auto behind = std::ranges::upper_bound(
        blocks_, at, {}, [](const Block& each) { return each.range.begin; });
    return static_cast<std::size_t>(std::prev(behind) - blocks_.begin());
}

std::vector<TextOffset> NativeFlow::entries_in(TextRange range) const {
    std::vector<TextOffset> entries;
    for (std::size_t block = block_at(range.begin); block < blocks_.size(); ++block) {
        const TextOffset begin = blocks_[block].range.begin;
        if (begin >= range.end) {
            break;
        }
        if (range.begin < begin && blocks_[block].before.size() > 1) {
            entries.push_back(begin);
        }
    }
    return entries;
}

/// From the end of its block.
std::vector<NativeFlow::Way> NativeFlow::onward(const Way& way) const {
    const Block& block = blocks_[way.block];
    const bool is_forked = way.so_far.is_forked || block.next.size() > 1;
    std::vector<Way> ways;
    for (const std::size_t next : block.next) {
        const bool is_joined = way.so_far.is_joined || blocks_[next].before.size() > 1;
        if (is_forked && is_joined) {
            continue;
        }
        Way& onward = ways.emplace_back(Way{.block = next, .so_far = way.so_far});
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
        const TextRange piece{.begin = begin, .end = blocks_[way.block].range.end};
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
            begin = blocks_[pending.back().block].range.begin;
        }
    }
    return found;
}

bool NativeFlow::comes_first(TextOffset to, std::span<const TextOffset> avoided) const {
    return comes(0, blocks_.front().range.begin, to, avoided);
}

bool NativeFlow::comes_again(TextOffset to, std::span<const TextOffset> avoided) const {
    return comes(block_at(to), {to.value + 1}, to, avoided);
}

/// From `from` on, which is in the block.
bool NativeFlow::comes(std::size_t block, TextOffset from, TextOffset to,
                       std::span<const TextOffset> avoided) const {
    std::vector<bool> seen(blocks_.size());
    std::vector<std::size_t> pending;
    for (;;) {
        const TextRange rest{.begin = from, .end = blocks_[block].range.end};
        TextOffset stop = rest.contains(to) ? to : rest.end;
        for (const TextOffset place : avoided) {
            stop = rest.contains(place) ? std::min(stop, place) : stop;
        }
        if (rest.contains(to) && stop == to) {
            return true;
        }
        for (const std::size_t next : blocks_[block].next) {
            if (stop == rest.end && !seen[next]) {
                seen[next] = true;
                pending.push_back(next);
            }
        }
        if (pending.empty()) {
            return false;
        }
        block = pending.back();
        pending.pop_back();
        from = blocks_[block].range.begin;
    }
}

std::vector<TextOffset> NativeFlow::waiting_places(TextOffset at) const {
    const std::size_t header = block_at(at);
    const TextOffset begin = blocks_[header].range.begin;
    std::vector<TextOffset> places;
    bool is_loop = false;
    for (const std::size_t before : blocks_[header].before) {
        const Block& way_in = blocks_[before];
        const bool is_behind = before == header || !comes_first(way_in.range.begin, {{begin}});
        if (is_behind) {
            is_loop = true; // round again
        } else if (way_in.idle && way_in.next.size() == 1) {
            places.push_back(*way_in.idle);
        } else {
            return {};
        }
    }
    return is_loop ? places : std::vector<TextOffset>{};
}

} // namespace wdbg::dwarf
