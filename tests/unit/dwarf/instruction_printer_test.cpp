// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/instruction_printer.h>

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
    const char* text;
    std::uint64_t target; ///< 0: none
};

class InstructionPrinter : public testing::TestWithParam<Case> {};

TEST_P(InstructionPrinter, ShowsAnInstruction) {
    const Case& each = GetParam();
    const auto printer = make_instruction_printer(each.machine, each.thumb);
    ASSERT_TRUE(printer) << printer.error().message;
    const auto printed = (*printer)->print(std::as_bytes(std::span(each.code)), {0x1000});
    ASSERT_TRUE(printed) << printed.error().message;
    EXPECT_EQ(printed->length, each.length);
    EXPECT_EQ(printed->text, each.text);
    EXPECT_EQ(printed->target.value_or(NativeAddress{}).value, each.target);
}

INSTANTIATE_TEST_SUITE_P(
    Machines, InstructionPrinter,
    testing::Values(
        Case{Machine::X86_64, false, {0x8b, 0x47, 0x08}, 3, "mov eax, dword ptr [rdi + 0x8]", 0},
        Case{Machine::X86_64, false, {0xe8, 0x0b, 0, 0, 0}, 5, "call 0x1010", 0x1010},
        Case{Machine::X86_64, false, {0x74, 0x0e}, 2, "je 0x1010", 0x1010},
        Case{Machine::AArch64, false, {0x02, 0, 0, 0x94}, 4, "bl 0x1008", 0x1008},
        Case{Machine::Arm, true, {0x00, 0xbf}, 2, "nop", 0},
        Case{Machine::Arm, false, {0x1e, 0xff, 0x2f, 0xe1}, 4, "bx lr", 0},
        Case{Machine::RiscV32, false, {0x67, 0x80, 0, 0}, 4, "ret", 0}));

TEST(InstructionPrinterErrors, HalfAnInstructionIsNone) {
    const auto printer = make_instruction_printer(Machine::X86_64, false);
    ASSERT_TRUE(printer) << printer.error().message;
    const std::vector<std::byte> half{std::byte{0xe8}, std::byte{0x0b}};
    const auto printed = (*printer)->print(half, {0x1000});
    ASSERT_FALSE(printed);
    EXPECT_EQ(printed.error().code, ErrorCode::Malformed);
}

} // namespace
} // namespace wdbg::dwarf
