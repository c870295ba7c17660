// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Adapter& with_lines(Adapter& adapter) {
    adapter.host.scene = [](FakeSourceLevel& level) {
        level.lines = {{5, at(0x100)}, {7, at(0x120)}};
        level.data["counter"] = {.address = {.instance = {0}, .memory = 0, .offset = 0x400},
                                 .size = 4,
                                 .description = "counter (4 bytes at 0x400)"};
    };
    return adapter;
}

TEST(SetBreakpointsRequest, AnswersWithTheLineReallyTaken) {
    Adapter adapter;
    with_lines(adapter).launch();
    const json body = adapter.ask(
        "setBreakpoints", {{"source", {{"path", "/src/app.c"}}},
                           {"breakpoints", {{{"line", 4}}, {{"line", 7}}, {{"line", 100}}}}});
    ASSERT_EQ(body["breakpoints"].size(), 3U);
    EXPECT_EQ(body["breakpoints"][0]["line"], 5);
    EXPECT_EQ(body["breakpoints"][0]["verified"], true);
    EXPECT_EQ(body["breakpoints"][0]["source"]["path"], "/src/app.c");
    EXPECT_EQ(body["breakpoints"][0]["instructionReference"], "0x4000000000000100");
    EXPECT_EQ(body["breakpoints"][2]["verified"], false);
    EXPECT_EQ(body["breakpoints"][2]["message"], "no code on this line");
}

TEST(SetBreakpointsRequest, CountsLinesAsTheClientDoes) {
    Adapter adapter;
    with_lines(adapter);
    adapter.ask("initialize", {{"linesStartAt1", false}, {"columnsStartAt1", false}});
    adapter.ask("launch", {{"program", some_program()}});
    adapter.run_tasks();
    const json body = adapter.ask(
        "setBreakpoints", {{"source", {{"path", "/src/app.c"}}}, {"breakpoints", {{{"line", 4}}}}});
    EXPECT_EQ(body["breakpoints"][0]["line"], 4);
    EXPECT_THAT(adapter.host.level->take_calls(), testing::Contains("source /src/app.c 5"));
}

TEST(SetBreakpointsRequest, TellsProgressTheFirstTimeThatAModuleIsLarge) {
    Adapter adapter;
    with_lines(adapter);
    adapter.ask("initialize", {{"supportsProgressReporting", true}});
    adapter.ask("launch", {{"program", some_program()}});
    adapter.run_tasks();
    const json lines = {{"source", {{"path", "/src/app.c"}}}, {"breakpoints", {{{"line", 4}}}}};
    adapter.ask("setBreakpoints", lines);
    EXPECT_THAT(adapter.take_events("progressStart"), testing::IsEmpty());
    adapter.guest().instances_.front().info.code_size = std::uint64_t{300} << 20U;
    adapter.ask("setBreakpoints", lines);
    EXPECT_THAT(adapter.take_events("progressStart"), testing::SizeIs(1));
    adapter.ask("setBreakpoints", lines);
    EXPECT_THAT(adapter.take_events("progressStart"), testing::IsEmpty());
}

TEST(SetBreakpointsRequest, NeedsAPath) {
    Adapter adapter;
    adapter.launch();
    EXPECT_THAT(adapter.refuse("setBreakpoints", {{"source", {{"name", "x"}}}}),
                HasSubstr("no path"));
    EXPECT_THAT(adapter.refuse("setBreakpoints", {{"source", {{"sourceReference", 99}}}}),
                HasSubstr("not there any more"));
}

TEST(SetBreakpointsRequest, TellsLaterChangesByTheSameNumber) {
    Adapter adapter;
    with_lines(adapter).launch();
    const json body = adapter.ask(
        "setBreakpoints", {{"source", {{"path", "/src/app.c"}}}, {"breakpoints", {{{"line", 5}}}}});
    adapter.take_messages();
    adapter.host.level->send(
        source::BreakpointChanged{{.id = {1}, .verified = true, .path = "/src/app.c", .line = 6}});
    const auto changed = adapter.take_events("breakpoint");
    ASSERT_EQ(changed.size(), 1U);
    EXPECT_EQ(changed[0]["breakpoint"]["id"], body["breakpoints"][0]["id"]);
    EXPECT_EQ(changed[0]["breakpoint"]["line"], 6);
}

TEST(SetBreakpointsRequest, KeepsTheClientsPathOfTheSameFile) {
    Adapter adapter;
    with_lines(adapter).launch();
    adapter.host.level->debug_folder = "/build/";
    const json body = adapter.ask("setBreakpoints", {{"source", {{"path", "/home/me/app.c"}}},
                                                     {"breakpoints", {{{"line", 5}}}}});
    EXPECT_EQ(body["breakpoints"][0]["source"]["path"], "/home/me/app.c");
    adapter.ask("configurationDone");
    adapter.guest().stop(ThreadId{1}, StepDone{});
    adapter.host.level->frames = {{.id = {1}, .name = "f", .path = "/build/app.c", .line = 5},
                                  {.id = {2}, .name = "g", .path = "/build/other.c", .line = 1}};
    const json frames = adapter.ask("stackTrace", {{"threadId", 1}})["stackFrames"];
    EXPECT_EQ(frames[0]["source"]["path"], "/home/me/app.c");
    EXPECT_EQ(frames[1]["source"]["path"], "/build/other.c");
}

TEST(SetFunctionBreakpointsRequest, HandsOnNames) {
    Adapter adapter;
    adapter.launch();
    (void)adapter.host.level->take_calls();
    const json body =
        adapter.ask("setFunctionBreakpoints",
                    {{"breakpoints", {{{"name", "main"}}, {{"name", "f"}, {"condition", "x"}}}}});
    EXPECT_EQ(body["breakpoints"].size(), 2U);
    EXPECT_THAT(adapter.host.level->take_calls(), ElementsAre("functions main f"));
}

TEST(SetInstructionBreakpointsRequest, TakesReferencesWithOffsets) {
    Adapter adapter;
    adapter.launch();
    (void)adapter.host.level->take_calls();
    const json body = adapter.ask(
        "setInstructionBreakpoints",
        {{"breakpoints", {{{"instructionReference", "0x4000000000000100"}, {"offset", 2}}}}});
    EXPECT_EQ(body["breakpoints"][0]["instructionReference"], "0x4000000000000102");
    EXPECT_THAT(adapter.host.level->take_calls(), ElementsAre("instructions 258"));
    EXPECT_THAT(adapter.refuse("setInstructionBreakpoints",
                               {{"breakpoints", {{{"instructionReference", "0x100"}}}}}),
                HasSubstr("no address of code"));
}

TEST(SetExceptionBreakpointsRequest, SwitchesTrapsOff) {
    Adapter adapter;
    adapter.launch();
    adapter.ask("setExceptionBreakpoints", {{"filters", json::array()}});
    adapter.ask("configurationDone");
    adapter.take_messages();
    adapter.guest().stop(ThreadId{1}, Trapped{TrapKind::Unreachable, "unreachable"});
    adapter.run_tasks();
    EXPECT_THAT(adapter.take_events("stopped"), testing::IsEmpty());
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Running);
    adapter.ask("setExceptionBreakpoints", {{"filters", {"trap"}}});
    adapter.guest().stop(ThreadId{1}, Trapped{TrapKind::Unreachable, "unreachable"});
    EXPECT_EQ(adapter.take_events("stopped").at(0)["reason"], "exception");
}

TEST(DataBreakpointRequests, WatchAVariable) {
    Adapter adapter;
    with_lines(adapter).run_and_stop();
    const json info = adapter.ask("dataBreakpointInfo", {{"name", "counter"}});
    EXPECT_EQ(info["description"], "counter (4 bytes at 0x400)");
    (void)adapter.guest().take_calls();
    const json set =
        adapter.ask("setDataBreakpoints",
                    {{"breakpoints", {{{"dataId", info["dataId"]}, {"accessType", "write"}}}}});
    EXPECT_EQ(set["breakpoints"][0]["verified"], true);
    EXPECT_THAT(adapter.guest().take_calls(), ElementsAre("watch 0/0:400+4 write"));
    adapter.ask("continue", {{"threadId", 1}});
    adapter.guest().stop(ThreadId{1}, WatchpointHit{.watchpoint = {1}});
    const json stopped = adapter.take_events("stopped").at(0);
    EXPECT_EQ(stopped["reason"], "data breakpoint");
    EXPECT_EQ(stopped["hitBreakpointIds"], json::array({set["breakpoints"][0]["id"]}));
    (void)adapter.guest().take_calls();
    adapter.ask("setDataBreakpoints", {{"breakpoints", json::array()}});
    EXPECT_THAT(adapter.guest().take_calls(), ElementsAre("unwatch 1"));
}

TEST(DataBreakpointRequests, HaveConditionsAndHitCounts) {
    Adapter adapter;
    with_lines(adapter).run_and_stop();
    adapter.host.level->expressions["counter > 3"] = {.value = "0"};
    adapter.ask(
        "setDataBreakpoints",
        {{"breakpoints",
          {{{"dataId", "0/0/1024/4"}, {"condition", "counter > 3"}, {"hitCondition", "== 2"}}}}});
    const auto hit = [&adapter] {
        adapter.guest().stop(ThreadId{1}, WatchpointHit{.watchpoint = {1}});
        adapter.run_tasks();
        return adapter.take_events("stopped").size();
    };
    adapter.ask("continue", {{"threadId", 1}});
    adapter.take_messages();
    EXPECT_EQ(hit(), 0U) << "the condition is false";
    adapter.host.level->expressions["counter > 3"].value = "1";
    EXPECT_EQ(hit(), 0U) << "the first hit";
    EXPECT_EQ(hit(), 1U) << "the second hit";
}

TEST(DataBreakpointRequests, SayWhatCannotBeWatched) {
    Adapter adapter;
    with_lines(adapter).run_and_stop();
    const json info = adapter.ask("dataBreakpointInfo", {{"name", "nothing"}});
    EXPECT_TRUE(info["dataId"].is_null());
    EXPECT_EQ(info["description"], "no nothing");
    const json set =
        adapter.ask("setDataBreakpoints",
                    {{"breakpoints", {{{"dataId", "rubbish"}}, {{"dataId", "0/0/99999999/4"}}}}});
    EXPECT_EQ(set["breakpoints"][0]["verified"], false);
    EXPECT_THAT(set["breakpoints"][0]["message"].get<std::string>(), HasSubstr("no dataId"));
    EXPECT_EQ(set["breakpoints"][1]["verified"], false);
}

TEST(BreakpointLocationsRequest, ListsLinesWithCode) {
    Adapter adapter;
    with_lines(adapter).launch();
    const json body = adapter.ask(
        "breakpointLocations", {{"source", {{"path", "/src/app.c"}}}, {"line", 1}, {"endLine", 6}});
    EXPECT_EQ(body["breakpoints"], json::parse(R"([{"line": 5, "column": 5}])"));
}

TEST(SetInstructionBreakpointsRequest, TakesNativeAddresses) {
    Adapter adapter;
    adapter.run_and_stop();
    (void)adapter.host.level->take_calls();
    const json body = adapter.ask(
        "setInstructionBreakpoints",
        {{"breakpoints", {{{"instructionReference", "0xc000000000001000"}, {"offset", 3}}}}});
    EXPECT_TRUE(body["breakpoints"][0]["verified"]);
    EXPECT_THAT(adapter.host.level->take_calls(), testing::ElementsAre("instructions native 4099"));
}

} // namespace
} // namespace wdbg::test
