// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stand_in.h"

#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

namespace wdbg::aot {
namespace {

TEST(StandIn, HasEachFunctionWithItsNameAndAnInstructionForEachByte) {
    const std::vector<StandInFunction> functions{
        {.size = 1, .name = "a"}, {.size = 300, .name = "über"}, {.size = 17, .name = ""}};
    const auto module = wasm::Module::parse_owned(make_stand_in(130, functions));
    ASSERT_TRUE(module) << module.error().message;
    EXPECT_EQ(module->imported_function_count(), 130U);
    ASSERT_EQ(module->bodies().size(), functions.size());
    for (std::size_t i = 0; i < functions.size(); ++i) {
        const wasm::FunctionBody& body = module->bodies()[i];
        EXPECT_EQ(body.index, 130 + i);
        EXPECT_EQ(body.end.value - body.first_instruction.value, functions[i].size + 1);
        EXPECT_TRUE(module->instructions(body));
        EXPECT_EQ(module->names().functions.at(body.index), functions[i].name);
    }
}

} // namespace
} // namespace wdbg::aot
