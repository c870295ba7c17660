// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stack_depths.h"

#include <wdbg/dwarf/x86_decoder.h>

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <vector>

namespace wdbg::aot {
namespace {

class Depths : public testing::Test {
  protected:
    static StackDepths of(std::vector<unsigned char> code) {
        static const auto decoder = dwarf::make_x86_decoder();
        return {std::as_bytes(std::span(code)), {0x1000}, **decoder};
    }
};

using Depth = std::optional<std::int32_t>;

TEST_F(Depths, FollowPushesAndPopsOverCalls) {
    const StackDepths depths = of({
        0x53, //  0: push rbx
        0x48,
        0x83,
        0xEC,
        0x10, //  1: sub rsp, 16
        0xE8,
        0,
        0,
        0,
        0, //  5: call
        0x48,
        0x83,
        0xC4,
        0x10, // 10: add rsp, 16
        0x5B, // 14: pop rbx
        0xC3, // 15: ret
    });
    EXPECT_EQ(depths.at(0), Depth(0));
    EXPECT_EQ(depths.at(1), Depth(8));
    EXPECT_EQ(depths.at(5), Depth(24));
    EXPECT_EQ(depths.behind_call(10), Depth(24));
    EXPECT_EQ(depths.at(14), Depth(8));
    EXPECT_EQ(depths.at(15), Depth(0));
    EXPECT_EQ(depths.at(2), Depth());
    EXPECT_EQ(depths.behind_call(14), Depth());
    EXPECT_FALSE(depths.is_instruction(2));
}

TEST_F(Depths, AreKnownBehindACallThatEndsTheFunction) {
    const StackDepths depths = of({0x50, 0xE8, 0, 0, 0, 0}); // push rax; call
    EXPECT_EQ(depths.behind_call(6), Depth(8));
}

TEST_F(Depths, AreKnownBehindAReturnWhereAJumpLeadsThere) {
    const StackDepths depths = of({
        0x53, // 0: push rbx
        0x74,
        0x02, // 1: je 5
        0x5B, // 3: pop rbx
        0xC3, // 4: ret
        0x90, // 5: nop
        0xEB,
        0xFB, // 6: jmp 3
        0x90, // 8: nothing leads here
    });
    EXPECT_EQ(depths.at(5), Depth(8));
    EXPECT_EQ(depths.at(8), Depth());
}

TEST_F(Depths, OfAJumpTablesTargetsAreThoseOfTheJump) {
    const StackDepths depths = of({
        0x53, // 0: push rbx
        0xFF,
        0xE0, // 1: jmp rax
        0x90, // 3: one target
        0x5B, // 4: pop rbx
        0xC3, // 5: ret
        0x5B, // 6: another
        0xC3, // 7: ret
    });
    EXPECT_EQ(depths.at(3), Depth(8));
    EXPECT_EQ(depths.at(6), Depth(8));
    EXPECT_EQ(depths.at(7), Depth(0));
}

TEST_F(Depths, AreNotKnownWhereTwoWaysDisagree) {
    const StackDepths depths = of({
        0x74,
        0x01, // 0: je 3
        0x53, // 2: push rbx
        0x90, // 3: nop
        0xC3, // 4: ret
    });
    EXPECT_EQ(depths.at(3), Depth());
    EXPECT_EQ(depths.at(0), Depth());
    EXPECT_TRUE(depths.is_instruction(3));
}

TEST_F(Depths, AreNotKnownBehindWhatIsNotUnderstood) {
    const StackDepths depths = of({
        0x53, // 0: push rbx
        0x48,
        0x83,
        0xE4,
        0xE0, // 1: and rsp, -32
        0x90, // 5: nop
        0xFF,
        0xE0, // 6: jmp rax
        0x90, // 8: perhaps a target
    });
    EXPECT_EQ(depths.at(1), Depth(8));
    EXPECT_EQ(depths.at(5), Depth());
    EXPECT_EQ(depths.at(8), Depth());
}

} // namespace
} // namespace wdbg::aot
