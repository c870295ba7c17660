// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/instruction.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;
using testing::HasSubstr;

Result<Instruction> decode_bytes(const Bytes& bytes) {
    return decode(std::as_bytes(std::span(bytes)), CodeOffset{0});
}

struct Encoding {
    Bytes bytes;
    const char* mnemonic;
};

TEST(Instruction, HasTheLengthAndNameOfItsEncoding) {
    const std::vector<Encoding> encodings{
        {{0x00}, "unreachable"},
        {{0x02, 0x40}, "block"},
        {{0x03, 0x7F}, "loop"},
        {{0x04, 0x80, 0x01}, "if"},
        {{0x06, 0x40}, "try"},
        {{0x07, 0x00}, "catch"},
        {{0x0E, 0x02, 0x01, 0x80, 0x01, 0x03}, "br_table"},
        {{0x10, 0x80, 0x80, 0x00}, "call"},
        {{0x11, 0x05, 0x01}, "call_indirect"},
        {{0x12, 0x05}, "return_call"},
        {{0x14, 0x05}, "call_ref"},
        {{0x18, 0x00}, "delegate"},
        {{0x1C, 0x01, 0x6F}, "select"},
        {{0x1F, 0x40, 0x02, 0x00, 0x01, 0x00, 0x02, 0x01}, "try_table"},
        {{0x28, 0x02, 0x10}, "i32.load"},
        {{0x28, 0x42, 0x01, 0x10}, "i32.load"},
        {{0x3F, 0x00}, "memory.size"},
        {{0x41, 0x80, 0x80, 0x80, 0x80, 0x78}, "i32.const"},
        {{0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F}, "i64.const"},
        {{0x43, 1, 2, 3, 4}, "f32.const"},
        {{0x44, 1, 2, 3, 4, 5, 6, 7, 8}, "f64.const"},
        {{0xD0, 0x70}, "ref.null"},
        {{0xFC, 0x00}, "i32.trunc_sat_f32_s"},
        {{0xFC, 0x08, 0x03, 0x00}, "memory.init"},
        {{0xFC, 0x8A, 0x00, 0x00, 0x00}, "memory.copy"},
        {{0xFC, 0x0B, 0x00}, "memory.fill"},
        {{0xFC, 0x0E, 0x01, 0x00}, "table.copy"},
        {Bytes{0xFD, 0x0C} + Bytes(16, 0xAA), "v128.const"},
        {Bytes{0xFD, 0x0D} + Bytes(16, 0x01), "i8x16.shuffle"},
        {{0xFD, 0x54, 0x00, 0x08, 0x0F}, "v128.load8_lane"},
        {{0xFD, 0xFF, 0x01}, "f64x2.convert_low_i32x4_u"},
        {{0xFD, 0x93, 0x02}, "i32x4.relaxed_dot_i8x16_i7x16_add_s"},
        {{0xFE, 0x03, 0x00}, "atomic.fence"},
        {{0xFE, 0x4E, 0x02, 0x00}, "i64.atomic.rmw32.cmpxchg_u"},
        {{0xFB, 0x00, 0x01}, "struct.new"},
        {{0xFB, 0x18, 0x03, 0x00, 0x6E, 0x6D}, "br_on_cast"},
    };
    for (const Encoding& encoding : encodings) {
        const auto instruction = decode_bytes(encoding.bytes + Bytes{0x0B, 0x0B});
        ASSERT_TRUE(instruction.has_value()) << encoding.mnemonic;
        EXPECT_EQ(instruction->info->mnemonic, encoding.mnemonic);
        EXPECT_EQ(instruction->size, encoding.bytes.size()) << encoding.mnemonic;
    }
}

TEST(Instruction, IsRefusedWhenCutShort) {
    const std::array<Bytes, 8> whole{Bytes{0x0E, 0x02, 0x01, 0x02, 0x03},
                                     Bytes{0x44, 1, 2, 3, 4, 5, 6, 7, 8},
                                     Bytes{0x28, 0x42, 0x01, 0x10},
                                     Bytes{0xFD, 0x54, 0x00, 0x08, 0x0F},
                                     Bytes{0x1C, 0x01, 0x6F},
                                     Bytes{0x1F, 0x40, 0x01, 0x02, 0x01},
                                     Bytes{0xFC, 0x0A, 0x00, 0x00},
                                     Bytes{0xFD, 0x0C} + Bytes(16, 0)};
    for (const Bytes& bytes : whole) {
        ASSERT_TRUE(decode_bytes(bytes).has_value());
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_FALSE(decode_bytes(cut).has_value());
        }
    }
}

TEST(Instruction, GivesItsImmediates) {
    const auto load = decode_bytes({0x29, 0x43, 0x02, 0x80, 0x80, 0x80, 0x80, 0x10});
    ASSERT_TRUE(load.has_value());
    EXPECT_EQ(load->memory.align_log2, 3U);
    EXPECT_EQ(load->memory.index, 2U);
    EXPECT_EQ(load->memory.offset, std::uint64_t{1} << 32U); // memory64
    const auto constant = decode_bytes({0x41, 0x7F});
    EXPECT_EQ(constant->bits, ~std::uint64_t{0});
    const auto indirect = decode_bytes({0x11, 0x05, 0x01});
    EXPECT_EQ(indirect->index, 5U);
    EXPECT_EQ(indirect->second_index, 1U);
    const auto block = decode_bytes({0x02, 0x7E});
    EXPECT_EQ(block->block.kind, BlockType::Kind::Value);
    EXPECT_EQ(block->block.value, ValueType::I64);
}

TEST(Instruction, GivesEveryLabelOfABranchTable) {
    const Bytes bytes{0x0E, 0x02, 0x01, 0x80, 0x01, 0x03};
    const auto view = std::as_bytes(std::span(bytes));
    const auto table = decode(view, CodeOffset{0});
    ASSERT_TRUE(table.has_value());
    EXPECT_EQ(table->list_count, 2U);
    EXPECT_EQ(table->index, 3U);
    EXPECT_EQ(br_table_label(view, *table, 0), 1U);
    EXPECT_EQ(br_table_label(view, *table, 1), 128U);
    EXPECT_FALSE(br_table_label(view, *table, 2).has_value());
}

TEST(Instruction, RefusesUnknownOpcodesAndBadNumbers) {
    const std::vector<Bytes> wrong{
        {0x27},                                     // no opcode
        {0xFF},                                     //
        {0xFC, 0x7F},                               // no number behind the prefix
        {0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F},       // number beyond 16 bits
        {0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, // i32 of six bytes
        {0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F},       // unused bits do not extend the sign
        {0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F},       // u32 beyond 32 bits
        {0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, // s64 beyond 64 bits
        {0x02, 0x41},                                                       // no block type
        {0x0E, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0x00}, // more labels than bytes
    };
    for (const Bytes& bytes : wrong) {
        const auto instruction = decode_bytes(bytes);
        ASSERT_FALSE(instruction.has_value());
        EXPECT_EQ(instruction.error().code, ErrorCode::Malformed);
        EXPECT_THAT(instruction.error().message, HasSubstr("at file offset 0x"));
    }
    EXPECT_FALSE(decode({}, CodeOffset{7}).has_value());
}

TEST(OpcodeTable, IsOrderedAndFindsEveryRow) {
    const std::array<std::size_t, 5> sizes{199, 31, 22, 256, 67};
    std::size_t position = 0;
    for (const std::uint8_t prefix : std::to_array<std::uint8_t>({0x00, 0xFB, 0xFC, 0xFD, 0xFE})) {
        const auto rows = opcodes_of_prefix(prefix);
        EXPECT_EQ(rows.size(), sizes[position++]);
        EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &OpcodeInfo::opcode));
        for (const OpcodeInfo& row : rows) {
            EXPECT_EQ(find_opcode(row.opcode), &row) << row.mnemonic;
            EXPECT_EQ(prefix_of(row.opcode), prefix);
        }
    }
    EXPECT_EQ(find_opcode(make_opcode(0xFC, 0xFFFF)), nullptr);
    EXPECT_EQ(find_opcode(make_opcode(0x12, 0)), nullptr);
}

} // namespace
} // namespace wdbg::wasm
