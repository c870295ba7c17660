// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace wdbg::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(Formatters, ShowContainersOfLibcxx) {
    for (const char* variant : {"shapes-O0.wasm"}) {
        REQUIRE_FIXTURE(variant);
        GuestSession guest(variant, "cpp/shapes.cpp");
        guest.run_to("containers");
        EXPECT_EQ(guest.value("numbers"), "size=5 {3, 1, 4, 1, 5}");
        EXPECT_EQ(guest.value("greeting"), "\"hello wasm\"");
        EXPECT_EQ(guest.value("ages"), "size=2 {[\"ann\"] = 31, [\"bob\"] = 42}");
        EXPECT_THAT(guest.value("owned"), HasSubstr(" 77"));
        EXPECT_EQ(guest.value("*owned"), "77");
        EXPECT_EQ(guest.value("numbers[4]"), "5");
        EXPECT_THAT(guest.error("numbers[5]"), HasSubstr("no element 5"));
        EXPECT_EQ(guest.value("greeting == \"hello wasm\""), "true");
        const auto numbers = guest.evaluate("numbers").value();
        EXPECT_EQ(numbers.indexed_children, 5U);
        EXPECT_THAT(guest.children(numbers),
                    ElementsAre("[0]=3", "[1]=1", "[2]=4", "[3]=1", "[4]=5", "[raw]="));
        EXPECT_THAT(guest.value("numbers,raw"), HasSubstr("__begin_"));
    }
}

TEST(Formatters, ShowOneOfEachContainerOfLibcxx) {
    REQUIRE_FIXTURE("containers-O0.wasm");
    GuestSession guest("containers-O0.wasm", "cpp/containers.cpp");
    guest.run_to("all");
    const std::vector<std::pair<std::string, std::string>> rows{
        {"short_text", "\"short\""},
        {"long_text", "\"a text that does not fit into the string itself\""},
        {"view", "\"text\""},
        {"words", R"(size=2 {"one", "two"})"},
        {"bits", "size=3 {true, false, true}"},
        {"fixed", "size=3 {7, 8, 9}"},
        {"queue", "size=3 {1, 2, 3}"},
        {"chain", "size=3 {4, 5, 6}"},
        {"numbers", R"(size=3 {[1] = "one", [2] = "two", [3] = "three"})"},
        {"odd", "size=3 {1, 3, 5}"},
        {"index", "size=1 {[\"key\"] = 42}"},
        {"lone", "size=1 {77}"},
        {"some", "5"},
        {"none", "nullopt"},
        {"either", "\"text\""},
        {"empty", "nullptr"},
        {"couple", "(1, \"uno\")"},
        {"triple", "(1, \"two\", true)"},
        {"access", "Read | Write"},
        {"both.own", "33"},
        {"both.base_value + both.other_value", "33"},
        {"both.bytes[3]", "1 '\\x01'"},
        {"both.flag", "true"},
        {"both.rest", "17"},
        {"owned->own", "33"},
        {"*counted", "8"},
        {"null_text", "0x0"},
        {"buffer", "\"in a buffer\""},
        {"Outer::shared", "[removed by the linker: nothing uses it]"},
        {"outer.inner.depth", "2"},
        {"Access::Execute", "Execute"},
        {"access == (Access::Read | Access::Write)", "true"},
        {"words[1] == \"two\"", "true"},
        {"words.size", "['std::vector<std::string>' has no member 'size', at character 7]"},
        {"reference", "33"},
        {"big[999999]", "123"},
        {"sizeof(Both)", "24"},
    };
    for (const auto& [expression, expected] : rows) {
        EXPECT_EQ(guest.value(expression), expected) << expression;
    }
    EXPECT_THAT(guest.value("counted"), HasSubstr(" 8"));
    const auto counted = guest.evaluate("counted").value();
    EXPECT_THAT(guest.children(counted), Contains("[strong]=2"));
    const auto big = guest.evaluate("big").value();
    EXPECT_EQ(big.indexed_children, 1'000'000U);
    const auto last =
        guest->variables(big.children, source::ChildFilter::Indexed, 999'999, 1, {}).value();
    EXPECT_EQ(last.at(0).value, "123");
}

TEST(Formatters, ShowBlocksThatHideEachOther) {
    REQUIRE_FIXTURE("containers-O0.wasm");
    GuestSession guest("containers-O0.wasm", "cpp/containers.cpp");
    guest.run_to("shadow");
    EXPECT_EQ(guest.value("result"), "30");
    EXPECT_THAT(guest.scope(source::ScopeKind::Locals), SizeIs(3));
}

TEST(Formatters, ShowOneOfEachCollectionOfRust) {
    REQUIRE_FIXTURE("collections-O0.wasm");
    GuestSession guest("collections-O0.wasm", "rust/collections.rs");
    guest.run_to("all");
    const std::vector<std::pair<std::string, std::string>> rows{
        {"strings", R"(size=2 {"a", "b"})"},
        {"empty", "size=0 {}"},
        {"ring", "size=3 {1, 2, 3}"},
        {"map", "size=1 {[\"one\"] = 1}"},
        {"set", "size=1 {7}"},
        {"shared", "41"},
        {"cell", "5"},
        {"plain_cell", "6"},
        {"*boxed", "12"},
        {"list.value", "1"},
        {"result", "Err(\"bad\")"},
        {"fine", "Ok(3)"},
        {"level", "High"},
        {"numbers", "{1, 2, 3}"},
        {"part", "size=2 {2, 3}"},
        {"text", "\"str\""},
        {"unit", "()"},
        {"tree[0]", "0"},
        {"tree[99]", "9801"},
        {"letters", "size=4 {101 'e', 104 'h', 108 'l', 111 'o'}"},
        {"no_tree", "size=0 {}"},
        {"heap", "size=2 {9, 3}"},
        {"chain", "size=2 {5, 6}"},
        {"locked", "41"},
        {"guard", "41"},
        {"atomic.0", "77"},
        {"atomic.1", "true"},
        {"path", "\"/a/b\""},
        {"part_of_path", "\"/a/b\""},
        {"wide", "250"},
    };
    for (const auto& [expression, expected] : rows) {
        EXPECT_EQ(guest.value(expression), expected) << expression;
    }
    const auto tree = guest.evaluate("tree").value();
    std::vector<std::string> squares;
    squares.reserve(100);
    for (int i = 0; i < 100; ++i) {
        squares.push_back("[" + std::to_string(i) + "]=" + std::to_string(i * i));
    }
    EXPECT_THAT(guest.children(tree), testing::IsSupersetOf(squares));
    const auto shared = guest.evaluate("shared").value();
    EXPECT_THAT(guest.children(shared), Contains("[strong]=2"));
}

TEST(Formatters, ShowRustValues) {
    REQUIRE_FIXTURE("rust-O0.wasm");
    GuestSession guest("rust-O0.wasm", "rust/app.rs");
    guest.run_to("values");
    EXPECT_EQ(guest.value("number"), "-42");
    EXPECT_EQ(guest.value("natural"), "1099511627776");
    EXPECT_EQ(guest.value("letter"), "120 'x'");
    EXPECT_EQ(guest.value("array"), "{10, 20, 30}");
    EXPECT_EQ(guest.value("items"), "size=3 {4, 8, 15}");
    EXPECT_EQ(guest.value("text"), "\"hello rust\"");
    EXPECT_EQ(guest.value("slice"), "\"hello\"");
    EXPECT_EQ(guest.value("some"), "Some(7)");
    EXPECT_EQ(guest.value("none"), "None");
    EXPECT_EQ(guest.value("tuple.0"), "1");
    EXPECT_EQ(guest.value("tuple.1"), "2");
}

TEST(Formatters, ShowRustEnums) {
    REQUIRE_FIXTURE("rust-O0.wasm");
    GuestSession guest("rust-O0.wasm", "rust/app.rs");
    guest.run_to("main");
    EXPECT_EQ(guest.value("commands"), "size=3 {Move {x = 3, y = 4}, Say(\"hi\"), Quit}");
}

TEST(Formatters, OfAUsersFileComeFirst) {
    REQUIRE_FIXTURE("types-O0.wasm");
    const auto file = std::filesystem::temp_directory_path() / "wdbg_formatters_test.json";
    std::ofstream(file) << R"({"formatters": [{"type": "Point", "summary": "<{x}|{y}>"}]})";
    GuestSession guest("types-O0.wasm", "c/types.c", {}, {file});
    std::filesystem::remove(file);
    guest.run_to("aggregates");
    EXPECT_EQ(guest.value("point"), "<7|-8>");
}

} // namespace
} // namespace wdbg::test
