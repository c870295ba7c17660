// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::test {
namespace {

using testing::HasSubstr;

TEST(Expressions, FollowTheCFamily) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    const std::vector<std::pair<std::string, std::string>> rows{
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"7 / 2", "3"},
        {"-7 % 3", "-1"},
        {"7 / 2.0", "3.5"},
        {"1 << 4 | 3", "19"},
        {"~0", "-1"},
        {"0xffu & 0x0f", "15"},
        {"4294967295u + 1", "0"},
        {"1 ? 2 : 3", "2"},
        {"list[1] == 20 && point.y < 0", "true"},
        {"*list", "10"},
        {"*(list + 2)", "30"},
        {"&list[3] - list", "3"},
        {"p->x + p[1].y", "5"},
        {"(*p).y", "2"},
        {"sizeof(point)", "8"},
        {"sizeof(struct Point)", "8"},
        {"sizeof(int)", "4"},
        {"(char)65", "65 'A'"},
        {"(unsigned char)-1", "255"},
        {"(long long)2147483647 + 1", "2147483648"},
        {"color == BLUE", "true"},
        {"GREEN", "GREEN"},
        {"(enum Color)0", "RED"},
        {"text == \"hello\"", "true"},
        {"text != \"hell\"", "true"},
        {"'a' + 1", "98"},
        {"point.x,x", "0x00000007"},
        {"5,b", "0b101"},
        {"letter_like_nothing ? 1 : 2",
         "[no variable is called 'letter_like_nothing', at character 1]"},
        {"global_points[2].x", "5"},
        {"((struct Point*)global_points)->y", "2"},
        {"!nothing", "true"},
        {"nothing == 0", "true"},
        {"grid[1][2]", "6"},
    };
    for (const auto& [expression, expected] : rows) {
        EXPECT_EQ(guest.value(expression), expected) << expression;
    }
}

TEST(Expressions, AssignAndIncrement) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    EXPECT_EQ(guest.value("point.x = 40"), "40");
    EXPECT_EQ(guest.value("point.x += 2"), "42");
    EXPECT_EQ(guest.value("point.x++"), "42");
    EXPECT_EQ(guest.value("point.x"), "43");
    EXPECT_EQ(guest.value("--list[0]"), "9");
    EXPECT_EQ(guest.value("color = RED"), "RED");
    EXPECT_EQ(guest.value("*p"), "{x = 1, y = 2}");
}

TEST(Expressions, SayWhereTheyAreWrong) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    EXPECT_THAT(guest.error("1 +"), HasSubstr("not complete, at character 4"));
    EXPECT_THAT(guest.error("1 + missing"), HasSubstr("'missing', at character 5"));
    EXPECT_THAT(guest.error("point.z"), HasSubstr("no member 'z', at character 7"));
    EXPECT_THAT(guest.error("1 / 0"), HasSubstr("division by zero, at character 3"));
    EXPECT_THAT(guest.error("*point"), HasSubstr("at character 1"));
    EXPECT_THAT(guest.error("a # b"), HasSubstr("'#', at character 3"));
    EXPECT_THAT(guest.error("scalars(1, 2)"), HasSubstr("takes"));
    EXPECT_THAT(guest.error("\"open"), HasSubstr("not closed"));
    EXPECT_THAT(guest.error("(1"), HasSubstr("not complete"));
    EXPECT_THAT(guest.error("*nothing"), HasSubstr("cannot be dereferenced"));
    EXPECT_THAT(guest.error("point.x,q"), HasSubstr("at character 9"));
}

TEST(Expressions, CompleteNamesAndMembers) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    const auto frame = guest.stack().at(0).id;
    const auto names = guest->completions(frame, "1 + po", 7).value();
    ASSERT_FALSE(names.empty());
    EXPECT_EQ(names.front().label, "point");
    EXPECT_EQ(names.front().start, 4U);
    const auto members = guest->completions(frame, "first.next->v", 14).value();
    ASSERT_EQ(members.size(), 1U);
    EXPECT_EQ(members.front().label, "value");
}

TEST(Expressions, GiveTheirPlaceInMemory) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("aggregates");
    const auto frame = guest.stack().at(0).id;
    const auto location = guest->data_location({}, frame, "point.y");
    ASSERT_TRUE(location);
    EXPECT_EQ(location->size, 4U);
    const auto none = guest->data_location({}, frame, "1 + 1");
    ASSERT_FALSE(none);
}

} // namespace
} // namespace wdbg::test
