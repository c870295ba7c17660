// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/instruction.h>

#include <gtest/gtest.h>

#include <array>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;

std::optional<MemoryAccess> access_of(const Bytes& bytes) {
    const auto instruction = decode(std::as_bytes(std::span(bytes)), CodeOffset{0});
    EXPECT_TRUE(instruction.has_value());
    return instruction ? memory_access(*instruction) : std::nullopt;
}

struct Case {
    Bytes bytes;
    MemoryOperation operation;
    int width;
    int address_slot;
    bool reads;
    bool writes;
};

TEST(MemoryAccess, KnowsWidthAndAddressSlot) {
    using enum MemoryOperation;
    const std::vector<Case> cases{
        {{0x29, 3, 16}, Load, 8, 0, true, false},
        {{0x31, 0, 16}, Load, 1, 0, true, false},
        {{0x3E, 2, 16}, Store, 4, 1, false, true},
        {{0xFD, 0x00, 4, 16}, Load, 16, 0, true, false},
        {{0xFD, 0x01, 3, 16}, Load, 8, 0, true, false},
        {{0xFD, 0x08, 1, 16}, Load, 2, 0, true, false},
        {{0xFD, 0x5C, 2, 16}, Load, 4, 0, true, false},
        {{0xFD, 0x0B, 4, 16}, Store, 16, 1, false, true},
        {{0xFD, 0x55, 1, 16, 3}, Load, 2, 1, true, false},
        {{0xFD, 0x5B, 3, 16, 1}, Store, 8, 1, false, true},
        {{0xFE, 0x11, 3, 16}, AtomicLoad, 8, 0, true, false},
        {{0xFE, 0x1A, 1, 16}, AtomicStore, 2, 1, false, true},
        {{0xFE, 0x1E, 2, 16}, AtomicReadModifyWrite, 4, 1, true, true},
        {{0xFE, 0x49, 3, 16}, AtomicCompareExchange, 8, 2, true, true},
        {{0xFE, 0x01, 2, 16}, AtomicWait, 4, 2, true, false},
        {{0xFE, 0x00, 2, 16}, AtomicNotify, 4, 1, false, false},
    };
    for (const Case& expected : cases) {
        const auto access = access_of(expected.bytes);
        ASSERT_TRUE(access.has_value());
        EXPECT_EQ(access->operation, expected.operation);
        EXPECT_EQ(access->width, expected.width);
        EXPECT_EQ(access->address_slot, expected.address_slot);
        EXPECT_EQ(access->offset, 16U);
        EXPECT_EQ(access->reads(), expected.reads);
        EXPECT_EQ(access->writes(), expected.writes);
    }
}

TEST(MemoryAccess, KnowsTheSlotsOfBulkOperations) {
    const auto copy = access_of({0xFC, 0x0A, 1, 2});
    ASSERT_TRUE(copy.has_value());
    EXPECT_EQ(copy->address_slot, 2);
    EXPECT_EQ(copy->source_slot, 1);
    EXPECT_EQ(copy->length_slot, 0);
    EXPECT_EQ(copy->memory, 1U);
    EXPECT_EQ(copy->source_memory, 2U);
    EXPECT_EQ(copy->width, 0);
    const auto fill = access_of({0xFC, 0x0B, 0});
    ASSERT_TRUE(fill.has_value());
    EXPECT_EQ(fill->address_slot, 2);
    EXPECT_EQ(fill->value_slot, 1);
    EXPECT_EQ(fill->length_slot, 0);
    EXPECT_FALSE(fill->reads());
    const auto init = access_of({0xFC, 0x08, 5, 1});
    ASSERT_TRUE(init.has_value());
    EXPECT_EQ(init->memory, 1U);
    EXPECT_EQ(init->address_slot, 2);
    const auto grow = access_of({0x40, 0});
    ASSERT_TRUE(grow.has_value());
    EXPECT_EQ(grow->operation, MemoryOperation::Grow);
    EXPECT_FALSE(grow->writes());
}

TEST(MemoryAccess, IsMissingElsewhere) {
    for (const Bytes& bytes : {Bytes{0x01}, Bytes{0x3F, 0}, Bytes{0x6A}, Bytes{0xFE, 3, 0}}) {
        EXPECT_FALSE(access_of(bytes).has_value());
    }
}

/// The slot table and the signatures of the opcode table are two statements of one fact.
TEST(MemoryAccess, AgreesWithTheSignatureOfEveryOpcode) {
    for (const std::uint8_t prefix : std::to_array<std::uint8_t>({0x00, 0xFC, 0xFD, 0xFE})) {
        for (const OpcodeInfo& row : opcodes_of_prefix(prefix)) {
            const auto access = memory_access({.opcode = row.opcode, .info = &row});
            ASSERT_EQ(access.has_value(), row.operation != MemoryOperation::None);
            if (!access || row.signature == "*") {
                continue;
            }
            const auto operands = row.signature.find(':');
            ASSERT_LT(access->address_slot, operands) << row.mnemonic;
            EXPECT_EQ(row.signature[operands - 1 - access->address_slot], 'a') << row.mnemonic;
            EXPECT_EQ(access->address_slot, operands - 1) << row.mnemonic;
        }
    }
}

} // namespace
} // namespace wdbg::wasm
