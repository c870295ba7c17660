// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What transcripts cannot show: sizes, floods, timing, and what reaches whom.
#include <wdbg/rsp/framing.h>
#include <wdbg/rsp/server.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fake_debuggee.h>
#include <utility>

namespace wdbg::rsp {
namespace {

using test::at;
using test::FakeDebuggee;
using testing::Contains;
using testing::ElementsAre;
using testing::StartsWith;

std::string framed(std::string_view payload) {
    std::string out(framed_size_limit(payload.size()), '\0');
    out.resize(frame(payload, out.data()));
    return out;
}

/// A server over a fake guest, without acks.
class ServerTest : public testing::Test {
  protected:
    explicit ServerTest(ServerOptions settings = {}) : options(std::move(settings)) {}

    void SetUp() override {
        guest.set_event_handler([this](const Event& event) { server.on_event(event); });
        server.start();
        ask("QStartNoAckMode");
        (void)guest.take_calls();
    }

    void TearDown() override {
        server.client_gone();
        EXPECT_TRUE(guest.violations().empty()) << guest.violations().front();
    }

    void take(std::string_view bytes) {
        ++writes;
        while (!bytes.empty()) {
            if (deframer.next(bytes) == FrameEvent::Packet) {
                replies.emplace_back(deframer.payload());
            }
        }
    }

    /// The one reply to a packet.
    std::string ask(std::string_view packet) {
        replies.clear();
        server.receive(framed(packet));
        EXPECT_EQ(replies.size(), 1U) << packet;
        return replies.empty() ? "(none)" : replies.front();
    }

    FakeDebuggee guest;
    std::vector<char> buffer = std::vector<char>(1U << 20U);
    Deframer deframer{buffer, Direction::ToClient};
    std::vector<std::string> replies;
    std::size_t writes = 0;
    ServerOptions options;
    Server server{guest, options, [this](std::string_view bytes) { take(bytes); }};
};

TEST_F(ServerTest, RepliesToOversizedPacketsWithAnError) {
    EXPECT_THAT(ask("X400,20000:" + std::string(0x20000, 'x')), StartsWith("E"));
    EXPECT_EQ(ask("qC"), "QC1");
}

TEST_F(ServerTest, TakesPacketsAsLongAsItAnnounces) {
    const std::string data(0x20000 - 10, 'x');
    EXPECT_THAT(ask("X0,fff6:" + data), StartsWith("E")); // the length does not match
    EXPECT_EQ(ask("X0,ff00:" + data.substr(0, 0xFF00)), "OK");
    EXPECT_EQ(ask("xff0,10"), "b" + std::string(0x10, 'x'));
}

TEST_F(ServerTest, CutsReadsToThePacketSize) {
    guest.instances_.front().memories.front().bytes.resize(0x100000);
    EXPECT_EQ(ask("m0,ffffffffffffffff").size(), 0x20000U);
    EXPECT_EQ(ask("x0,ffffffffffffffff").size(), 0x20001U);
    EXPECT_LE(ask("MultiMemRead:ranges:0,ffffffff,0,ffffffff;").size(), 0x20020U);
}

TEST_F(ServerTest, GivesAllFramesOfADeepStackInOneRequest) {
    auto& frames = guest.threads_.front().frames;
    frames.resize(10000, frames.back());
    const std::size_t before = guest.frame_requests();
    EXPECT_EQ(ask("qWasmCallStack:1").size(), 160000U);
    EXPECT_EQ(guest.frame_requests(), before + 1);
}

TEST_F(ServerTest, NeedsNoRequestToTheGuestForThePcOfAStop) {
    ask("?");
    const std::size_t before = guest.frame_requests();
    ask("p0;thread:1;");
    ask("jThreadsInfo");
    ask("?");
    EXPECT_EQ(guest.frame_requests(), before);
}

TEST_F(ServerTest, MeansTheThreadThatLldbShows) {
    for (const std::uint32_t id : {2U, 3U}) {
        guest.threads_.push_back(guest.threads_.front());
        guest.threads_.back().info.id = ThreadId{id};
    }
    const auto stop_in = [this](const std::vector<std::uint32_t>& ids) {
        std::vector<ThreadStop> stops;
        stops.reserve(ids.size());
        for (const std::uint32_t id : ids) {
            stops.push_back({.thread = ThreadId{id}, .reason = Interrupted{}});
        }
        guest.stop(std::move(stops));
        ask("jThreadsInfo");
        return ask("qC");
    };
    server.receive(framed("c"));
    EXPECT_EQ(stop_in({3, 2}), "QC2") << "the first in the list";
    server.receive(framed("c"));
    EXPECT_EQ(stop_in({1, 2}), "QC2") << "as before";
    server.receive(framed("vCont;s:3"));
    EXPECT_EQ(stop_in({1, 3}), "QC3") << "what was stepped";
    server.receive(framed("c"));
    EXPECT_EQ(stop_in({1}), "QC1");
}

TEST_F(ServerTest, TellsWithTheNextStopThatAnInstanceIsGone) {
    using testing::HasSubstr;
    using testing::Not;
    guest.instances_.push_back(guest.instances_.front());
    guest.instances_.back().info.id = InstanceId{1};
    ask("qXfer:libraries:read::0,fff");
    const auto stop_reply = [this] {
        replies.clear();
        server.receive(framed("c"));
        guest.stop(ThreadId{1}, Interrupted{});
        return replies.empty() ? "(none)" : replies.front();
    };
    EXPECT_THAT(stop_reply(), Not(HasSubstr("library:")));
    guest.instances_.pop_back();
    EXPECT_THAT(stop_reply(), HasSubstr(";library:1;"));
    ask("qXfer:libraries:read::0,fff");
    EXPECT_THAT(stop_reply(), Not(HasSubstr("library:")));
}

TEST_F(ServerTest, TellsTheUserOnceWhatAnInstanceLacks) {
    guest.instances_.front().info.note = "no";
    replies.clear();
    server.receive(framed("c"));
    guest.stop(ThreadId{1}, Interrupted{});
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies.front(), "O776462673a206e6f0a"); // "wdbg: no\n"
    EXPECT_THAT(replies.back(), StartsWith("T02"));
    replies.clear();
    server.receive(framed("c"));
    guest.exit(0);
    EXPECT_THAT(replies, ElementsAre("W00"));
}

TEST_F(ServerTest, WritesEachReplyAtOnce) {
    const std::size_t before = writes;
    ask("qWasmCallStack:1");
    EXPECT_EQ(writes, before + 1);
}

TEST_F(ServerTest, AnswersManyPacketsInOnePortionInOrder) {
    replies.clear();
    server.receive(framed("qC") + framed("T1") + framed("qUnknown") + framed("p0") + "\x03");
    EXPECT_THAT(replies, ElementsAre("QC1", "OK", "", "9901000000000040"));
}

TEST_F(ServerTest, AnswersTheSameForEveryPortioning) {
    const std::string stream = framed("qC") + framed("m400,4") + framed("X400,2:#\x03") +
                               framed("c") + "\x03" + framed("m400,4");
    replies.clear();
    server.receive(stream);
    const auto whole = replies;
    ASSERT_EQ(whole.size(), 5U);
    replies.clear();
    for (const char byte : stream) {
        server.receive({&byte, 1});
    }
    EXPECT_EQ(replies[0], whole[0]);
    EXPECT_THAT(replies, testing::SizeIs(5));
    EXPECT_EQ(replies.back(), "23030203");
}

TEST_F(ServerTest, LetsTheGuestGoOnWhenTheServerIsDestroyed) {
    {
        FakeDebuggee other;
        Server short_lived(other, {}, [](std::string_view) {});
        other.set_event_handler([&](const Event& event) { short_lived.on_event(event); });
        short_lived.start();
        EXPECT_EQ(other.state(), FakeDebuggee::State::Stopped);
    }
    SUCCEED();
}

TEST_F(ServerTest, DetachesWhenTheClientIsGone) {
    server.client_gone();
    EXPECT_EQ(server.end(), SessionEnd::Gone);
    EXPECT_EQ(guest.state(), FakeDebuggee::State::Free);
    EXPECT_THAT(guest.take_calls(), ElementsAre("detach"));
    server.client_gone(); // once is enough
    replies.clear();
    server.receive(framed("qC"));
    guest.stop(ThreadId{1}, StepDone{});
    EXPECT_TRUE(replies.empty());
    EXPECT_TRUE(guest.take_calls().empty());
}

// The event of a kill may come before kill() returns.
TEST_F(ServerTest, AnswersAPoliteKillOnceHoweverFastTheGuestEnds) {
    for (const bool at_once : {false, true}) {
        FakeDebuggee other;
        std::string sent;
        Server polite(other, {}, [&](std::string_view bytes) { sent += bytes; });
        other.set_event_handler([&](const Event& event) { polite.on_event(event); });
        polite.start();
        polite.receive(framed("c"));
        other.stops_by_itself = at_once;
        sent.clear();
        polite.receive(framed("vKill;1"));
        EXPECT_EQ(sent, "+" + framed("OK")) << at_once;
        EXPECT_EQ(polite.end(), SessionEnd::Killed);
    }
}

TEST_F(ServerTest, KillsOnlyOnAWellFormedPacket) {
    EXPECT_EQ(ask("vKillAll"), "");
    EXPECT_THAT(ask("vKill;x"), StartsWith("E"));
    EXPECT_THAT(ask("vKill;1;2"), StartsWith("E"));
    EXPECT_TRUE(guest.take_calls().empty());
    EXPECT_EQ(ask("vKill;1"), "OK");
}

TEST_F(ServerTest, DoesNotDetachAGuestThatIsBeingKilled) {
    guest.stops_by_itself = false;
    server.receive(framed("k"));
    server.client_gone();
    EXPECT_EQ(server.end(), SessionEnd::Killed);
    EXPECT_THAT(guest.take_calls(), ElementsAre("kill"));
}

TEST_F(ServerTest, ReportsTheStopOfEveryThreadThatHasAReason) {
    guest.threads_.push_back(guest.threads_.front());
    guest.threads_.back().info.id = ThreadId{2};
    ask("QListThreadsInStopReply");
    server.receive(framed("c"));
    replies.clear();
    guest.stop({{ThreadId{2}, BreakpointHit{{at(0x197)}}}, {ThreadId{1}, StepDone{}}});
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_THAT(replies.front(), StartsWith("T05thread:2;"));
    EXPECT_THAT(replies.front(),
                testing::HasSubstr("thread-pcs:4000000000000199,4000000000000197"));
    EXPECT_THAT(ask("qThreadStopInfo1"), testing::HasSubstr("reason:trace;"));
}

TEST_F(ServerTest, TellsEveryRequestedAddressAsThePcOnlyIfItIsNotThere) {
    server.receive(framed("c"));
    guest.stop(ThreadId{1}, BreakpointHit{{at(0x190), at(0x199)}});
    EXPECT_EQ(ask("p0"), "9901000000000040");
    server.receive(framed("c"));
    guest.stop(ThreadId{1}, BreakpointHit{{at(0x190), at(0x191)}});
    EXPECT_EQ(ask("p0"), "9001000000000040");
    server.receive(framed("c"));
    guest.stop(ThreadId{1}, StepDone{});
    EXPECT_EQ(ask("p0"), "9901000000000040");
}

TEST_F(ServerTest, NamesThreadsWhoseNamesAreNoText) {
    guest.threads_.front().info.name = "a;b\xff\"}";
    server.receive(framed("c"));
    replies.clear();
    guest.stop(ThreadId{1}, StepDone{});
    EXPECT_THAT(replies.front(), testing::HasSubstr("hexname:613b62ff227d;"));
    EXPECT_THAT(ask("jThreadsInfo"), testing::HasSubstr("\"tid\":1"));
}

TEST_F(ServerTest, SurvivesAGuestWithoutThreadsAndFrames) {
    guest.threads_.front().frames.clear();
    server.receive(framed("c"));
    guest.stop(ThreadId{1}, Interrupted{});
    EXPECT_EQ(ask("p0"), "0000000000000040");
    EXPECT_THAT(ask("qWasmCallStack:1"), StartsWith("E"));
    server.receive(framed("c"));
    guest.threads_.clear();
    replies.clear();
    guest.stop(std::vector<ThreadStop>{});
    EXPECT_THAT(replies, ElementsAre("S05"));
    EXPECT_THAT(ask("?"), StartsWith("E"));
    EXPECT_EQ(ask("qfThreadInfo"), "l");
    EXPECT_THAT(ask("p0"), StartsWith("E"));
}

TEST_F(ServerTest, DoesNotReplyTwiceToAStopNobodyWaitsFor) {
    replies.clear();
    guest.stop(ThreadId{1}, StepDone{});
    EXPECT_TRUE(replies.empty());
    EXPECT_THAT(ask("?"), testing::HasSubstr("reason:trace"));
}

/// A client that sets a breakpoint and continues, and a server that knows of exits of lines.
class ContinueTest : public ServerTest {
  protected:
    ContinueTest()
        : ServerTest({.leaves_unseen = [this](const CodeAddressRange& range) {
            asked.push_back(range);
            return range.end == CodeOffset{0x1a0};
        }}) {}

    /// What the guest was told to do by `c`; then its thread stops.
    std::vector<std::string> go_on() {
        (void)guest.take_calls();
        server.receive(framed("c"));
        std::vector<std::string> calls = guest.take_calls();
        guest.stop(ThreadId{1}, StepDone{});
        return calls;
    }

    std::vector<CodeAddressRange> asked;
};

/// Our own client, for one.
TEST_F(ContinueTest, IsWhatOtherClientsThanLldbGet) {
    ask("Z0,40000000000001a0,1");
    EXPECT_THAT(go_on(), ElementsAre("resume others:continue"));
    EXPECT_TRUE(asked.empty());
}

/// LLDB's way to step over the rest of a line.
class FastStepTest : public ContinueTest {
  protected:
    void SetUp() override {
        ContinueTest::SetUp();
        ask("qHostInfo");
    }
};

TEST_F(FastStepTest, IsAStepOverTheRangeAndThenByInstructions) {
    ask("Z0,40000000000001a0,1");
    EXPECT_THAT(go_on(), ElementsAre("resume 1:range=199-1a0 others:continue"));
    EXPECT_THAT(go_on(), ElementsAre("resume 1:step others:continue"));
    ask("Z0,4000000000000210,1"); // where a call returns to
    EXPECT_THAT(go_on(), ElementsAre("resume others:continue"));
    ask("z0,4000000000000210,1");
    EXPECT_THAT(go_on(), ElementsAre("resume 1:step others:continue"));
    ask("z0,40000000000001a0,1");
    EXPECT_THAT(go_on(), ElementsAre("resume others:continue"));
}

TEST_F(FastStepTest, EndsWhereTheUserIsShownTheStop) {
    ask("Z0,40000000000001a0,1");
    (void)go_on();
    ask("jThreadsInfo");
    EXPECT_THAT(go_on(), ElementsAre("resume others:continue"));
}

TEST_F(FastStepTest, EndsWithItsThread) {
    ask("Z0,40000000000001a0,1");
    (void)go_on();
    guest.threads_.front().info.id = ThreadId{2};
    server.receive(framed("c"));
    guest.stop(ThreadId{2}, Interrupted{});
    EXPECT_THAT(guest.take_calls(), Contains("resume 1:step others:continue"));
    server.receive(framed("c"));
    EXPECT_THAT(guest.take_calls(), ElementsAre("resume others:continue"));
}

TEST_F(FastStepTest, IsNoneWhereABreakpointIsPutBack) {
    ask("Z0,40000000000001a0,1");
    ask("qC");
    ask("z0,40000000000001a0,1");
    server.receive(framed("vCont;s:1"));
    guest.stop(ThreadId{1}, StepDone{});
    ask("Z0,40000000000001a0,1");
    EXPECT_THAT(go_on(), ElementsAre("resume others:continue"));
    EXPECT_TRUE(asked.empty());
}

TEST_F(FastStepTest, IsNoneIfTheBreakpointWasSetBefore) {
    ask("Z0,40000000000001a0,1");
    ask("qC");
    EXPECT_THAT(go_on(), ElementsAre("resume others:continue"));
    EXPECT_TRUE(asked.empty());
}

TEST_F(ServerTest, AnswersWithinAFifthOfAMillisecond) {
    using Clock = std::chrono::steady_clock;
    constexpr int rounds = 2000;
    const std::string step = framed("vCont;s:1");
    const std::string stack = framed("qWasmCallStack:1");
    const auto begin = Clock::now();
    for (int i = 0; i < rounds; ++i) {
        server.receive(step);
        guest.stop(ThreadId{1}, StepDone{});
        server.receive(stack);
    }
    const auto each = (Clock::now() - begin) / (2 * rounds);
    RecordProperty("nanoseconds_per_packet", static_cast<int>(each.count()));
    // Generous: the sanitizers' builds run this as well.
    EXPECT_LT(each, std::chrono::microseconds(200));
}

/// With acks.
TEST(Server, RetransmitsALimitedNumberOfTimes) {
    FakeDebuggee guest;
    std::size_t bytes = 0;
    Server server(guest, {}, [&](std::string_view out) { bytes += out.size(); });
    guest.set_event_handler([&](const Event& event) { server.on_event(event); });
    server.start();
    server.receive(framed("m0,8000"));
    const std::size_t once = bytes;
    server.receive(std::string(100000, '-'));
    EXPECT_LT(bytes, 10 * once);
}

TEST(Server, BoundsWhatWaitsForTheFirstStop) {
    FakeDebuggee guest;
    guest.stops_by_itself = false;
    std::size_t packets = 0;
    Server server(guest, {}, [&](std::string_view out) { packets += out.contains('$') ? 1 : 0; });
    guest.set_event_handler([&](const Event& event) { server.on_event(event); });
    server.start();
    for (int i = 0; i < 1000; ++i) {
        server.receive(framed("?"));
    }
    EXPECT_EQ(packets, 1000U - 256U);
    guest.stop(ThreadId{1}, Interrupted{});
    EXPECT_EQ(packets, 1000U);
}

TEST(Server, ShowsEveryPacketToTheTrace) {
    FakeDebuggee guest;
    std::vector<std::string> seen;
    ServerOptions options;
    options.trace = [&](std::string_view direction, std::string_view payload) {
        seen.push_back(std::string(direction) + std::string(payload));
    };
    Server server(guest, options, [](std::string_view) {});
    guest.set_event_handler([&](const Event& event) { server.on_event(event); });
    server.start();
    server.receive(framed("qC") + framed("nope"));
    EXPECT_THAT(seen, ElementsAre("-> qC", "<- QC1", "-> nope", "<- "));
}

TEST(Server, TellsTheOptionsAsTheyAreSet) {
    FakeDebuggee guest;
    std::string out;
    Server server(guest,
                  {.packet_size = 0x4000, .triple = "wasm32", .process_name = "app", .pid = 42},
                  [&](std::string_view bytes) { out = bytes; });
    guest.set_event_handler([&](const Event& event) { server.on_event(event); });
    server.start();
    server.receive(framed("qSupported"));
    EXPECT_THAT(out, testing::HasSubstr("PacketSize=4000;"));
    server.receive(framed("qProcessInfo"));
    EXPECT_THAT(out, testing::HasSubstr("pid:2a;parent-pid:1;triple:7761736d3332;"));
    EXPECT_THAT(out, testing::HasSubstr("name:617070;"));
}

} // namespace
} // namespace wdbg::rsp
