// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/text.h>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace wdbg::rsp {
namespace {

std::string hex(std::uint64_t value) {
    char digits[16];
    return {digits, format_hex(value, digits)};
}

std::string decimal(std::uint64_t value) {
    char digits[20];
    return {digits, format_decimal(value, digits)};
}

TEST(Text, FormatsNumbersWithoutLeadingZeros) {
    EXPECT_EQ(hex(0), "0");
    EXPECT_EQ(hex(0x1A0), "1a0");
    EXPECT_EQ(hex(~std::uint64_t{0}), "ffffffffffffffff");
    EXPECT_EQ(decimal(0), "0");
    EXPECT_EQ(decimal(~std::uint64_t{0}), "18446744073709551615");
}

TEST(Text, FormatsLittleEndianInMemoryOrder) {
    char digits[16];
    format_le64(0x4000000000000199, digits);
    EXPECT_EQ(std::string(digits, 16), "9901000000000040");
}

TEST(Text, DecodesHexOnlyIfItFillsTheBytesExactly) {
    std::array<std::byte, 2> bytes{};
    EXPECT_TRUE(decode_hex("aBc1", bytes));
    EXPECT_EQ(bytes[0], std::byte{0xAB});
    EXPECT_EQ(bytes[1], std::byte{0xC1});
    for (const char* bad : {"abc", "abc1d2", "ab", "abg1", "", "ab 1", "ab\xff/"}) {
        EXPECT_FALSE(decode_hex(bad, bytes)) << bad;
    }
}

TEST(TextReader, TakesNumbersUpToTheFirstOtherCharacter) {
    TextReader reader("1fFx");
    EXPECT_EQ(reader.hex(), 0x1FFU);
    EXPECT_EQ(reader.rest(), "x");
    EXPECT_EQ(reader.hex(), std::nullopt);
    EXPECT_EQ(TextReader("12a").decimal(), 12U);
}

TEST(TextReader, RefusesNumbersThatDoNotFit) {
    EXPECT_EQ(TextReader("ffffffffffffffff").hex(), ~std::uint64_t{0});
    EXPECT_EQ(TextReader("10000000000000000").hex(), std::nullopt);
    EXPECT_EQ(TextReader("18446744073709551615").decimal(), ~std::uint64_t{0});
    EXPECT_EQ(TextReader("18446744073709551616").decimal(), std::nullopt);
    EXPECT_EQ(TextReader("0000000000000000000000001").hex(), 1U);
    TextReader reader("100000000");
    EXPECT_EQ(reader.hex_as<std::uint32_t>(), std::nullopt);
    EXPECT_EQ(reader.rest(), "100000000");
    EXPECT_EQ(reader.hex_as<std::uint64_t>(), 0x100000000U);
}

TEST(TextReader, TakesPartsByDelimiter) {
    TextReader reader("a:b;;c");
    EXPECT_EQ(reader.take_until(':'), "a");
    EXPECT_EQ(reader.take_until(';'), "b");
    EXPECT_EQ(reader.take_until(';'), "");
    EXPECT_EQ(reader.take_until(';'), "c");
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(reader.peek(), '\0');
    EXPECT_FALSE(reader.take('x'));
}

} // namespace
} // namespace wdbg::rsp
