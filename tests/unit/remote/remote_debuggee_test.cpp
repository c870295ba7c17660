// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/remote/remote_debuggee.h>
#include <wdbg/rsp/transport.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gmock/gmock.h>

#include <fake_debuggee.h>
#include <future>
#include <optional>
#include <thread>
#include <wasm_builder.h>

namespace wdbg::test {
namespace {

namespace asio = boost::asio;
using testing::ElementsAre;

/// (func (param i32 f64) (result i32)  local.get 0  i32.const 2  i32.add), with two frames in it.
std::vector<std::byte> guest_module() {
    return one_function({i32, f64}, {i32}, {{1, i64}}, {0x20, 0, 0x41, 2, 0x6A, 0x0B}).build();
}

/// The same with a mutable i32 global.
std::vector<std::byte> one_global() {
    return WasmBuilder()
        .types({func_type({i32, f64}, {i32})})
        .functions({0})
        .section(6, {1, i32, 1, 0x41, 0, 0x0B})
        .code({body({{1, i64}}, {0x20, 0, 0x41, 2, 0x6A, 0x0B})})
        .build();
}

/// Our own GDB server on a fake guest, on a thread of its own.
class ServerThread {
  public:
    ServerThread() {
        FakeInstance& instance = guest.instances_.front();
        instance.code = guest_module();
        instance.info.path.clear();
        instance.info.code_size = instance.code.size();
        const auto end = static_cast<std::uint32_t>(instance.code.size());
        guest.threads_.front().frames = {
            {.pc = at(end - 4),
             .locals = {Value::of(ValueType::I32, 42), Value::of(ValueType::F64, 1.5),
                        Value::of(ValueType::I64, 7LL)},
             .stack = {Value::of(ValueType::I32, -2)},
             .host_call = {}}};
        auto listening = rsp::TcpServer::listen(loop, guest, {});
        server = std::move(*listening);
        guest.set_event_handler([this](const Event& event) { server->on_event(event); });
        thread = std::thread([this] { loop.run(); });
    }

    // NOLINTNEXTLINE(bugprone-exception-escape): a test without memory may end
    ~ServerThread() {
        call([this] { server.reset(); });
        loop.stop();
        thread.join();
    }

    ServerThread(const ServerThread&) = delete;
    ServerThread& operator=(const ServerThread&) = delete;

    /// Runs `task` where the guest lives, and waits for it.
    void call(const std::function<void()>& task) {
        std::promise<void> done;
        asio::post(loop, [&] {
            task();
            done.set_value();
        });
        done.get_future().wait();
    }

    std::vector<std::string> calls() {
        std::vector<std::string> calls;
        call([&] { calls = guest.take_calls(); });
        return calls;
    }

    FakeDebuggee guest;
    asio::io_context loop;
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    std::unique_ptr<rsp::TcpServer> server;
    std::thread thread;
};

class RemoteDebuggeeTest : public testing::Test {
  protected:
    void connect() {
        auto connected = remote::RemoteDebuggee::connect(
            loop_, {.host = "127.0.0.1", .port = server_.server->port()});
        ASSERT_TRUE(connected) << connected.error().message;
        remote_ = std::move(*connected);
        remote_->set_event_handler([this](const Event& event) { event_ = event; });
        ASSERT_TRUE(remote_->attach());
    }

    /// The next event; runs the loop until it comes.
    Event next_event() {
        event_.reset();
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!event_ && std::chrono::steady_clock::now() < end) {
            loop_.restart();
            loop_.run_one_for(std::chrono::milliseconds(100));
        }
        EXPECT_TRUE(event_.has_value());
        return event_.value_or(Killed{});
    }

    StopReason next_reason() {
        const Event event = next_event();
        const auto* stop = std::get_if<Stopped>(&event);
        EXPECT_NE(stop, nullptr);
        return stop == nullptr || stop->threads.empty() ? StopReason(Interrupted{})
                                                        : stop->threads.front().reason;
    }

    /// The request is on its way when the client has returned: waits until it is there.
    void resume(const ResumeRequest& request) {
        ASSERT_TRUE(remote_->resume(request));
        bool running = false;
        while (!running) {
            server_.call([&] { running = server_.guest.state() == FakeDebuggee::State::Running; });
        }
    }

    void stop_guest(StopReason reason) {
        server_.call([&] { server_.guest.stop(ThreadId{1}, std::move(reason)); });
    }

    [[nodiscard]] std::uint32_t pc() const {
        return server_.guest.threads_.front().frames.front().pc.offset.value;
    }

    ServerThread server_;
    asio::io_context loop_;
    std::unique_ptr<remote::RemoteDebuggee> remote_;
    std::optional<Event> event_;
};

TEST_F(RemoteDebuggeeTest, ShowsAStoppedGuest) {
    connect();
    EXPECT_TRUE(std::holds_alternative<StoppedAtEntry>(next_reason()));
    const auto instances = remote_->instances();
    ASSERT_EQ(instances.size(), 1U);
    const auto code = remote_->code(InstanceId{0});
    ASSERT_TRUE(code);
    EXPECT_TRUE(std::ranges::equal(*code, guest_module()));
    const auto frames = remote_->frames(ThreadId{1}, 0, 10);
    ASSERT_TRUE(frames) << frames.error().message;
    ASSERT_EQ(frames->total, 1U);
    EXPECT_EQ(frames->frames[0].pc, at(pc()));
    EXPECT_EQ(frames->frames[0].local_count, 3U);
    EXPECT_EQ(remote_->local(ThreadId{1}, 0, 0), Value::of(ValueType::I32, 42));
    EXPECT_EQ(remote_->local(ThreadId{1}, 0, 1), Value::of(ValueType::F64, 1.5));
    EXPECT_EQ(remote_->local(ThreadId{1}, 0, 3).error().code, ErrorCode::OutOfRange);
    EXPECT_EQ(remote_->stack_value(ThreadId{1}, 0, 0), Value::of(ValueType::I32, -2));
    const auto memories = remote_->memories(InstanceId{0});
    ASSERT_TRUE(memories);
    EXPECT_EQ(memories->at(0).size, 0x10000U);
}

TEST_F(RemoteDebuggeeTest, ReadsAndWritesMemory) {
    connect();
    next_event();
    const MemoryAddress address{.instance = {0}, .memory = 0, .offset = 0x10};
    std::array<std::byte, 4> bytes{};
    ASSERT_EQ(remote_->read_memory(address, bytes), 4U);
    EXPECT_EQ(bytes[0], std::byte{0x10});
    ASSERT_TRUE(remote_->write_memory(address, std::array{std::byte{1}, std::byte{2}}));
    ASSERT_EQ(remote_->read_memory(address, bytes), 4U);
    EXPECT_EQ(bytes[1], std::byte{2});
    EXPECT_EQ(bytes[2], std::byte{0x12});
    const MemoryAddress beyond{.instance = {0}, .memory = 0, .offset = 0x10000};
    EXPECT_EQ(remote_->read_memory(beyond, bytes).error().code, ErrorCode::OutOfRange);
}

TEST_F(RemoteDebuggeeTest, WritesLocalsAndGlobals) {
    {
        FakeInstance& instance = server_.guest.instances_.front();
        instance.code = one_global();
        instance.info.code_size = instance.code.size();
    }
    connect();
    next_event();
    ASSERT_TRUE(remote_->set_local(ThreadId{1}, 0, 1, Value::of(ValueType::F64, -2.5)));
    EXPECT_EQ(remote_->local(ThreadId{1}, 0, 1), Value::of(ValueType::F64, -2.5));
    ASSERT_TRUE(remote_->set_global(ThreadId{1}, 0, 0, Value::of(ValueType::I32, 9)));
    EXPECT_EQ(remote_->global(ThreadId{1}, 0, 0), Value::of(ValueType::I32, 9));
    EXPECT_EQ(remote_->instance_global(InstanceId{0}, 0), Value::of(ValueType::I32, 9));
    EXPECT_FALSE(remote_->set_local(ThreadId{1}, 0, 9, Value::of(ValueType::I32, 9)));
}

TEST_F(RemoteDebuggeeTest, TellsWhyTheGuestStops) {
    connect();
    next_event();
    ASSERT_TRUE(remote_->plant(at(pc())));
    ASSERT_TRUE(remote_->plant(at(pc())));
    resume({.threads = {}, .others = ResumeKind::Continue});
    EXPECT_EQ(remote_->local(ThreadId{1}, 0, 0).error().code, ErrorCode::NotStopped);
    stop_guest(BreakpointHit{{at(pc())}});
    const StopReason hit = next_reason();
    ASSERT_TRUE(std::holds_alternative<BreakpointHit>(hit));
    EXPECT_THAT(std::get<BreakpointHit>(hit).requested, ElementsAre(at(pc())));

    ASSERT_TRUE(remote_->unplant(at(pc())));
    (void)server_.calls();
    ASSERT_TRUE(remote_->unplant(at(pc())));
    resume({.threads = {{.thread = {1}, .kind = ResumeKind::StepInstruction}},
            .others = std::nullopt});
    stop_guest(StepDone{});
    EXPECT_TRUE(std::holds_alternative<StepDone>(next_reason()));
    EXPECT_EQ(server_.calls().size(), 2U) << "unplant, resume";

    resume({.threads = {}, .others = ResumeKind::Continue});
    stop_guest(Trapped{TrapKind::OutOfBoundsMemory, "out of bounds memory access"});
    const StopReason trap = next_reason();
    ASSERT_TRUE(std::holds_alternative<Trapped>(trap));
    EXPECT_EQ(std::get<Trapped>(trap).kind, TrapKind::OutOfBoundsMemory);
}

TEST_F(RemoteDebuggeeTest, StepsOverRangesAtTheServer) {
    connect();
    next_event();
    (void)server_.calls();
    resume({.threads = {{.thread = {1},
                         .kind = ResumeKind::StepRange,
                         .range = {.instance = {0}, .begin = {0x20}, .end = {0x28}}}},
            .others = ResumeKind::Continue});
    stop_guest(StepDone{});
    EXPECT_TRUE(std::holds_alternative<StepDone>(next_reason()));
    EXPECT_THAT(server_.calls(), ElementsAre("resume 1:range=20-28 others:continue"));
}

TEST_F(RemoteDebuggeeTest, PlantsWhileTheGuestRuns) {
    connect();
    next_event();
    resume({.threads = {}, .others = ResumeKind::Continue});
    (void)server_.calls();
    ASSERT_TRUE(remote_->plant(at(pc())));
    EXPECT_THAT(server_.calls(), testing::Contains(testing::StartsWith("plant")));
    server_.call([this] { EXPECT_EQ(server_.guest.state(), FakeDebuggee::State::Running); });
    stop_guest(BreakpointHit{{at(pc())}});
    EXPECT_TRUE(std::holds_alternative<BreakpointHit>(next_reason()));
}

TEST_F(RemoteDebuggeeTest, InterruptsAndWatches) {
    connect();
    next_event();
    WatchpointSupport* watchpoints = remote_->watchpoints();
    ASSERT_NE(watchpoints, nullptr);
    const MemoryAddress address{.instance = {0}, .memory = 0, .offset = 0x400};
    const auto id = watchpoints->add({.address = address, .size = 4, .kind = WatchKind::Write});
    ASSERT_TRUE(id) << id.error().message;
    resume({.threads = {}, .others = ResumeKind::Continue});
    stop_guest(WatchpointHit{.watchpoint = WatchpointId{1}, .address = address, .size = 4});
    const StopReason hit = next_reason();
    ASSERT_TRUE(std::holds_alternative<WatchpointHit>(hit));
    EXPECT_EQ(std::get<WatchpointHit>(hit).watchpoint, *id);
    EXPECT_EQ(std::get<WatchpointHit>(hit).before.size(), 4U);
    ASSERT_TRUE(watchpoints->remove(*id));
    resume({.threads = {}, .others = ResumeKind::Continue});
    ASSERT_TRUE(remote_->interrupt());
    EXPECT_TRUE(std::holds_alternative<Interrupted>(next_reason()));
}

TEST_F(RemoteDebuggeeTest, TellsTheEnd) {
    connect();
    next_event();
    resume({.threads = {}, .others = ResumeKind::Continue});
    server_.call([this] { server_.guest.exit(3); });
    const Event event = next_event();
    ASSERT_TRUE(std::holds_alternative<Exited>(event));
    EXPECT_EQ(std::get<Exited>(event).exit_code, 3);
    EXPECT_EQ(remote_->frames(ThreadId{1}, 0, 1).error().code, ErrorCode::Gone);
}

TEST_F(RemoteDebuggeeTest, KillsAndDetaches) {
    connect();
    next_event();
    remote_->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(next_event()));
    EXPECT_THAT(server_.calls(), testing::Contains("kill"));
}

TEST_F(RemoteDebuggeeTest, LetsTheGuestGoOnWhenItDetaches) {
    connect();
    next_event();
    remote_->detach();
    EXPECT_THAT(server_.calls(), testing::Contains("detach"));
}

TEST_F(RemoteDebuggeeTest, LeavesTheGuestStoppedWhereTheServerCan) {
    connect();
    next_event();
    ASSERT_TRUE(remote_->detach_stopped());
    EXPECT_THAT(server_.calls(), testing::Contains("detach stopped"));
    EXPECT_THAT(server_.calls(), testing::Not(testing::Contains("detach")));
}

TEST_F(RemoteDebuggeeTest, ALostConnectionEndsTheGuest) {
    connect();
    next_event();
    resume({.threads = {}, .others = ResumeKind::Continue});
    server_.call([this] { server_.server.reset(); });
    EXPECT_TRUE(std::holds_alternative<Killed>(next_event()));
    EXPECT_NE(remote_->lost(), "");
}

TEST_F(RemoteDebuggeeTest, SaysWhoDoesNotAnswer) {
    const std::uint16_t port = server_.server->port();
    server_.call([this] { server_.server->close([] {}); });
    const auto refused =
        remote::RemoteDebuggee::connect(loop_, {.host = "127.0.0.1", .port = port});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Io);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("127.0.0.1:" + std::to_string(port)));
}

} // namespace
} // namespace wdbg::test
