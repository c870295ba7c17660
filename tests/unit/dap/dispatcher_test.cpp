// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::HasSubstr;

TEST(Dispatcher, AnswersWhatItDoesNotKnow) {
    Adapter adapter;
    EXPECT_EQ(adapter.refuse("dance"), "unknown request \"dance\"");
    EXPECT_EQ(adapter.refuse(""), "unknown request \"\"");
}

TEST(Dispatcher, AnswersMessagesThatAreNone) {
    Adapter adapter;
    adapter.send_raw(dap::frame("{no json"));
    adapter.send_raw(dap::frame("[1, 2]"));
    adapter.send_raw(dap::frame(R"({"seq": 7, "type": "dance"})"));
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_THAT(messages[0]["message"].get<std::string>(), HasSubstr("no JSON"));
    EXPECT_EQ(messages[2]["request_seq"], 7);
    EXPECT_EQ(messages[2]["success"], false);
    EXPECT_FALSE(adapter.server().finished());
}

TEST(Dispatcher, EndsASessionWhoseInputIsNoProtocol) {
    Adapter adapter;
    adapter.launch();
    adapter.take_messages();
    adapter.send_raw("GET / HTTP/1.1\r\n\r\n");
    EXPECT_TRUE(adapter.server().finished());
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_THAT(messages[0]["body"]["output"].get<std::string>(), HasSubstr("GET / HTTP/1.1"));
    EXPECT_EQ(messages[1]["event"], "terminated");
    EXPECT_EQ(adapter.guest().state(), FakeDebuggee::State::Free) << "the guest goes on";
}

TEST(Dispatcher, KeepsTheOrderOfRequests) {
    Adapter adapter;
    std::vector<int> sent{adapter.send("initialize"), adapter.send("threads"), adapter.send("what"),
                          adapter.send("threads")};
    adapter.run_tasks();
    std::vector<int> answered;
    for (const json& message : adapter.take_messages()) {
        answered.push_back(message["request_seq"]);
    }
    EXPECT_EQ(answered, sent);
}

TEST(Dispatcher, CancelsARequestThatWaits) {
    Adapter adapter;
    adapter.ask("initialize");
    const int first = adapter.send("threads");
    const int second = adapter.send("threads");
    const int cancel = adapter.send("cancel", {{"requestId", second}});
    adapter.run_tasks();
    const auto messages = adapter.take_messages();
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(messages[0]["request_seq"], second);
    EXPECT_EQ(messages[0]["message"], "cancelled");
    EXPECT_EQ(messages[1]["request_seq"], cancel);
    EXPECT_EQ(messages[1]["success"], true);
    EXPECT_EQ(messages[2]["request_seq"], first);
    EXPECT_EQ(messages[2]["success"], true);
}

TEST(Dispatcher, RefusesRequestsInTheWrongState) {
    Adapter adapter;
    EXPECT_EQ(adapter.refuse("launch"), "launch: initialize must come first");
    adapter.ask("initialize");
    EXPECT_EQ(adapter.refuse("next", {{"threadId", 1}}), "next: launch or attach must come first");
    adapter.ask("launch", {{"program", some_program()}});
    EXPECT_EQ(adapter.refuse("launch", {{"program", some_program()}}),
              "launch: a guest was started already");
    adapter.ask("configurationDone");
    EXPECT_EQ(adapter.refuse("stackTrace", {{"threadId", 1}}),
              "stackTrace: the guest is running; pause it first");
    adapter.guest().exit(3);
    adapter.run_tasks();
    EXPECT_EQ(adapter.refuse("next", {{"threadId", 1}}), "next: the guest has ended");
}

TEST(Dispatcher, NamesTheArgumentThatIsWrong) {
    Adapter adapter;
    adapter.run_and_stop();
    EXPECT_EQ(adapter.refuse("stackTrace"), "arguments.threadId is missing");
    EXPECT_EQ(adapter.refuse("scopes", {{"frameId", "x"}}),
              "arguments.frameId: expected a whole number in range");
}

TEST(Dispatcher, GivesErrorsAnIdAndNoPlaceholders) {
    Adapter adapter;
    adapter.run_and_stop();
    const json response = adapter.request("evaluate", {{"expression", "{x}"}});
    EXPECT_EQ(response["message"], "no {x}");
    EXPECT_EQ(response["body"]["error"]["format"], "no { x}");
    EXPECT_EQ(response["body"]["error"]["id"], 1001);
}

} // namespace
} // namespace wdbg::test
