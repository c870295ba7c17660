// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The client on a line that loses and garbles bytes: a server that wants acks.
#include <wdbg/rsp/client.h>

#include <gtest/gtest.h>

namespace wdbg::rsp {
namespace {

using namespace std::chrono_literals;

std::string framed(std::string_view payload) {
    std::string out(framed_size_limit(payload.size()), '\0');
    out.resize(frame(payload, out.data()));
    return out;
}

class ClientAcks : public testing::Test {
  protected:
    /// The answer comes to `answers`, an error by its code.
    void ask(std::string packet) {
        client.request(std::move(packet), [this](Result<std::string_view> reply) {
            answers.push_back(reply ? std::string(*reply)
                                    : "error " +
                                          std::to_string(static_cast<int>(reply.error().code)));
        });
    }

    void reply(std::string_view payload) { client.receive("+" + framed(payload)); }

    std::string sent;
    std::vector<std::string> answers;
    Client client{[this](std::string_view bytes) { sent += bytes; }, {.timeout = 100ms}};
    Client::TimePoint now{};
};

TEST_F(ClientAcks, SendsAgainWhatWasGarbled) {
    ask("a");
    client.receive("-");
    EXPECT_EQ(sent, "$a#61$a#61");
    reply("OK");
    EXPECT_EQ(answers, std::vector<std::string>{"OK"});
}

TEST_F(ClientAcks, SendsAgainWhatNobodyAcknowledges) {
    ask("a");
    reply("OK"); // it does acknowledge
    ask("b");
    sent.clear();
    client.tick(now);
    client.tick(now + 19ms);
    EXPECT_EQ(sent, "");
    client.tick(now + 20ms);
    EXPECT_EQ(sent, "$b#62");
    reply("1");
    EXPECT_EQ(answers.back(), "1");
}

TEST_F(ClientAcks, TakesOneAnswerOfAServerThatWasOnlySlow) {
    ask("a");
    reply("OK");
    ask("b");
    client.tick(now);
    client.tick(now + 20ms); // again
    ask("c");
    sent.clear();
    reply("OK"); // as before, but to "b"
    EXPECT_EQ(answers.size(), 2U);
    EXPECT_EQ(sent, "+") << "the copy's answer is to come";
    reply("OK");
    EXPECT_EQ(answers.size(), 2U);
    EXPECT_EQ(sent, "++$c#63");
    reply("3");
    EXPECT_EQ(answers.back(), "3");
}

TEST_F(ClientAcks, WaitsForTheAnswerOfALostCopyForAWhile) {
    ask("a");
    reply("OK");
    ask("b");
    client.tick(now);
    client.tick(now + 20ms);
    ask("c");
    reply("2");
    sent.clear();
    client.tick(now + 21ms);
    EXPECT_EQ(sent, "");
    client.tick(now + 41ms);
    EXPECT_EQ(sent, "$c#63");
    reply("2");
    EXPECT_EQ(answers.size(), 3U);
}

TEST_F(ClientAcks, ResumesOnce) {
    ask("a");
    reply("OK");
    client.resume({{.letter = 'c', .thread = 0}}, [](const Result<StopReply>&) {});
    sent.clear();
    client.tick(now);
    client.tick(now + 99ms);
    EXPECT_EQ(sent, "");
    EXPECT_FALSE(client.broken());
    client.tick(now + 100ms);
    EXPECT_TRUE(client.broken());
}

TEST_F(ClientAcks, WaitsForTheStopOnceTheResumptionIsAcknowledged) {
    ask("a");
    reply("OK");
    std::optional<Result<StopReply>> stop;
    client.resume({{.letter = 'c', .thread = 0}},
                  [&](Result<StopReply> given) { stop = std::move(given); });
    client.receive("+");
    sent.clear();
    client.tick(now);
    client.tick(now + 1h);
    EXPECT_EQ(sent, "");
    client.receive(framed("S05"));
    EXPECT_TRUE(stop && stop->has_value());
}

TEST_F(ClientAcks, GivesUpALineThatTakesNothing) {
    ask("a");
    reply("OK");
    std::optional<Result<StopReply>> stop;
    client.resume({{.letter = 'c', .thread = 0}},
                  [&](Result<StopReply> given) { stop = std::move(given); });
    for (int i = 0; i < 20; ++i) {
        client.tick(now + i * 20ms);
    }
    EXPECT_TRUE(client.broken());
    ASSERT_TRUE(stop && !stop->has_value());
    EXPECT_EQ(stop->error().code, ErrorCode::Io);
}

TEST_F(ClientAcks, DropsAnAnswerThatComesTwice) {
    ask("a");
    reply("1");
    ask("b");
    client.receive(framed("1")); // our ack was lost
    EXPECT_EQ(answers.size(), 1U);
    EXPECT_TRUE(sent.ends_with("+")) << "or it comes again and again";
    reply("2");
    EXPECT_EQ(answers.back(), "2");
    ask("c");
    reply("2"); // the same answer to another question
    EXPECT_EQ(answers.size(), 3U);
}

TEST_F(ClientAcks, NeedsNoAcksFromAServerThatGivesNone) {
    ask("a");
    client.receive(framed("OK"));
    ask("b");
    client.receive(framed("OK"));
    EXPECT_EQ(answers.size(), 2U);
    sent.clear();
    client.tick(now);
    client.tick(now + 99ms);
    EXPECT_EQ(sent, "");
}

} // namespace
} // namespace wdbg::rsp
