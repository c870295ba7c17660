// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The client half against our server half over a fake guest, and against a scripted server.
#include <wdbg/rsp/client.h>
#include <wdbg/rsp/server.h>
#include <wdbg/rsp/wasm_address.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fake_debuggee.h>

namespace wdbg::rsp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::FakeDebuggee;
using testing::ElementsAre;
using testing::HasSubstr;

using Bytes = std::vector<std::byte>;

/// Keeps the answer of one request.
template <class T>
struct Answer {
    std::optional<Result<T>> result;

    Client::Handler<T> handler() {
        return [this](Result<T> given) {
            EXPECT_FALSE(result.has_value()) << "answered twice";
            result = std::move(given);
        };
    }

    [[nodiscard]] bool ok() const { return result && result->has_value(); }

    [[nodiscard]] const auto& value() const
        requires(!std::is_void_v<T>)
    {
        return result->value();
    }

    [[nodiscard]] ErrorCode code() const { return result->error().code; }

    [[nodiscard]] const std::string& message() const { return result->error().message; }
};

std::string framed(std::string_view payload) {
    std::string out(framed_size_limit(payload.size()), '\0');
    out.resize(frame(payload, out.data()));
    return out;
}

/// Client and server joined by two buffers.
class ClientServer : public testing::Test {
  protected:
    void SetUp() override {
        guest.set_event_handler([this](const Event& event) { server.on_event(event); });
        server.start();
    }

    void TearDown() override {
        server.client_gone();
        EXPECT_TRUE(guest.violations().empty()) << guest.violations().front();
    }

    void pump() {
        while (!to_server.empty() || !to_client.empty()) {
            server.receive(std::exchange(to_server, {}));
            client.receive(std::exchange(to_client, {}));
        }
    }

    StopReply connect() {
        Answer<StopReply> stop;
        client.connect(stop.handler());
        pump();
        EXPECT_TRUE(stop.ok());
        return stop.ok() ? stop.value() : StopReply{};
    }

    FakeDebuggee guest;
    std::string to_server;
    std::string to_client;
    Server server{guest, {.packet_size = 1024}, [this](std::string_view b) { to_client += b; }};
    Client client{[this](std::string_view b) { to_server += b; }};
};

TEST_F(ClientServer, AgreeOnWhatTheyCan) {
    const StopReply stop = connect();
    EXPECT_EQ(stop.signal, 5U);
    EXPECT_EQ(stop.thread, 1U);
    EXPECT_EQ(stop.name, "main");
    EXPECT_EQ(stop.description, "attached");
    EXPECT_THAT(stop.threads, ElementsAre(1));
    EXPECT_THAT(stop.thread_pcs, ElementsAre(0x4000000000000199));
    EXPECT_EQ(client.packet_size(), 1024U);
    EXPECT_TRUE(client.supports("qWasmInstance"));
    EXPECT_TRUE(client.supports("binary-upload"));
    EXPECT_FALSE(client.supports("multiprocess"));
}

TEST_F(ClientServer, ReadMemoryInAsManyPacketsAsItTakes) {
    connect();
    Answer<Bytes> all;
    client.read_memory(0, 0x10000, all.handler());
    pump();
    ASSERT_TRUE(all.ok());
    EXPECT_EQ(all.value(), guest.instances_.front().memories.front().bytes);
    Answer<Bytes> end;
    client.read_memory(0xFFF0, 0x100, end.handler());
    Answer<Bytes> beyond;
    client.read_memory(0x10000, 1, beyond.handler());
    Answer<Bytes> nothing;
    client.read_memory(0x400, 0, nothing.handler());
    pump();
    EXPECT_EQ(end.value().size(), 0x10U);
    EXPECT_EQ(beyond.code(), ErrorCode::OutOfRange);
    EXPECT_EQ(beyond.message(), "beyond the end of the memory");
    EXPECT_TRUE(nothing.value().empty());
}

TEST_F(ClientServer, WriteMemoryOfEveryByte) {
    connect();
    Bytes bytes(5000);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(i * 7);
    }
    Answer<void> done;
    client.write_memory(0x400, bytes, done.handler());
    Answer<Bytes> back;
    pump();
    client.read_memory(0x400, bytes.size(), back.handler());
    Answer<void> outside;
    client.write_memory(0xFFFF, {std::byte{1}, std::byte{2}}, outside.handler());
    pump();
    EXPECT_TRUE(done.ok());
    EXPECT_EQ(back.value(), bytes);
    EXPECT_EQ(outside.code(), ErrorCode::OutOfRange);
}

TEST_F(ClientServer, RunToABreakpointAndStepOff) {
    connect();
    Answer<void> planted;
    client.stop_point(true, 0, 0x4000000000000197, 0, planted.handler());
    Answer<StopReply> stop;
    client.resume({{}}, stop.handler());
    pump();
    EXPECT_TRUE(planted.ok());
    EXPECT_TRUE(client.running());
    guest.stop(ThreadId{1}, BreakpointHit{{at(0x197)}});
    pump();
    EXPECT_FALSE(client.running());
    EXPECT_EQ(stop.value().reason, "breakpoint");
    EXPECT_THAT(stop.value().thread_pcs, ElementsAre(0x4000000000000197));
    Answer<StopReply> step;
    client.resume({{.letter = 's', .thread = 1}}, step.handler());
    pump();
    guest.stop(ThreadId{1}, StepDone{});
    pump();
    EXPECT_EQ(step.value().reason, "trace");
    EXPECT_THAT(guest.calls(),
                ElementsAre("attach", "plant 0:197", "resume others:continue", "resume 1:step"));
}

TEST_F(ClientServer, InterruptARunningGuest) {
    connect();
    Answer<StopReply> stop;
    client.resume({{}}, stop.handler());
    Answer<Bytes> later;
    client.read_memory(0x400, 1, later.handler()); // waits for the stop
    pump();
    client.interrupt();
    pump();
    EXPECT_EQ(stop.value().signal, 2U);
    EXPECT_EQ(later.value(), Bytes{std::byte{0}});
}

TEST_F(ClientServer, ReadEverythingOfWasm) {
    connect();
    Answer<std::vector<std::uint64_t>> stack;
    client.call_stack(1, stack.handler());
    Answer<Bytes> local;
    client.local(1, 0, 0, local.handler());
    Answer<Bytes> value;
    client.stack_value(1, 0, 0, value.handler());
    Answer<Bytes> global;
    client.global(1, 0, 1, global.handler());
    Answer<Bytes> missing;
    client.local(1, 0, 9, missing.handler());
    Answer<Bytes> pc;
    client.read_register(0, 1, pc.handler());
    Answer<std::vector<std::uint64_t>> threads;
    client.threads(threads.handler());
    Answer<Client::MemoryRegion> region;
    client.memory_region(0x400, region.handler());
    Answer<Client::MemoryRegion> hole;
    client.memory_region(0x20000, hole.handler());
    pump();
    EXPECT_THAT(stack.value(), ElementsAre(0x4000000000000199, 0x4000000000000210));
    EXPECT_EQ(local.value().front(), std::byte{42});
    EXPECT_EQ(value.value().size(), 8U);
    EXPECT_EQ(global.value().front(), std::byte{7});
    EXPECT_EQ(missing.code(), ErrorCode::OutOfRange);
    EXPECT_EQ(pc.value().front(), std::byte{0x99});
    EXPECT_THAT(threads.value(), ElementsAre(1));
    EXPECT_EQ(region.value().size, 0x10000U);
    EXPECT_EQ(region.value().name, "memory 0 of app (memory)");
    EXPECT_EQ(hole.value().start, 0x10000U);
    EXPECT_TRUE(hole.value().permissions.empty());
}

TEST_F(ClientServer, ReadLongObjectsInParts) {
    for (std::uint32_t id = 1; id < 100; ++id) {
        guest.instances_.push_back(guest.instances_.front());
        guest.instances_.back().info.id = InstanceId{id};
        guest.instances_.back().info.path = "/a/long/way/to/module" + std::to_string(id);
    }
    connect();
    Answer<std::string> list;
    client.read_object("libraries", "", list.handler());
    Answer<std::string> unknown;
    client.read_object("auxv", "", unknown.handler());
    pump();
    EXPECT_GT(list.value().size(), 5000U);
    EXPECT_TRUE(list.value().ends_with("</library-list>"));
    EXPECT_EQ(unknown.code(), ErrorCode::Unsupported);
}

TEST_F(ClientServer, EndInEveryWay) {
    connect();
    Answer<void> gone;
    client.detach(gone.handler());
    pump();
    EXPECT_TRUE(gone.ok());
    EXPECT_EQ(server.end(), SessionEnd::Detached);
}

TEST_F(ClientServer, LeaveAGuestStopped) {
    connect();
    Answer<void> gone;
    client.detach_stopped(gone.handler());
    pump();
    EXPECT_TRUE(gone.ok());
    EXPECT_EQ(server.end(), SessionEnd::LeftStopped);
}

TEST_F(ClientServer, KillARunningGuest) {
    connect();
    Answer<StopReply> stop;
    client.resume({{}}, stop.handler());
    Answer<void> killed;
    client.kill(killed.handler());
    pump();
    EXPECT_TRUE(killed.ok());
    EXPECT_TRUE(stop.ok());
    EXPECT_EQ(server.end(), SessionEnd::Killed);
}

TEST_F(ClientServer, ReportTheExit) {
    connect();
    Answer<StopReply> stop;
    client.resume({{}}, stop.handler());
    pump();
    guest.exit(3);
    pump();
    EXPECT_EQ(stop.value().kind, StopReply::Kind::Exited);
    EXPECT_EQ(stop.value().exit_code, 3U);
}

/// A client alone; the test plays the server.
class ClientAlone : public testing::Test {
  protected:
    void reply(std::string_view payload) { client.receive(framed(payload)); }

    std::string sent;
    Client client{[this](std::string_view b) { sent += b; },
                  {.timeout = 100ms, .reply_limit = 4096}};
    Client::TimePoint now{};
};

TEST_F(ClientAlone, TakesErrorsOfEveryForm) {
    struct Case {
        std::string_view reply;
        ErrorCode code;
        std::string_view message;
    };

    for (const Case& c :
         {Case{"E01", ErrorCode::Unavailable, "error 01 from the server"},
          Case{"E08;6e6f", ErrorCode::OutOfRange, "no"},
          Case{"E.no way", ErrorCode::Unavailable, "no way"},
          Case{"", ErrorCode::Unsupported, "the server does not know the packet qX"}}) {
        Answer<std::string_view> answer;
        client.request("qX", answer.handler());
        reply(c.reply);
        ASSERT_TRUE(answer.result && !answer.ok()) << c.reply;
        EXPECT_EQ(answer.code(), c.code);
        EXPECT_EQ(answer.message(), c.message);
    }
}

/// As QEMU does whose machine runs when somebody connects.
TEST_F(ClientAlone, IsNotConfusedByAStopThatNobodyAskedFor) {
    Answer<StopReply> stop;
    client.connect(stop.handler());
    reply("T02thread:01;");
    reply("OK");
    sent.clear();
    reply("PacketSize=1000"); // the answer to qSupported
    EXPECT_THAT(sent, testing::HasSubstr("QThreadSuffixSupported"));
    for (const std::string_view payload : {"", "", "", "S05"}) {
        reply(payload);
    }
    EXPECT_EQ(stop.value().kind, StopReply::Kind::Stopped);
}

TEST_F(ClientAlone, SendsOneRequestAtATime) {
    client.request("a", {});
    client.request("b", {});
    EXPECT_EQ(sent, "$a#61");
    reply("OK");
    EXPECT_EQ(sent, "$a#61+$b#62");
}

TEST_F(ClientAlone, SendsAgainWhatWasNotUnderstoodAndGivesUpInTheEnd) {
    Answer<std::string_view> answer;
    client.request("a", answer.handler());
    client.receive("-");
    EXPECT_EQ(sent, "$a#61$a#61");
    client.receive("-----");
    EXPECT_EQ(answer.code(), ErrorCode::Io);
    EXPECT_TRUE(client.broken());
    Answer<std::string_view> late;
    client.request("b", late.handler());
    EXPECT_EQ(late.code(), ErrorCode::Io);
}

TEST_F(ClientAlone, AsksForBadAnswersAgain) {
    Answer<std::string> answer;
    client.request("a", [&](Result<std::string_view> r) { answer.result = std::string(*r); });
    client.receive("$OK#00");
    EXPECT_EQ(sent, "$a#61-");
    client.receive("$OK#9a");
    EXPECT_EQ(answer.value(), "OK");
}

TEST_F(ClientAlone, FailsARequestWhoseAnswerIsTooLong) {
    Answer<std::string_view> answer;
    client.request("a", answer.handler());
    reply(std::string(5000, 'x'));
    EXPECT_EQ(answer.code(), ErrorCode::Malformed);
    Answer<std::string_view> next;
    client.request("b", next.handler());
    reply("OK");
    EXPECT_TRUE(next.result.has_value());
}

TEST_F(ClientAlone, BreaksAfterATimeoutWithoutEcho) {
    Answer<std::string_view> answer;
    client.request("a", answer.handler());
    client.tick(now);
    client.tick(now + 99ms);
    EXPECT_FALSE(answer.result);
    client.tick(now + 100ms);
    EXPECT_EQ(answer.code(), ErrorCode::Io);
    EXPECT_TRUE(client.broken());
}

TEST_F(ClientAlone, FindsItsPlaceAgainByEcho) {
    Answer<StopReply> stop;
    client.connect(stop.handler());
    reply("OK");
    reply("PacketSize=400;qEcho+");
    reply("");
    reply("");
    reply("");
    reply("S05");
    ASSERT_TRUE(stop.ok());
    Answer<std::string_view> slow;
    client.request("slow", slow.handler());
    client.tick(now);
    client.tick(now + 100ms);
    EXPECT_EQ(slow.code(), ErrorCode::Io);
    Answer<std::string> next;
    client.request("next", [&](Result<std::string_view> r) { next.result = std::string(*r); });
    reply("late answer");
    EXPECT_FALSE(next.result);
    reply("qEcho:1");
    EXPECT_THAT(sent, HasSubstr("$next#"));
    reply("right");
    EXPECT_EQ(next.value(), "right");
}

TEST_F(ClientAlone, WaitsForAStopWithoutALimit) {
    Answer<StopReply> stop;
    std::string console;
    client.set_console_handler([&](std::string_view text) { console += text; });
    client.resume({{.letter = 's', .thread = 0}}, stop.handler());
    EXPECT_EQ(sent, "$s#73");
    client.tick(now);
    client.tick(now + 1h);
    reply("O68690a");
    reply("garbage");
    reply("%");
    EXPECT_EQ(console, "hi\n");
    EXPECT_TRUE(client.running());
    reply("T05watch:400;thread:p1.2;00:11;");
    ASSERT_TRUE(stop.ok());
    EXPECT_EQ(stop.value().reason, "watchpoint");
    EXPECT_EQ(stop.value().thread, 2U);
    EXPECT_EQ(stop.value().fields.back().first, "00");
}

TEST_F(ClientAlone, TellsEverybodyThatTheConnectionIsLost) {
    Answer<std::string_view> first;
    Answer<std::string_view> second;
    Answer<void> kill;
    client.request("a", first.handler());
    client.request("b", second.handler());
    client.kill(kill.handler());
    client.connection_lost();
    EXPECT_EQ(first.code(), ErrorCode::Gone);
    EXPECT_EQ(second.code(), ErrorCode::Gone);
    EXPECT_TRUE(kill.ok());
}

TEST_F(ClientAlone, RefusesAnswersThatMakeNoSense) {
    const auto refused = [&](auto&& ask, std::string_view answer) {
        ask();
        reply(answer);
    };
    Answer<Bytes> memory;
    refused([&] { client.read_memory(0, 4, memory.handler()); }, "0011223344556677");
    EXPECT_EQ(memory.code(), ErrorCode::Malformed);
    Answer<Bytes> digits;
    refused([&] { client.read_memory(0, 4, digits.handler()); }, "00112g");
    EXPECT_EQ(digits.code(), ErrorCode::Malformed);
    Answer<std::vector<std::uint64_t>> stack;
    refused([&] { client.call_stack(1, stack.handler()); }, "1122");
    EXPECT_EQ(stack.code(), ErrorCode::Malformed);
    Answer<std::vector<std::uint64_t>> threads;
    refused([&] { client.threads(threads.handler()); }, "mx");
    EXPECT_EQ(threads.code(), ErrorCode::Malformed);
    Answer<std::string> object;
    refused([&] { client.read_object("libraries", "", object.handler()); }, "m");
    EXPECT_EQ(object.code(), ErrorCode::Malformed);
    Answer<Client::MemoryRegion> region;
    refused([&] { client.memory_region(0, region.handler()); }, "start:0;size:0;");
    EXPECT_EQ(region.code(), ErrorCode::Malformed);
    Answer<void> stop_point;
    refused([&] { client.stop_point(true, 0, 1, 0, stop_point.handler()); }, "yes");
    EXPECT_EQ(stop_point.code(), ErrorCode::Malformed);
}

TEST(StopReply, RefusesWhatIsNone) {
    for (const char* bad : {"", "T", "T0", "Tzz", "OK", "E01", "N"}) {
        EXPECT_FALSE(parse_stop_reply(bad)) << bad;
    }
    EXPECT_EQ(parse_stop_reply("W03;process:1")->exit_code, 3U);
    EXPECT_EQ(parse_stop_reply("X09")->kind, StopReply::Kind::Killed);
    EXPECT_EQ(parse_stop_reply("T05threads:1,2;thread-pcs:1;")->thread_pcs.size(), 0U);
}

} // namespace
} // namespace wdbg::rsp
