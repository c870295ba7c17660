// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/wasm/control_flow.h>

#include <algorithm>
#include <array>

namespace wdbg::wasm {

namespace {

constexpr std::uint8_t op_unreachable = 0x00;
constexpr std::uint8_t op_nop = 0x01;
constexpr std::uint8_t op_block = 0x02;
constexpr std::uint8_t op_loop = 0x03;
constexpr std::uint8_t op_if = 0x04;
constexpr std::uint8_t op_else = 0x05;
constexpr std::uint8_t op_end = 0x0B;
constexpr std::uint8_t op_br = 0x0C;
constexpr std::uint8_t op_br_if = 0x0D;
constexpr std::uint8_t op_br_table = 0x0E;
constexpr std::uint8_t op_return = 0x0F;
constexpr std::uint8_t op_return_call = 0x12;
constexpr std::uint8_t op_return_call_indirect = 0x13;
constexpr std::uint8_t op_drop = 0x1A;
constexpr std::uint8_t op_select = 0x1B;
constexpr std::uint8_t op_local_get = 0x20;
constexpr std::uint8_t op_local_set = 0x21;
constexpr std::uint8_t op_local_tee = 0x22;
constexpr std::uint8_t op_global_get = 0x23;
constexpr std::uint8_t op_i32_load = 0x28;
constexpr std::uint8_t op_i32_store = 0x36;
constexpr std::uint8_t op_i32_const = 0x41;
constexpr std::uint8_t op_i64_const = 0x42;
constexpr std::uint8_t op_f32_const = 0x43;
constexpr std::uint8_t op_f64_const = 0x44;
constexpr std::uint8_t op_i64_extend32_s = 0xC4;

bool leaves(std::uint8_t opcode) {
    return opcode == op_return || opcode == op_return_call || opcode == op_return_call_indirect;
}

} // namespace

ControlFlow::ControlFlow(std::span<const std::byte> bytes, const FunctionBody& body)
    : bytes_(bytes.first(body.end.value))
    , end_(body.end) {
    read(body);
}

std::uint8_t ControlFlow::opcode_at(CodeOffset offset) const {
    return std::to_integer<std::uint8_t>(bytes_[offset.value]);
}

void ControlFlow::read(const FunctionBody& body) {
    blocks_.push_back({.begin = body.first_instruction, .end = body.end});
    std::size_t block = 0;
    for (CodeOffset at = body.first_instruction; at < body.end && block != no_block;) {
        const auto instruction = decode(bytes_, at);
        if (!instruction) {
            return;
        }
        block = note(*instruction, block);
        at = instruction->end();
    }
}

/// Gives the block around the next instruction.
std::size_t ControlFlow::note(const Instruction& instruction, std::size_t block) {
    const std::uint8_t opcode = opcode_at(instruction.offset);
    entries_.push_back({.offset = instruction.offset, .block = block, .is_dead = !is_live_});
    if (is_live_) {
        note_branches(instruction, block);
    }
    switch (opcode) {
    case op_block:
    case op_loop:
    case op_if:
        entries_.back().opens = blocks_.size();
        blocks_.push_back({.parent = block,
                           .begin = instruction.end(),
                           .end = end_,
                           .is_loop = opcode == op_loop,
                           .is_if = opcode == op_if,
                           .is_entered = is_live_});
        return blocks_.size() - 1;
    case op_else:
        blocks_[block].otherwise = instruction.end();
        blocks_[block].is_left = blocks_[block].is_left || is_live_;
        is_live_ = blocks_[block].is_entered;
        return block;
    case op_end: {
        Block& ended = blocks_[block];
        ended.end = instruction.end();
        is_live_ =
            is_live_ || ended.is_left || (ended.is_if && ended.is_entered && !ended.otherwise);
        return ended.parent;
    }
    default:
        is_live_ = is_live_ && opcode != op_unreachable && opcode != op_br &&
                   opcode != op_br_table && !leaves(opcode);
        return block;
    }
}

/// An instruction that is executed leaves these blocks.
void ControlFlow::note_branches(const Instruction& instruction, std::size_t block) {
    const std::uint8_t opcode = opcode_at(instruction.offset);
    if (opcode != op_br && opcode != op_br_if && opcode != op_br_table) {
        return;
    }
    const auto leave = [this, block](std::uint64_t depth) {
        Block& left = blocks_[block_at(block, depth)];
        left.is_left = left.is_left || !left.is_loop;
    };
    leave(instruction.index);
    for (std::uint32_t i = 0; opcode == op_br_table && i < instruction.list_count; ++i) {
        if (const auto depth = br_table_label(bytes_, instruction, i)) {
            leave(*depth);
        }
    }
}

bool ControlFlow::is_dead(CodeOffset offset) const {
    const Entry* const entry = find(offset);
    return entry != nullptr && entry->is_dead;
}

const ControlFlow::Entry* ControlFlow::find(CodeOffset offset) const {
    const auto found = std::ranges::lower_bound(entries_, offset, {}, &Entry::offset);
    return found != entries_.end() && found->offset == offset ? &*found : nullptr;
}

std::size_t ControlFlow::block_at(std::size_t block, std::uint64_t depth) const {
    for (; depth > 0 && blocks_[block].parent != no_block; --depth) {
        block = blocks_[block].parent;
    }
    return block;
}

CodeOffset ControlFlow::label(std::size_t block, std::uint64_t depth) const {
    block = block_at(block, depth);
    return blocks_[block].is_loop ? blocks_[block].begin : blocks_[block].end;
}

std::vector<CodeOffset> ControlFlow::targets_of_table(const Instruction& instruction,
                                                      std::size_t block) const {
    std::vector<CodeOffset> targets{label(block, instruction.index)};
    for (std::uint32_t i = 0; i < instruction.list_count; ++i) {
        if (const auto depth = br_table_label(bytes_, instruction, i)) {
            targets.push_back(label(block, *depth));
        }
    }
    std::ranges::sort(targets);
    const auto same = std::ranges::unique(targets);
    targets.erase(same.begin(), same.end());
    return targets;
}

std::vector<CodeOffset> ControlFlow::successors(const Entry& entry) const {
    const auto instruction = decode(bytes_, entry.offset);
    if (!instruction) {
        return {};
    }
    const std::uint8_t opcode = opcode_at(entry.offset);
    switch (opcode) {
    case op_if: {
        const Block& block = blocks_[entry.opens];
        return {instruction->end(), block.otherwise.value_or(block.end)};
    }
    case op_else:
        return {blocks_[entry.block].end};
    case op_br:
        return {label(entry.block, instruction->index)};
    case op_br_if:
        return {instruction->end(), label(entry.block, instruction->index)};
    case op_br_table:
        return targets_of_table(*instruction, entry.block);
    default:
        if (opcode == op_unreachable || leaves(opcode)) {
            return {};
        }
        return {instruction->end()};
    }
}

std::vector<CodeOffset> ControlFlow::successors(CodeOffset offset) const {
    const Entry* entry = find(offset);
    if (entry == nullptr) {
        return {};
    }
    std::vector<CodeOffset> next = successors(*entry);
    std::erase_if(next, [this](CodeOffset at) { return at >= end_; });
    return next;
}

bool ControlFlow::Reach::contains(CodeOffset offset) const {
    return std::ranges::binary_search(offsets, offset);
}

ControlFlow::Reach ControlFlow::reach_without(CodeOffset avoided) const {
    return reach({first()}, avoided);
}

bool ControlFlow::can_repeat(CodeOffset offset, std::optional<CodeOffset> avoided) const {
    return reach(successors(offset), avoided).contains(offset);
}

ControlFlow::Reach ControlFlow::reach(std::vector<CodeOffset> pending,
                                      std::optional<CodeOffset> avoided) const {
    Reach reach;
    std::vector<bool> seen(entries_.size());
    while (!pending.empty()) {
        const CodeOffset at = pending.back();
        pending.pop_back();
        const Entry* entry = find(at);
        if (at == avoided || entry == nullptr) {
            continue;
        }
        const auto index = static_cast<std::size_t>(entry - entries_.data());
        if (seen[index]) {
            continue;
        }
        seen[index] = true;
        reach.offsets.push_back(at);
        reach.returns = reach.returns || returns(at);
        const auto next = successors(at);
        pending.insert(pending.end(), next.begin(), next.end());
    }
    std::ranges::sort(reach.offsets);
    return reach;
}

ControlFlow::Effect ControlFlow::effect(CodeOffset offset) const {
    const auto instruction = find(offset) != nullptr
                                 ? decode(bytes_, offset)
                                 : Result<Instruction>(fail(ErrorCode::NotFound, "no instruction"));
    if (!instruction) {
        return {.takes_operands = true, .is_lasting = true};
    }
    const std::uint8_t opcode = opcode_at(offset);
    if (opcode == op_local_set || opcode == op_local_tee) {
        return {.local = instruction->index, .takes_operands = true};
    }
    constexpr std::array takes_nothing{op_nop,       op_block,     op_loop,       op_end,
                                       op_br,        op_local_get, op_global_get, op_i32_const,
                                       op_i64_const, op_f32_const, op_f64_const};
    const bool is_control = opcode <= op_else || (opcode >= op_end && opcode <= op_return);
    const bool is_pure = is_control || opcode == op_drop || opcode == op_select ||
                         opcode == op_local_get || opcode == op_global_get ||
                         (opcode >= op_i32_load && opcode < op_i32_store) ||
                         (opcode >= op_i32_const && opcode <= op_i64_extend32_s);
    return {.takes_operands = std::ranges::find(takes_nothing, opcode) == takes_nothing.end(),
            .is_lasting = !is_pure};
}

bool ControlFlow::returns(CodeOffset offset) const {
    const Entry* entry = find(offset);
    return entry != nullptr && returns(*entry);
}

bool ControlFlow::returns(const Entry& entry) const {
    const auto next = successors(entry);
    return leaves(opcode_at(entry.offset)) || std::ranges::find(next, end_) != next.end();
}

bool ControlFlow::is_left_unseen(CodeOffset begin, CodeOffset end) const {
    bool left = false;
    for (auto entry = std::ranges::lower_bound(entries_, begin, {}, &Entry::offset);
         entry != entries_.end() && entry->offset < end; ++entry) {
        const std::uint8_t opcode = opcode_at(entry->offset);
        if (opcode == op_br || opcode == op_br_if || opcode == op_return) {
            return false;
        }
        left = left || returns(*entry) ||
               std::ranges::any_of(successors(*entry), [begin, end](CodeOffset next) {
                   return next < begin || next > end;
               });
    }
    return left;
}

} // namespace wdbg::wasm
