// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formatter_table.h"
#include "hit_condition.h"
#include "lexer.h"
#include "path_map.h"
#include "scalar.h"
#include "syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace wdbg::source {
namespace {

using testing::HasSubstr;

class NoTypes final : public TypeNames {
  public:
    [[nodiscard]] bool is_type(const std::string& name) override { return name == "T"; }
};

TEST(HitConditions, ReadTheFormsOfEditors) {
    EXPECT_TRUE(HitCondition::parse("")->holds(1));
    EXPECT_FALSE(HitCondition::parse("5")->holds(4));
    EXPECT_TRUE(HitCondition::parse("5")->holds(5));
    EXPECT_TRUE(HitCondition::parse(">= 5")->holds(6));
    EXPECT_FALSE(HitCondition::parse("==5")->holds(6));
    EXPECT_TRUE(HitCondition::parse("% 3")->holds(9));
    EXPECT_FALSE(HitCondition::parse("%3")->holds(10));
    EXPECT_FALSE(HitCondition::parse("% 0"));
    EXPECT_FALSE(HitCondition::parse("many"));
    EXPECT_FALSE(HitCondition::parse("5 apples"));
}

TEST(PathMap, ReplacesWholeComponentsByTheLongestPrefix) {
    const PathMap map({{"/build", "/home/me"}, {"/build/lib/", "/usr/src/lib"}});
    EXPECT_EQ(map.to_local("/build/a.c"), "/home/me/a.c");
    EXPECT_EQ(map.to_local("/build/lib/b.c"), "/usr/src/lib/b.c");
    EXPECT_EQ(map.to_local("/buildings/c.c"), "/buildings/c.c");
    EXPECT_EQ(map.to_debug("/usr/src/lib/b.c"), "/build/lib/b.c");
}

TEST(Scalar, ReadsIntegersOfAnySizeAndSign) {
    const auto bytes = integer_bytes(-2, 2);
    EXPECT_EQ(to_decimal(read_integer(bytes, true)), "-2");
    EXPECT_EQ(to_decimal(read_integer(bytes, false)), "65534");
    const auto wide = integer_bytes(static_cast<WideSigned>(-1), 16);
    EXPECT_EQ(to_decimal(read_integer(wide, true)), "-1");
    EXPECT_EQ(to_decimal(read_integer(wide, false)), "340282366920938463463374607431768211455");
    EXPECT_EQ(to_hex(255, 4, true), "0x000000ff");
}

TEST(Scalar, ReadsLongDoubles) {
    std::vector<std::byte> one(16);
    one[15] = std::byte{0x3F};
    one[14] = std::byte{0xFF};
    EXPECT_EQ(read_float(one).real, 1.0);
    one[13] = std::byte{0x80};
    EXPECT_EQ(read_float(one).real, 1.5);
}

TEST(Lexer, KnowsNumbersOfEveryBase) {
    const auto tokens = tokenize("10 0x1F 0b101 017 1.5 2.5f 3u 4ll 'a' .5");
    ASSERT_TRUE(tokens);
    EXPECT_EQ(to_decimal((*tokens)[0].number), "10");
    EXPECT_EQ(to_decimal((*tokens)[1].number), "31");
    EXPECT_EQ(to_decimal((*tokens)[2].number), "5");
    EXPECT_EQ(to_decimal((*tokens)[3].number), "15");
    EXPECT_EQ((*tokens)[4].number.real, 1.5);
    EXPECT_TRUE((*tokens)[5].is_single);
    EXPECT_TRUE((*tokens)[6].is_unsigned);
    EXPECT_TRUE((*tokens)[7].is_long);
    EXPECT_EQ(to_decimal((*tokens)[8].number), "97");
    EXPECT_FALSE(tokenize("99999999999999999999"));
    EXPECT_FALSE(tokenize("'ab'"));
    EXPECT_FALSE(tokenize("12abc"));
}

TEST(Syntax, BindsOperatorsAsCDoes) {
    NoTypes types;
    const auto parsed = parse_expression("a + b * c == d && e", types);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->root->text, "&&");
    EXPECT_EQ(parsed->root->children[0]->text, "==");
    EXPECT_EQ(parsed->root->children[0]->children[0]->text, "+");
    const auto left = parse_expression("a - b - c", types);
    ASSERT_TRUE(left);
    EXPECT_EQ(left->root->children[0]->text, "-");
}

TEST(Syntax, TellsCastsFromParentheses) {
    NoTypes types;
    EXPECT_EQ(parse_expression("(T*)x", types)->root->kind, NodeKind::Cast);
    EXPECT_EQ(parse_expression("(x)-1", types)->root->kind, NodeKind::Binary);
    EXPECT_EQ(parse_expression("(unsigned char)x", types)->root->kind, NodeKind::Cast);
}

TEST(Syntax, RefusesDeepNesting) {
    NoTypes types;
    EXPECT_FALSE(parse_expression(std::string(100'000, '('), types));
    EXPECT_FALSE(parse_expression(std::string(50'000, '-') + "1", types));
    EXPECT_FALSE(parse_expression(std::string(3'000, '!') + "1", types));
}

TEST(FormatterTable, ReadsItsBuiltInRows) {
    FormatterTable table;
    EXPECT_TRUE(table.add(builtin_formatters, "built in"));
    ASSERT_NE(table.find("std::vector<int, std::allocator<int> >"), nullptr);
    EXPECT_EQ(table.find("std::vector<int, std::allocator<int> >")->kind, FormatterKind::Items);
    EXPECT_EQ(table.find("int"), nullptr);
}

TEST(FormatterTable, PutsAUsersRowsFirstAndSaysWhatIsWrong) {
    FormatterTable table;
    EXPECT_TRUE(table.add(R"({"formatters": [{"type": "std::vector<*", "summary": "mine"}]})", "f"));
    EXPECT_EQ(table.find("std::vector<int>")->summary, "mine");
    const auto no_type = table.add(R"({"formatters": [{"summary": "x"}]})", "f.json");
    ASSERT_FALSE(no_type);
    EXPECT_THAT(no_type.error().message, HasSubstr("f.json: formatter 1 has no \"type\""));
    EXPECT_FALSE(table.add("[]", "f"));
    EXPECT_FALSE(table.add("{", "f"));
    EXPECT_FALSE(table.add(R"({"formatters": [{"type": "a", "kind": "odd"}]})", "f"));
}

TEST(FormatterTable, MatchesGlobs) {
    EXPECT_TRUE(matches_glob("std::map<*", "std::map<int, int>"));
    EXPECT_TRUE(matches_glob("&[*]", "&[i32]"));
    EXPECT_FALSE(matches_glob("&[*]", "&str"));
    EXPECT_TRUE(matches_glob("*a*b*", "xxaxxbxx"));
}

} // namespace
} // namespace wdbg::source
