// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stack_depths.h"

namespace wdbg::aot {

StackDepths::StackDepths(std::span<const std::byte> code, NativeAddress begin,
                         const InstructionDecoder& decoder)
    : code_(code)
    , begin_(begin)
    , decoder_(decoder) {
    follow(0, 0);
    follow_jump_tables();
    code_ = {};
    pending_.clear();
}

std::optional<std::int32_t> StackDepths::at(std::uint32_t offset) const {
    const auto found = instructions_.find(offset);
    return ways_agree_ && found != instructions_.end() ? std::optional(found->second.depth)
                                                       : std::nullopt;
}

std::optional<std::int32_t> StackDepths::behind_call(std::uint32_t offset) const {
    const auto found = calls_.find(offset);
    return found == calls_.end() ? std::nullopt : at(found->second);
}

void StackDepths::arrive(std::uint32_t offset, std::int32_t depth) {
    if (offset >= code_.size()) {
        return; // behind a call that does not return
    }
    const auto known = instructions_.find(offset);
    if (known == instructions_.end()) {
        const auto [pending, is_new] = pending_.emplace(offset, depth);
        ways_agree_ = ways_agree_ && pending->second == depth;
    } else {
        ways_agree_ = ways_agree_ && known->second.depth == depth;
    }
}

void StackDepths::follow(std::uint32_t offset, std::int32_t depth) {
    arrive(offset, depth);
    while (!pending_.empty()) {
        const auto [at, here] = *pending_.begin();
        pending_.erase(pending_.begin());
        const auto decoded = decoder_.decode(code_.subspan(at), {begin_.value + at});
        if (!decoded) {
            knows_jump_targets_ = false;
            continue;
        }
        instructions_.emplace(at, Place{.depth = here, .length = decoded->length});
        if (decoded->kind == InstructionKind::Call ||
            decoded->kind == InstructionKind::IndirectCall) {
            calls_.emplace(at + decoded->length, at);
        }
        go_on(at, *decoded, here);
    }
}

void StackDepths::go_on(std::uint32_t offset, const DecodedInstruction& instruction,
                        std::int32_t depth) {
    const auto arrive_at_target = [&] {
        const std::uint64_t target = instruction.target.value - begin_.value;
        if (target < code_.size()) {
            arrive(static_cast<std::uint32_t>(target), depth);
        }
    };
    const std::uint32_t next = offset + instruction.length;
    switch (instruction.kind) {
    case InstructionKind::Return:
    case InstructionKind::Trap:
        return;
    case InstructionKind::IndirectJump:
        knows_jump_targets_ = knows_jump_targets_ && at_indirect_jumps_.value_or(depth) == depth;
        at_indirect_jumps_ = depth;
        return;
    case InstructionKind::Jump:
        arrive_at_target();
        return;
    case InstructionKind::ConditionalJump:
    case InstructionKind::CounterJump:
        arrive_at_target();
        break;
    default:
        break;
    }
    if (instruction.stack_change) {
        arrive(next, depth - *instruction.stack_change);
    } else {
        knows_jump_targets_ = false;
    }
}

void StackDepths::follow_jump_tables() {
    for (std::uint32_t at = 0; at < code_.size() && at_indirect_jumps_ && knows_jump_targets_;) {
        auto known = instructions_.find(at);
        if (known == instructions_.end()) {
            follow(at, *at_indirect_jumps_);
            known = instructions_.find(at);
        }
        if (known == instructions_.end()) {
            return; // no instruction: whatever follows may be none either
        }
        at += known->second.length;
    }
}

} // namespace wdbg::aot
