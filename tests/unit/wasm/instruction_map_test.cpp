// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/instruction_map.h>

#include <gtest/gtest.h>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;

Result<InstructionMap> map_of(const Bytes& code, std::uint32_t first = 0) {
    return InstructionMap::build(std::as_bytes(std::span(code)), CodeOffset{first},
                                 CodeOffset{static_cast<std::uint32_t>(code.size())});
}

std::optional<CodeOffset> at(std::uint32_t offset) {
    return CodeOffset{offset};
}

TEST(InstructionMap, KnowsStartsAndEnds) {
    // 2: i32.const 128 (3 bytes), 5: call 1, 7: drop, 8: end
    const auto map = map_of({0xFF, 0xFF, 0x41, 0x80, 0x01, 0x10, 0x01, 0x1A, 0x0B}, 2);
    ASSERT_TRUE(map.has_value());
    EXPECT_EQ(map->count(), 4U);
    EXPECT_TRUE(map->is_start(CodeOffset{2}));
    EXPECT_FALSE(map->is_start(CodeOffset{3}));
    EXPECT_FALSE(map->is_start(CodeOffset{1}));
    EXPECT_FALSE(map->is_start(CodeOffset{9}));
    EXPECT_EQ(map->next_at_or_after(CodeOffset{0}), at(2));
    EXPECT_EQ(map->next_at_or_after(CodeOffset{3}), at(5));
    EXPECT_EQ(map->next_at_or_after(CodeOffset{8}), at(8));
    EXPECT_EQ(map->next_at_or_after(CodeOffset{9}), std::nullopt);
    EXPECT_EQ(map->ending_at(CodeOffset{7}), at(5));
    EXPECT_EQ(map->ending_at(CodeOffset{9}), at(8));
    EXPECT_EQ(map->ending_at(CodeOffset{2}), std::nullopt);
    EXPECT_EQ(map->ending_at(CodeOffset{4}), std::nullopt);
    EXPECT_EQ(map->ending_at(CodeOffset{10}), std::nullopt);
    EXPECT_EQ(map->containing(CodeOffset{4}), at(2));
    EXPECT_EQ(map->containing(CodeOffset{9}), std::nullopt);
    EXPECT_EQ(map->containing(CodeOffset{1}), std::nullopt);
}

TEST(InstructionMap, CrossesWordsOfItsBitmap) {
    // An instruction of 203 bytes lies between two short ones.
    const Bytes code = Bytes{0x01, 0x0E, 0xC8, 0x01} + Bytes(201, 0x00) + Bytes{0x0B};
    const auto map = map_of(code);
    ASSERT_TRUE(map.has_value());
    const auto last = static_cast<std::uint32_t>(code.size() - 1);
    EXPECT_EQ(map->next_at_or_after(CodeOffset{2}), at(last));
    EXPECT_EQ(map->ending_at(CodeOffset{last}), at(1));
    EXPECT_EQ(map->containing(CodeOffset{150}), at(1));
}

TEST(InstructionMap, RefusesCodeThatDoesNotEndWithTheFunction) {
    EXPECT_FALSE(map_of({0x01}).has_value());             // no end
    EXPECT_FALSE(map_of({0x0B, 0x01}).has_value());       // code behind the end
    EXPECT_FALSE(map_of({0x02, 0x40, 0x0B}).has_value()); // open block
    EXPECT_FALSE(map_of({0x41, 0x80}).has_value());       // cut instruction
    EXPECT_FALSE(map_of({}).has_value());
    EXPECT_TRUE(map_of({0x06, 0x40, 0x18, 0x00, 0x0B}).has_value()); // delegate ends its try
}

} // namespace
} // namespace wdbg::wasm
