// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/machine_decoder.h>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace wdbg::dwarf {
namespace {

struct Case {
    Machine machine;
    bool thumb;
    std::vector<std::uint8_t> code; ///< at 0x1000
    std::uint8_t length;
    InstructionKind kind;
    std::uint64_t target; ///< 0: none
};

class MachineDecoder : public testing::TestWithParam<Case> {};

TEST_P(MachineDecoder, TellsWhereControlGoes) {
    const Case& each = GetParam();
    const auto decoder = make_machine_decoder(each.machine, each.thumb);
    ASSERT_TRUE(decoder) << decoder.error().message;
    const auto decoded = (*decoder)->decode(std::as_bytes(std::span(each.code)), {0x1000});
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->length, each.length);
    EXPECT_EQ(decoded->kind, each.kind);
    if (each.target != 0) {
        EXPECT_EQ(decoded->target.value, each.target);
    }
}

using enum InstructionKind;

INSTANTIATE_TEST_SUITE_P(
    Machines, MachineDecoder,
    testing::Values(
        // aarch64: ret; b +8; b.eq +8; bl +8; blr x0; add x0, x0, #1
        Case{Machine::AArch64, false, {0xc0, 0x03, 0x5f, 0xd6}, 4, Return, 0},
        Case{Machine::AArch64, false, {0x02, 0x00, 0x00, 0x14}, 4, Jump, 0x1008},
        Case{Machine::AArch64, false, {0x40, 0x00, 0x00, 0x54}, 4, ConditionalJump, 0x1008},
        Case{Machine::AArch64, false, {0x02, 0x00, 0x00, 0x94}, 4, Call, 0x1008},
        Case{Machine::AArch64, false, {0x00, 0x00, 0x3f, 0xd6}, 4, IndirectCall, 0},
        Case{Machine::AArch64, false, {0x00, 0x04, 0x00, 0x91}, 4, Plain, 0},
        // thumb: bx lr; bx r3; pop {r7, pc}; ldm sp!, {r4-r8, pc}; ldm r0!, {r4, pc}; nop; bl +4
        Case{Machine::Arm, true, {0x70, 0x47}, 2, Return, 0},
        Case{Machine::Arm, true, {0x18, 0x47}, 2, IndirectJump, 0},
        Case{Machine::Arm, true, {0x80, 0xbd}, 2, Return, 0},
        Case{Machine::Arm, true, {0xbd, 0xe8, 0xf0, 0x81}, 4, Return, 0},
        Case{Machine::Arm, true, {0xb0, 0xe8, 0x10, 0x80}, 4, IndirectJump, 0},
        Case{Machine::Arm, true, {0x00, 0xbf}, 2, Plain, 0},
        Case{Machine::Arm, true, {0x00, 0xf0, 0x02, 0xf8}, 4, Call, 0x1008},
        // arm: bx lr; b +8
        Case{Machine::Arm, false, {0x1e, 0xff, 0x2f, 0xe1}, 4, Return, 0},
        Case{Machine::Arm, false, {0x00, 0x00, 0x00, 0xea}, 4, Jump, 0x1008},
        // riscv: ret; c.nop; jal +8
        Case{Machine::RiscV32, false, {0x67, 0x80, 0x00, 0x00}, 4, Return, 0},
        Case{Machine::RiscV64, false, {0x01, 0x00}, 2, Plain, 0},
        Case{Machine::RiscV64, false, {0x6f, 0x00, 0x80, 0x00}, 4, Jump, 0x1008}));

} // namespace
} // namespace wdbg::dwarf
