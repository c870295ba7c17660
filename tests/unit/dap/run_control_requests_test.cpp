// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RunControlRequests, StepAsAskedFor) {
    Adapter adapter;
    adapter.run_and_stop();
    (void)adapter.host.level->take_calls();
    adapter.ask("next", {{"threadId", 1}});
    adapter.guest().stop(ThreadId{1}, StepDone{});
    EXPECT_EQ(adapter.take_events("stopped").at(0)["reason"], "step");
    adapter.ask("stepIn", {{"threadId", 1}, {"granularity", "line"}, {"targetId", 2}});
    adapter.guest().stop(ThreadId{1}, StepDone{});
    adapter.ask("stepOut",
                {{"threadId", 1}, {"granularity", "instruction"}, {"singleThread", true}});
    EXPECT_THAT(adapter.host.level->take_calls(),
                ElementsAre("step 1 over statement", "step 1 into line target 2",
                            "step 1 out instruction alone"));
}

TEST(RunControlRequests, AnswerBeforeTheStopIsTold) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.take_messages();
    const int next = adapter.send("next", {{"threadId", 1}});
    adapter.run_tasks();
    adapter.guest().stop(ThreadId{1}, StepDone{});
    const auto messages = adapter.take_messages();
    ASSERT_GE(messages.size(), 2U);
    EXPECT_EQ(messages[0]["request_seq"], next);
    EXPECT_EQ(messages[1]["event"], "stopped");
}

TEST(RunControlRequests, NameAThreadThatExists) {
    Adapter adapter;
    adapter.run_and_stop();
    EXPECT_EQ(adapter.refuse("next", {{"threadId", 9}}), "no thread 9");
    EXPECT_EQ(adapter.refuse("continue", {{"threadId", 9}, {"singleThread", true}}), "no thread 9");
}

TEST(ContinueRequest, RunsAllThreadsOrOne) {
    Adapter adapter;
    adapter.run_and_stop();
    (void)adapter.host.level->take_calls();
    EXPECT_EQ(adapter.ask("continue", {{"threadId", 1}})["allThreadsContinued"], true);
    adapter.guest().stop(ThreadId{1}, Interrupted{});
    EXPECT_EQ(
        adapter.ask("continue", {{"threadId", 1}, {"singleThread", true}})["allThreadsContinued"],
        false);
    EXPECT_THAT(adapter.host.level->take_calls(), ElementsAre("resume", "resume 1"));
}

TEST(PauseRequest, StopsTheGuest) {
    Adapter adapter;
    adapter.launch();
    adapter.ask("configurationDone");
    adapter.take_messages();
    adapter.ask("pause", {{"threadId", 1}});
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Stopped);
}

TEST(StepInTargetsRequest, ListsCallsOfTheLine) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.host.level->targets = {{.id = 1, .name = "f", .line = 3, .column = 7},
                                   {.id = 2, .name = "g"}};
    const json body = adapter.ask("stepInTargets", {{"frameId", 1}});
    EXPECT_EQ(body["targets"], json::parse(R"([{"id": 1, "label": "f", "line": 3, "column": 7},
                                               {"id": 2, "label": "g"}])"));
}

TEST(GotoRequest, GoesToATargetOfTheLine) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.host.level->jumps = {
        {.address = {InstanceId{1}, CodeOffset{0x20}}, .function = "f", .line = 3, .column = 7}};
    (void)adapter.host.level->take_calls();
    const json body = adapter.ask("gotoTargets", {{"source", {{"path", "/src/a.c"}}}, {"line", 3}});
    ASSERT_EQ(body["targets"].size(), 1U);
    const json& target = body["targets"][0];
    EXPECT_EQ(target["label"], "f");
    EXPECT_EQ(target["line"], 3);
    EXPECT_EQ(target["column"], 7);
    adapter.ask("goto", {{"threadId", 1}, {"targetId", target["id"]}});
    EXPECT_EQ(adapter.refuse("goto", {{"threadId", 1}, {"targetId", 5}}), "not sound");
    EXPECT_EQ(adapter.refuse("goto", {{"threadId", 9}, {"targetId", 5}}), "no thread 9");
    EXPECT_THAT(adapter.host.level->take_calls(), ElementsAre("jump targets /src/a.c:3", "jump 1"));
}

TEST(StoppedEvent, TellsOfTheTrapAndOfThreads) {
    Adapter adapter;
    adapter.launch();
    adapter.ask("configurationDone");
    adapter.take_messages();
    FakeThread second = adapter.guest().threads_.front();
    second.info.id = ThreadId{2};
    adapter.guest().threads_.push_back(second);
    adapter.guest().stop(ThreadId{2},
                         Trapped{TrapKind::OutOfBoundsMemory, "out of bounds memory access"});
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0]["event"], "thread");
    EXPECT_EQ(messages[2]["body"]["reason"], "exception");
    EXPECT_EQ(messages[2]["body"]["threadId"], 2);
    EXPECT_EQ(messages[2]["body"]["text"], "out of bounds memory access");
    const json info = adapter.ask("exceptionInfo", {{"threadId", 2}});
    EXPECT_EQ(info["description"], "out of bounds memory access");
    EXPECT_THAT(adapter.refuse("exceptionInfo", {{"threadId", 1}}), HasSubstr("at no trap"));
}

TEST(LogOutput, GoesToTheConsole) {
    Adapter adapter;
    adapter.launch();
    adapter.take_messages();
    adapter.host.level->send(source::LogOutput{.text = "x is 3\n"});
    const json output = adapter.take_events("output").at(0);
    EXPECT_EQ(output["category"], "console");
    EXPECT_EQ(output["output"], "x is 3\n");
}

} // namespace
} // namespace wdbg::test
