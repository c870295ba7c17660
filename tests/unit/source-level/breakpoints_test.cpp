// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::test {
namespace {

using source::StopKind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

TEST(Breakpoints, StopOnTheirLine) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    const auto info = guest.break_at("scalars");
    EXPECT_TRUE(info.verified);
    EXPECT_EQ(info.line, guest.line("scalars"));
    const auto stop = guest.resume();
    EXPECT_EQ(stop.threads.at(0).kind, StopKind::Breakpoint);
    EXPECT_THAT(stop.threads.at(0).breakpoints, ElementsAre(info.id));
    EXPECT_EQ(guest.current_line(), guest.line("scalars"));
    EXPECT_EQ(guest.function(), "scalars");
    EXPECT_EQ(guest.resume().threads.at(0).breakpoints, stop.threads.at(0).breakpoints);
    guest.run_to_end();
}

TEST(Breakpoints, HaveALocationForEachTemplateInstance) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    EXPECT_THAT(guest.break_at("sum").locations, SizeIs(2));
    guest.resume();
    EXPECT_EQ(guest.value("first"), "20");
    guest.resume();
    EXPECT_EQ(guest.value("first"), "0.5");
}

TEST(Breakpoints, ObeyConditionsAndHitCounts) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    guest.break_at("lambda", {.condition = "value == 4"});
    guest.resume();
    EXPECT_EQ(guest.value("value"), "4");
    guest.break_at("lambda", {.hit_condition = "% 2"});
    guest.resume();
    EXPECT_EQ(guest.value("value"), "5");
    guest.run_to_end();
}

TEST(Breakpoints, LogInsteadOfStopping) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    guest.break_at("lambda", {.log_message = "value {value} total {total}"});
    guest.run_to_end();
    ASSERT_THAT(guest.logs, SizeIs(5));
    EXPECT_EQ(guest.logs[0], "value 3 total 0\n");
    EXPECT_EQ(guest.logs[1], "value 1 total 6\n");
}

TEST(Breakpoints, SayWhyAConditionCannotBeEvaluatedAndStop) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.break_at("scalars", {.condition = "nobody > 1"});
    guest.resume();
    ASSERT_THAT(guest.logs, SizeIs(1));
    EXPECT_THAT(guest.logs[0], HasSubstr("'nobody', at character 1"));
}

TEST(Breakpoints, OnFunctionsStopBehindThePrologue) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    const auto infos = guest->set_function_breakpoints(std::vector<source::FunctionBreakpointSpec>{
        {"geometry::Rectangle::area"}, {"no_such_function"}});
    EXPECT_TRUE(infos.at(0).verified);
    EXPECT_FALSE(infos.at(1).verified);
    EXPECT_THAT(infos.at(1).message, HasSubstr("no_such_function"));
    guest.resume();
    EXPECT_EQ(guest.current_line(), guest.line("rectangle"));
    EXPECT_EQ(guest.value("height_"), "4");
}

TEST(Breakpoints, KeepTheirIdsWhenTheListIsSentAgain) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    const auto first = guest.break_at_all({"scalars", "main"});
    const auto second = guest.break_at_all({"main", "end"});
    EXPECT_EQ(first.at(1).id, second.at(0).id);
    EXPECT_NE(first.at(0).id, second.at(1).id);
}

TEST(Breakpoints, InAnUnknownFileSayWhy) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    const std::vector<source::SourceBreakpointSpec> specs{{.line = 3}};
    const auto info = guest->set_source_breakpoints("/nowhere/else.c", specs).at(0);
    EXPECT_FALSE(info.verified);
    EXPECT_FALSE(info.message.empty());
    const std::vector<source::SourceBreakpointSpec> far{{.line = 100'000}};
    EXPECT_THAT(guest->set_source_breakpoints(guest.source_path(), far).at(0).message,
                HasSubstr("no code"));
}

TEST(Breakpoints, WithoutDebugInformationStopByFunctionName) {
    REQUIRE_FIXTURE("control-g0.wasm");
    GuestSession guest("control-g0.wasm", "c/control.c");
    const std::vector<source::FunctionBreakpointSpec> specs{{"__original_main"}, {"main"}};
    const auto infos = guest->set_function_breakpoints(specs);
    EXPECT_TRUE(infos.at(0).verified || infos.at(1).verified);
    guest.resume();
    EXPECT_EQ(guest.current_line(), 0U);
    EXPECT_FALSE(guest.scope(source::ScopeKind::WasmLocals).empty());
}

} // namespace
} // namespace wdbg::test
