// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "operand_history.h"

#include <wdbg/wasm/stack_types.h>

#include <algorithm>
#include <utility>

namespace wdbg::dwarf {

void OperandHistory::read(const wasm::Module& module, std::uint32_t function) {
    if (module_ == &module && function_ == function) {
        return;
    }
    module_ = &module;
    function_ = function;
    values_.clear();
    stacks_.clear();
    std::vector<std::uint32_t> now; // indices in values_ + 1, the bottom first
    // What comes behind an instruction that cannot be followed stays unknown.
    [[maybe_unused]] const auto walked = wasm::walk_operand_stacks(
        module, function,
        [&](const wasm::Instruction& instruction, const wasm::OperandStack& stack) {
            const auto is_kept = [this](std::uint32_t value, CodeOffset maker) {
                return values_[value - 1].maker == maker;
            };
            const auto [gone, made] = std::ranges::mismatch(now, stack.makers, is_kept);
            now.erase(gone, now.end());
            for (auto each = made; each != stack.makers.end(); ++each) {
                values_.push_back({.maker = *each, .below = now.empty() ? 0 : now.back()});
                now.push_back(static_cast<std::uint32_t>(values_.size()));
            }
            stacks_.push_back({.at = instruction.offset,
                               .top = now.empty() ? 0 : now.back(),
                               .depth = static_cast<std::uint32_t>(now.size()),
                               .reachable = stack.reachable});
            return true;
        });
}

const OperandHistory::Stack* OperandHistory::stack_at(CodeOffset at) const {
    const auto behind = std::ranges::upper_bound(stacks_, at, {}, &Stack::at);
    return behind == stacks_.begin() ? nullptr : &*std::prev(behind);
}

std::optional<CodeOffset> OperandHistory::maker(const Stack& stack, std::uint32_t index) const {
    if (index >= stack.depth) {
        return std::nullopt;
    }
    std::uint32_t value = stack.top;
    for (std::uint32_t each = stack.depth - 1; each > index; --each) {
        value = values_[value - 1].below;
    }
    return values_[value - 1].maker;
}

std::optional<bool> OperandHistory::is_same(const wasm::Module& module, CodeOffset begin,
                                            CodeOffset at, std::uint32_t index) {
    const wasm::FunctionBody* const body = module.function_containing(at);
    if (body == nullptr || begin < body->begin || at < begin) {
        return std::nullopt;
    }
    read(module, body->index);
    const Stack* const first = stack_at(std::max(begin, body->first_instruction));
    const Stack* const now = stack_at(at);
    if (first == nullptr || now == nullptr || !first->reachable || stacks_.back().at < at) {
        return std::nullopt;
    }
    const auto wanted = maker(*first, index);
    return wanted && maker(*now, index) == wanted;
}

} // namespace wdbg::dwarf
