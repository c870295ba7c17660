// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/cli/unseen_exits.h>
#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

#include <fake_debuggee.h>

namespace wdbg::cli {
namespace {

using namespace wdbg::test;

class UnseenExitsTest : public testing::Test {
  protected:
    UnseenExitsTest()
        : file_(WasmBuilder()
                    .types({func_type({}, {})})
                    .functions({0, 0})
                    .code({body({}, {0x01, 0x01, 0x0B}), body({}, {0x01, 0x01, 0x0B})})
                    .build())
        , module_(std::move(*wasm::Module::parse(file_))) {
        guest_.instances_.front().code = file_;
    }

    [[nodiscard]] bool leaves_unseen(CodeOffset begin, CodeOffset end) const {
        return exits_({.instance = guest_.instances_.front().info.id, .begin = begin, .end = end});
    }

    std::vector<std::byte> file_;
    wasm::Module module_;
    FakeDebuggee guest_;
    UnseenExits exits_{guest_};
};

TEST_F(UnseenExitsTest, AreThoseOfTheFunctionsEnd) {
    const wasm::FunctionBody& first = *module_.body(0);
    EXPECT_TRUE(leaves_unseen(first.first_instruction, first.end));
    EXPECT_FALSE(leaves_unseen(first.first_instruction, CodeOffset{first.end.value - 1}));
}

/// LLDB's last line of a function goes to the next one's first line, in its header.
TEST_F(UnseenExitsTest, AreThoseInFrontOfTheNextFunctionsHeader) {
    const wasm::FunctionBody& first = *module_.body(0);
    EXPECT_TRUE(leaves_unseen(first.first_instruction, module_.body(1)->first_instruction));
}

/// A breakpoint in another function is no end of a step.
TEST_F(UnseenExitsTest, AreNoneUpToAnotherFunction) {
    const wasm::FunctionBody& second = *module_.body(1);
    EXPECT_FALSE(leaves_unseen(module_.body(0)->first_instruction,
                               CodeOffset{second.first_instruction.value + 1}));
    EXPECT_TRUE(leaves_unseen(second.first_instruction, second.end)); // also behind the other one
}

TEST_F(UnseenExitsTest, AreNoneOfWhatIsNoModule) {
    guest_.instances_.front().code = {std::byte{0}};
    EXPECT_FALSE(leaves_unseen(CodeOffset{0}, CodeOffset{1}));
    EXPECT_FALSE(exits_({.instance = InstanceId{9}, .begin = {}, .end = CodeOffset{1}}));
}

} // namespace
} // namespace wdbg::cli
