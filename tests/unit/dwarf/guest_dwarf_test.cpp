// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fixture.h"

#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/wasm/module.h>
#include <wdbg/wasm/stack_types.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <vector>

namespace wdbg::dwarf {
namespace {

/// LLVM ends their ranges late: not where the value is taken from the stack.
TEST(GuestDwarf, VariablesOnTheOperandStackEndWithTheirValue) {
    const test::Fixture fixture("lua-O2.wasm");
    ASSERT_TRUE(fixture.built());
    const auto guest = read_guest_dwarf(fixture.source());
    const auto module = wasm::Module::parse(fixture.bytes);
    ASSERT_TRUE(guest && module);
    std::map<std::uint32_t, std::vector<const GuestVariable*>> by_function;
    std::size_t earlier = 0;
    for (const GuestVariable& variable : guest->variables) {
        EXPECT_LE(variable.end, variable.listed_end);
        earlier += variable.end < variable.listed_end ? 1 : 0;
        if (!variable.operands.empty()) {
            by_function[variable.function].push_back(&variable);
        }
    }
    EXPECT_GT(earlier, 20U);
    std::size_t checked = 0;
    for (const auto& [begin, variables] : by_function) {
        const wasm::FunctionBody* const body = module->function_containing(CodeOffset{begin});
        ASSERT_NE(body, nullptr);
        std::map<const GuestVariable*, CodeOffset> makers;
        const auto walked = wasm::walk_operand_stacks(
            *module, body->index,
            [&](const wasm::Instruction& instruction, const wasm::OperandStack& stack) {
                for (const GuestVariable* const each : variables) {
                    const std::uint32_t at = instruction.offset.value;
                    if (at < each->begin || at >= each->end) {
                        continue;
                    }
                    const std::uint32_t top = *each->operands.rbegin();
                    EXPECT_LT(top, stack.makers.size()) << "at " << at;
                    if (top < stack.makers.size()) {
                        const auto first = makers.try_emplace(each, stack.makers[top]).first;
                        EXPECT_EQ(first->second, stack.makers[top]) << "at " << at;
                        ++checked;
                    }
                }
                return true;
            });
        EXPECT_TRUE(walked);
    }
    EXPECT_GT(checked, 1000U);
}

} // namespace
} // namespace wdbg::dwarf
