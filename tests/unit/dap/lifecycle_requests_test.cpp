// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(InitializeRequest, TellsCapabilitiesOfTheHandlers) {
    Adapter adapter;
    const json body = adapter.ask("initialize", {{"clientID", "vscode"}});
    for (const char* name :
         {"supportsConfigurationDoneRequest", "supportsFunctionBreakpoints",
          "supportsConditionalBreakpoints", "supportsHitConditionalBreakpoints",
          "supportsLogPoints", "supportsSetVariable", "supportsRestartRequest",
          "supportsTerminateRequest", "supportTerminateDebuggee", "supportsSteppingGranularity",
          "supportsReadMemoryRequest", "supportsDisassembleRequest", "supportsDataBreakpoints",
          "supportsStepInTargetsRequest", "supportsCancelRequest", "supportsExceptionInfoRequest",
          "supportsGotoTargetsRequest", "supportSuspendDebuggee"}) {
        EXPECT_EQ(body.value(name, false), true) << name;
    }
    EXPECT_FALSE(body.contains("supportsStepBack"));
    EXPECT_EQ(body["exceptionBreakpointFilters"][0]["filter"], "trap");
    EXPECT_EQ(body["exceptionBreakpointFilters"][0]["default"], true);
}

TEST(InitializeRequest, RefusesUris) {
    Adapter adapter;
    EXPECT_THAT(adapter.refuse("initialize", {{"pathFormat", "uri"}}), HasSubstr("pathFormat"));
}

TEST(LaunchRequest, HandsOnCheckedSettings) {
    Adapter adapter;
    adapter.launch({{"args", {"a", "b c"}},
                    {"env", {{"NAME", "value"}, {"NOT", nullptr}}},
                    {"cwd", "/tmp"},
                    {"preopens", {".", "/::/root"}},
                    {"engine", "aot"},
                    {"optLevel", "g"},
                    {"cpu", "x86-64-v3"},
                    {"sourceMap", {{"/build", "/home/me"}}},
                    {"request", "launch"},
                    {"__sessionId", "x"}});
    const dap::LaunchSettings& launched = adapter.host.launched;
    EXPECT_THAT(launched.args, ElementsAre("a", "b c"));
    EXPECT_THAT(launched.env, ElementsAre("NAME=value"));
    EXPECT_EQ(launched.cwd, "/tmp");
    EXPECT_THAT(launched.preopens,
                ElementsAre(testing::Pair("/tmp/", "."), testing::Pair("/", "/root")));
    EXPECT_EQ(launched.engine, "aot");
    EXPECT_EQ(launched.opt_level, "g");
    EXPECT_EQ(launched.processor, "x86-64-v3");
    EXPECT_THAT(adapter.host.source_map, ElementsAre(testing::Pair("/build", "/home/me")));
}

TEST(LaunchRequest, SaysWhichSettingIsWrong) {
    Adapter adapter;
    adapter.ask("initialize");
    const std::string program = some_program();
    EXPECT_THAT(adapter.refuse("launch"), HasSubstr("program is missing"));
    EXPECT_EQ(adapter.refuse("launch", {{"program", "/no/such.wasm"}}),
              "program: there is no file /no/such.wasm");
    EXPECT_THAT(adapter.refuse("launch", {{"program", program}, {"cwd", "/no/such"}}),
                HasSubstr("cwd: there is no folder /no/such"));
    EXPECT_THAT(adapter.refuse("launch", {{"program", program}, {"engine", "jit"}}),
                HasSubstr("engine: expected \"interp\" or \"aot\""));
    EXPECT_THAT(adapter.refuse("launch", {{"program", program}, {"preopens", {"/no/such"}}}),
                HasSubstr("preopens: \"/no/such\" is no folder"));
    EXPECT_THAT(adapter.refuse("launch", {{"program", program}, {"console", "tty"}}),
                HasSubstr("console: expected"));
    EXPECT_THAT(adapter.refuse("launch", {{"program", program}, {"console", "integratedTerminal"}}),
                HasSubstr("this client has no terminals"));
    adapter.ask("launch", {{"program", program}}); // a failed launch is no end
}

TEST(LaunchRequest, TellsWhyAGuestDoesNotStart) {
    Adapter adapter;
    adapter.ask("initialize");
    adapter.host.failure = Error{ErrorCode::Io, "app.wasm: magic header not detected"};
    EXPECT_EQ(adapter.refuse("launch", {{"program", some_program()}}),
              "app.wasm: magic header not detected");
}

TEST(LaunchRequest, WaitsForTheConfigurationAtTheEntry) {
    Adapter adapter;
    adapter.launch();
    EXPECT_EQ(adapter.take_events("initialized").size(), 1U);
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Stopped);
    adapter.ask("configurationDone");
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Running);
    EXPECT_THAT(adapter.take_events("stopped"), testing::IsEmpty());
}

TEST(LaunchRequest, StopsOnEntry) {
    Adapter adapter;
    adapter.launch({{"stopOnEntry", true}});
    adapter.take_messages();
    adapter.ask("configurationDone");
    const auto stopped = adapter.take_events("stopped");
    ASSERT_EQ(stopped.size(), 1U);
    EXPECT_EQ(stopped[0]["reason"], "entry");
    EXPECT_EQ(stopped[0]["threadId"], 1);
    EXPECT_EQ(stopped[0]["allThreadsStopped"], true);
}

TEST(LaunchRequest, RunsWithoutDebuggingIfAskedTo) {
    Adapter adapter;
    adapter.host.is_process = true;
    adapter.launch({{"noDebug", true}});
    EXPECT_TRUE(adapter.host.launched.no_debug);
    EXPECT_EQ(adapter.take_events("initialized").size(), 1U);
    const json set = adapter.ask(
        "setBreakpoints", {{"source", {{"path", "/a.c"}}}, {"breakpoints", {{{"line", 1}}}}});
    EXPECT_EQ(set["breakpoints"][0]["verified"], false);
    adapter.ask("configurationDone");
    EXPECT_EQ(adapter.refuse("pause", {{"threadId", 1}}),
              "pause: the guest runs without debugging (noDebug)");
    adapter.host.handlers.output(dap::OutputCategory::Stdout, "hello\n");
    adapter.host.handlers.ended(7);
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0]["body"]["output"], "hello\n");
    EXPECT_EQ(messages[1]["body"]["exitCode"], 7);
    EXPECT_EQ(messages[2]["event"], "terminated");
}

TEST(LaunchRequest, RunsInTheClientsTerminal) {
    Adapter adapter;
    adapter.ask("initialize", {{"supportsRunInTerminalRequest", true}});
    const int launch =
        adapter.send("launch", {{"program", some_program()}, {"console", "integratedTerminal"}});
    adapter.run_tasks();
    auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0]["command"], "runInTerminal");
    EXPECT_EQ(messages[0]["arguments"]["kind"], "integrated");
    EXPECT_EQ(messages[0]["arguments"]["args"][1], "run");
    const json response{{"seq", 50},
                        {"type", "response"},
                        {"request_seq", messages[0]["seq"]},
                        {"success", true},
                        {"command", "runInTerminal"}};
    adapter.send_raw(dap::frame(response.dump()));
    adapter.run_tasks();
    messages = adapter.take_messages();
    ASSERT_FALSE(messages.empty());
    EXPECT_EQ(messages[0]["request_seq"], launch);
    EXPECT_EQ(messages[0]["success"], true);
}

TEST(Output, ArrivesByCategoryAndInWholeCharacters) {
    Adapter adapter;
    adapter.launch();
    adapter.take_messages();
    adapter.host.handlers.output(dap::OutputCategory::Stdout, "gr\xC3");
    adapter.host.handlers.output(dap::OutputCategory::Stderr, "bad\n");
    adapter.host.handlers.output(dap::OutputCategory::Stdout, "\xBC\xC3\x9F\n");
    const auto output = adapter.take_events("output");
    ASSERT_EQ(output.size(), 3U);
    EXPECT_EQ(output[0]["output"], "gr");
    EXPECT_EQ(output[1]["category"], "stderr");
    EXPECT_EQ(output[2]["output"], "\xC3\xBC\xC3\x9F\n");
}

TEST(GuestEnd, IsToldOnceWithTheExitCode) {
    Adapter adapter;
    adapter.launch();
    adapter.ask("configurationDone");
    adapter.take_messages();
    adapter.guest().exit(42);
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0]["event"], "exited");
    EXPECT_EQ(messages[0]["body"]["exitCode"], 42);
    EXPECT_EQ(messages[1]["event"], "terminated");
}

TEST(GuestEnd, WaitsForTheProcessAndItsOutput) {
    Adapter adapter;
    adapter.host.is_process = true;
    adapter.launch();
    adapter.ask("configurationDone");
    adapter.take_messages();
    adapter.guest().exit(1);
    EXPECT_THAT(adapter.take_messages(), testing::IsEmpty());
    adapter.host.handlers.output(dap::OutputCategory::Stdout, "last words");
    adapter.host.handlers.ended(1);
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0]["body"]["output"], "last words");
    EXPECT_EQ(messages[2]["event"], "terminated");
}

TEST(TerminateRequest, EndsTheGuest) {
    Adapter adapter;
    adapter.launch();
    adapter.ask("configurationDone");
    adapter.take_messages();
    adapter.ask("terminate");
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Ended);
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0]["event"], "terminated");
    EXPECT_FALSE(adapter.server().finished());
}

TEST(DisconnectRequest, EndsALaunchedGuestUnlessToldNotTo) {
    Adapter first;
    first.launch();
    first.ask("disconnect");
    EXPECT_EQ(first.guest().state(), FakeDebuggee::State::Ended);
    EXPECT_TRUE(first.server().finished());

    Adapter second;
    second.launch();
    second.ask("disconnect", {{"terminateDebuggee", false}});
    EXPECT_EQ(second.guest().state(), FakeDebuggee::State::Free);
}

TEST(DisconnectRequest, LetsAnAttachedGuestGoOnUnlessToldNotTo) {
    Adapter first;
    first.ask("initialize");
    first.ask("attach", {{"connect", "127.0.0.1:1"}});
    first.ask("disconnect");
    EXPECT_EQ(first.guest().state(), FakeDebuggee::State::Free);

    Adapter second;
    second.ask("initialize");
    second.ask("attach", {{"connect", "127.0.0.1:1"}});
    second.ask("disconnect", {{"terminateDebuggee", true}});
    EXPECT_EQ(second.guest().state(), FakeDebuggee::State::Ended);
}

TEST(DisconnectRequest, CannotSuspendWhatItHasLaunched) {
    Adapter adapter;
    adapter.launch();
    EXPECT_THAT(adapter.refuse("disconnect", {{"suspendDebuggee", true}}), HasSubstr("suspended"));
}

TEST(DisconnectRequest, LeavesAGuestSuspended) {
    Adapter adapter;
    EXPECT_EQ(adapter.ask("initialize")["supportSuspendDebuggee"], true);
    adapter.ask("attach", {{"connect", "127.0.0.1:1"}});
    (void)adapter.guest().take_calls();
    adapter.ask("disconnect", {{"suspendDebuggee", true}});
    EXPECT_THAT(adapter.guest().take_calls(), testing::ElementsAre("detach stopped"));
}

TEST(DisconnectRequest, ASuspendedGuestMustStandStill) {
    Adapter adapter;
    adapter.ask("initialize");
    adapter.ask("attach", {{"connect", "127.0.0.1:1"}});
    adapter.ask("configurationDone");
    EXPECT_THAT(adapter.refuse("disconnect", {{"suspendDebuggee", true}}), HasSubstr("running"));
    adapter.ask("disconnect"); // the session has gone on
}

TEST(AttachRequest, TakesOneOfTwoForms) {
    Adapter adapter;
    adapter.ask("initialize");
    EXPECT_THAT(adapter.refuse("attach"), HasSubstr("either connect"));
    EXPECT_THAT(adapter.refuse("attach", {{"connect", "a:1"}, {"native", "b:2"}}),
                HasSubstr("either connect"));
    adapter.ask("attach", {{"connect", "127.0.0.1:4711"}, {"stopOnAttach", true}});
    EXPECT_EQ(adapter.host.attached.connect, "127.0.0.1:4711");
    adapter.take_messages();
    adapter.ask("configurationDone");
    EXPECT_EQ(adapter.take_events("stopped").size(), 1U);
}

TEST(AttachRequest, TriesALostConnectionAgainForAsLongAsItSays) {
    Adapter adapter;
    adapter.ask("initialize");
    for (const std::int64_t wrong : {std::int64_t{-1}, std::int64_t{86'401}, INT64_MAX}) {
        EXPECT_THAT(adapter.refuse("attach", {{"native", "a:1"}, {"reconnect", wrong}}),
                    HasSubstr("reconnect"));
    }
    adapter.ask("attach", {{"native", "a:1"}, {"reconnect", 30}});
    EXPECT_EQ(adapter.host.attached.reconnect_limit, std::chrono::seconds(30));
}

TEST(RestartRequest, StartsAgainWithTheSameBreakpoints) {
    Adapter adapter;
    adapter.host.scene = [](FakeSourceLevel& level) { level.lines[5] = at(0x199); };
    adapter.launch({{"args", {"again"}}});
    const json set = adapter.ask(
        "setBreakpoints", {{"source", {{"path", "/a.c"}}}, {"breakpoints", {{{"line", 5}}}}});
    adapter.ask("configurationDone");
    adapter.take_messages();
    adapter.ask("restart");
    EXPECT_THAT(adapter.host.level->take_calls(),
                ElementsAre("attach", "source /a.c 5", "functions", "resume"));
    EXPECT_THAT(adapter.host.launched.args, ElementsAre("again"));
    std::vector<std::string> events;
    for (const json& message : adapter.take_messages()) {
        events.push_back(message.value("event", ""));
        if (events.back() == "breakpoint") {
            EXPECT_EQ(message["body"]["breakpoint"]["id"], set["breakpoints"][0]["id"]);
        }
    }
    EXPECT_THAT(events, testing::Not(testing::Contains("terminated")));
    EXPECT_THAT(events, testing::Not(testing::Contains("initialized")));
    EXPECT_THAT(events, testing::Contains("breakpoint"));
}

TEST(ClientGone, LetsTheGuestGoOn) {
    Adapter adapter;
    adapter.launch();
    adapter.server().client_gone();
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Free);
    EXPECT_TRUE(adapter.server().finished());
}

} // namespace
} // namespace wdbg::test
