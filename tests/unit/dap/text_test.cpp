// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hit_condition.h"
#include "references.h"
#include "utf8_splitter.h"

#include <gtest/gtest.h>

namespace wdbg::dap {
namespace {

TEST(HitCondition, HasTheUsualForms) {
    const auto holds = [](std::string_view condition) {
        std::string hits;
        for (unsigned i = 1; i <= 6; ++i) {
            hits += hit_condition_holds(condition, i) ? '1' : '0';
        }
        return hits;
    };
    EXPECT_EQ(holds(""), "111111");
    EXPECT_EQ(holds("4"), "000111");
    EXPECT_EQ(holds(" >= 4 "), "000111");
    EXPECT_EQ(holds(">4"), "000011");
    EXPECT_EQ(holds("== 4"), "000100");
    EXPECT_EQ(holds("<3"), "110000");
    EXPECT_EQ(holds("<= 3"), "111000");
    EXPECT_EQ(holds("% 3"), "001001");
    EXPECT_EQ(holds("% 0"), "111111");
}

TEST(Base64, GoesBothWays) {
    for (const std::string text : {"", "a", "ab", "abc", "abcd"}) {
        const auto bytes = std::as_bytes(std::span(text));
        const auto back = from_base64(to_base64(bytes));
        ASSERT_TRUE(back);
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), back->begin(), back->end())) << text;
    }
    const std::string text = "ab";
    EXPECT_EQ(to_base64(std::as_bytes(std::span(text))), "YWI=");
}

TEST(Utf8Splitter, PassesOnWhatIsNoUtf8) {
    Utf8Splitter splitter;
    EXPECT_EQ(splitter.take("\x80\x80"), "\x80\x80");
    EXPECT_EQ(splitter.take("a\xF0\x9F"), "a");
    EXPECT_EQ(splitter.rest(), "\xF0\x9F");
    EXPECT_EQ(splitter.rest(), "");
}

} // namespace
} // namespace wdbg::dap
