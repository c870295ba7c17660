// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <cstring>
#include <native/register_layout.h>

namespace wdbg::remote {
namespace {

std::vector<std::byte> zeros(std::size_t size) {
    return std::vector<std::byte>(size);
}

void put(std::vector<std::byte>& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    std::memcpy(bytes.data() + at, &value, size);
}

TEST(RegisterLayout, ReadsADescriptionByNamesAndNumbers) {
    const auto layout = RegisterLayout::parse(
        "<target><architecture>i386:x86-64</architecture><feature name=\"org.gnu.gdb.i386.core\">"
        "<reg name=\"rax\" bitsize=\"64\"/><reg name=\"rbx\" bitsize=\"64\"/>"
        "<reg name='rsp' bitsize='64'/><reg name=\"rip\" bitsize=\"64\" regnum=\"16\"/>"
        "<reg name=\"eflags\" bitsize=\"32\"/></feature></target>");
    ASSERT_TRUE(layout) << layout.error().message;
    EXPECT_EQ(layout->machine(), Machine::X86_64);
    auto bytes = zeros(36);
    put(bytes, 0, 1, 8);
    put(bytes, 8, 2, 8);
    put(bytes, 16, 0x7000, 8);
    put(bytes, 24, 0x4000, 8);
    put(bytes, 32, 0x246, 4);
    const auto registers = layout->decode(bytes);
    ASSERT_TRUE(registers);
    EXPECT_EQ(registers->general[0], 1U);      // rax
    EXPECT_EQ(registers->general[3], 2U);      // rbx
    EXPECT_EQ(registers->general[7], 0x7000U); // rsp
    EXPECT_EQ(registers->pc.value, 0x4000U);
    EXPECT_EQ(registers->flags, 0x246U);
    EXPECT_EQ(registers->known, 1U | 1U << 3U | 1U << 7U | 1U << 16U);
    EXPECT_FALSE(registers->vectors_known);
}

TEST(RegisterLayout, KnowsACortexMByItsFeature) {
    const auto layout = RegisterLayout::parse(
        "<target><feature name=\"org.gnu.gdb.arm.m-profile\"><reg name=\"sp\" bitsize=\"32\" "
        "regnum=\"13\"/><reg name=\"lr\" bitsize=\"32\"/><reg name=\"pc\" bitsize=\"32\"/>"
        "<reg name=\"xpsr\" bitsize=\"32\" regnum=\"25\"/></feature></target>");
    ASSERT_TRUE(layout) << layout.error().message;
    EXPECT_EQ(layout->machine(), Machine::Arm);
    EXPECT_TRUE(layout->thumb_only());
}

TEST(RegisterLayout, TakesRegistersOfStopReplies) {
    const RegisterLayout layout = RegisterLayout::default_of(Machine::AArch64);
    NativeRegisters registers;
    registers.machine = Machine::AArch64;
    registers.known = 0;
    auto bytes = zeros(8);
    put(bytes, 0, 0x1234, 8);
    EXPECT_TRUE(layout.take(registers, 31, bytes)); // sp
    EXPECT_TRUE(layout.take(registers, 32, bytes)); // pc
    EXPECT_FALSE(layout.take(registers, 32, std::span(bytes).first(4)));
    EXPECT_FALSE(layout.take(registers, 4000, bytes));
    EXPECT_EQ(registers.general[31], 0x1234U);
    EXPECT_EQ(registers.pc.value, 0x1234U);
}

TEST(RegisterLayout, HasADefaultForEachMachine) {
    for (const Machine machine :
         {Machine::X86_64, Machine::AArch64, Machine::Arm, Machine::RiscV32, Machine::RiscV64}) {
        const RegisterLayout layout = RegisterLayout::default_of(machine);
        EXPECT_TRUE(layout.decode(zeros(1024))) << name_of(machine);
        EXPECT_FALSE(layout.decode(zeros(8))) << name_of(machine);
    }
}

TEST(RegisterLayout, SaysWhatItDoesNotKnow) {
    const auto other = RegisterLayout::parse("<target><architecture>mips</architecture></target>");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::Unsupported);
    EXPECT_NE(other.error().message.find("mips"), std::string::npos);
    const auto none = RegisterLayout::parse("<target></target>");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::NotFound);
    EXPECT_FALSE(RegisterLayout::parse("<target><architecture>aarch64</architecture></target>"));
    EXPECT_FALSE(RegisterLayout::parse(
        "<architecture>aarch64</architecture><reg name=\"pc\" bitsize=\"99999999\"/>"));
}

} // namespace
} // namespace wdbg::remote
