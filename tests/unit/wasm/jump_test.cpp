// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/jump.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;
using testing::HasSubstr;
using testing::IsEmpty;

//  0: i64.const 1   2: block (result i32)   4: local.get 0   6: if   8: nop   9: else   10: nop
// 11: end           12: loop                14: br 0         16: end
// 17: i32.const 5   19: end                 20: drop         21: drop     22: end
const Bytes code{0x42, 1,    0x02, i32, 0x20, 0,    0x04, 0x40, 0x01, 0x05, 0x01, 0x0B,
                 0x03, 0x40, 0x0C, 0,   0x0B, 0x41, 5,    0x0B, 0x1A, 0x1A, 0x0B};

struct Fixture {
    Module module = *Module::parse_owned(one_function({i32}, {}, {}, code).build());
    const FunctionBody& body = *module.body(module.imported_function_count());

    [[nodiscard]] CodeOffset at(std::uint32_t offset) const {
        return CodeOffset{body.first_instruction.value + offset};
    }

    [[nodiscard]] Result<std::vector<OpenBlock>> jump(std::uint32_t from, std::uint32_t to) const {
        return blocks_for_jump(module, body, at(from), at(to));
    }
};

TEST(Jump, TellsTheBlocksAroundItsTarget) {
    const Fixture fixture;
    const auto blocks = fixture.jump(4, 8);
    ASSERT_TRUE(blocks.has_value()) << blocks.error().message;
    ASSERT_EQ(blocks->size(), 2U);
    const OpenBlock& outer = blocks->front();
    EXPECT_EQ(outer.body, fixture.at(4));
    EXPECT_EQ(outer.target, fixture.at(19));
    EXPECT_EQ(outer.below, 2U); // the i64
    EXPECT_EQ(outer.carried, 1U);
    const OpenBlock& inner = blocks->back();
    EXPECT_EQ(inner.body, fixture.at(8));
    EXPECT_EQ(inner.target, fixture.at(11));
    EXPECT_EQ(inner.below, 2U); // its condition is gone
    EXPECT_EQ(inner.carried, 0U);
}

TEST(Jump, KnowsLoopsFromBlocks) {
    const Fixture fixture;
    const auto blocks = fixture.jump(10, 14);
    ASSERT_TRUE(blocks.has_value());
    ASSERT_EQ(blocks->size(), 2U);
    EXPECT_EQ(blocks->back().target, fixture.at(14));
}

TEST(Jump, LeavesAllBlocks) {
    const Fixture fixture;
    const auto blocks = fixture.jump(19, 20); // one value of the block on the i64, in both
    ASSERT_TRUE(blocks.has_value()) << blocks.error().message;
    EXPECT_THAT(*blocks, IsEmpty());
}

TEST(Jump, RefusesOtherOperands) {
    const Fixture fixture;
    EXPECT_THAT(fixture.jump(4, 0).error().message, HasSubstr("0 instead of 1"));
    EXPECT_EQ(fixture.jump(4, 0).error().code, ErrorCode::Unsupported);
    EXPECT_EQ(fixture.jump(4, 19).error().code, ErrorCode::Unsupported);
}

TEST(Jump, RefusesDeadCodeAndNoInstructions) {
    const Fixture fixture;
    EXPECT_THAT(fixture.jump(4, 16).error().message, HasSubstr("no execution reaches"));
    EXPECT_EQ(fixture.jump(4, 5).error().code, ErrorCode::NotFound);
    EXPECT_EQ(fixture.jump(5, 4).error().code, ErrorCode::NotFound);
}

} // namespace
} // namespace wdbg::wasm
