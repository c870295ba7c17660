// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"
#include "standard_input.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

void expect_interrupted(const Stopped& stopped) {
    EXPECT_NE(reason_as<Interrupted>(stopped), nullptr) << describe(Event{stopped});
}

TEST(Interrupt, StopsABusyLoopAgainAndAgain) {
    Session session("blocking", {.invoke = "busy"});
    for (int i = 0; i < 100; ++i) {
        session.resume();
        ASSERT_TRUE(session->interrupt());
        expect_interrupted(session.wait_for_stop());
        EXPECT_THAT(session.backtrace(), ElementsAre("spin"));
    }
    EXPECT_EQ(session.state(Session::main_thread), ThreadState::Stopped);
}

TEST(Interrupt, OfAStoppedGuestGivesNoEvent) {
    Session session("blocking", {.invoke = "busy"});
    ASSERT_TRUE(session->interrupt());
    EXPECT_FALSE(session.pending_event());
}

TEST(Interrupt, TwiceGivesOneStop) {
    Session session("blocking", {.invoke = "busy"});
    session.resume();
    ASSERT_TRUE(session->interrupt());
    ASSERT_TRUE(session->interrupt());
    session.wait_for_stop();
    EXPECT_FALSE(session.pending_event());
}

TEST(Interrupt, ShowsABlockedReadAtItsCallAndDoesNotDisturbIt) {
    StandardInput input;
    Session session("blocking", {.invoke = "read"});
    session.resume();
    expect_interrupted(session.interrupt_in_host_call());
    const CodeOffset call = session.code().at("reader", "call");
    EXPECT_EQ(session.pc(), call);
    EXPECT_THAT(session.backtrace(), ElementsAre("reader"));
    EXPECT_EQ(session.frames()[0].host_call, "wasi_snapshot_preview1.fd_read");
    EXPECT_EQ(session.local<std::int32_t>(0), 42);
    session.resume();
    expect_interrupted(session.interrupt_in_host_call());
    session.resume();
    input.write("A");
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("65:i32"));
}

TEST(Interrupt, ShowsASleepAtItsCall) {
    Session session("blocking", {.invoke = "sleep"});
    session.resume();
    expect_interrupted(session.interrupt_in_host_call());
    EXPECT_EQ(session.pc(), session.code().at("sleeper", "call"));
    EXPECT_EQ(session.frames()[0].host_call, "wasi_snapshot_preview1.poll_oneoff");
    session->kill(); // ends it before its time
    EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
    session.wait_for_exit();
}

TEST(Interrupt, ShowsAnAtomicWaitAtItsInstruction) {
    Session session("blocking", {.invoke = "wait"});
    session.resume();
    expect_interrupted(session.interrupt_in_host_call());
    EXPECT_EQ(session.pc(), session.code().at("waiter", "memory.atomic.wait32"));
    EXPECT_THAT(session.backtrace(), ElementsAre("waiter"));
    EXPECT_EQ(session.local<std::int32_t>(0), 42);
    EXPECT_EQ(session.operand_stack().at(0), Value::of(ValueType::I32, 5));
}

TEST(Interrupt, HoldsAThreadAtTheGateWhenItsCallReturnsMeanwhile) {
    Session session("blocking", {.invoke = "block"});
    session.resume();
    wait_for_blocked();
    ASSERT_TRUE(session->interrupt());
    expect_interrupted(session.wait_for_stop());
    const auto before = session.frames();
    const CodeOffset call = session.code().at("blocker", "call");
    EXPECT_EQ(session.pc(), call);
    EXPECT_EQ(session.operand_stack().at(0), Value::of(ValueType::I32, 6));
    release_blocked();
    // However far it gets meanwhile, this is what there is to see.
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(session.state(Session::main_thread), ThreadState::InHostCall);
        ASSERT_EQ(session.pc(), call);
    }
    EXPECT_FALSE(session.pending_event());
    ASSERT_TRUE(session->set_local(Session::main_thread, 0, 0, Value::of(ValueType::I32, 100)));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("106:i32"));
}

TEST(Interrupt, ABlockedGuestCanBeSteppedWhenItsCallReturns) {
    Session session("blocking", {.invoke = "block"});
    session.resume();
    wait_for_blocked();
    ASSERT_TRUE(session->interrupt());
    session.wait_for_stop();
    ASSERT_TRUE(session->resume(
        {.threads = {{.thread = Session::main_thread, .kind = ResumeKind::StepInstruction}},
         .others = {}}));
    release_blocked();
    const Stopped stopped = session.wait_for_stop();
    EXPECT_NE(reason_as<StepDone>(stopped), nullptr) << describe(Event{stopped});
    const CodeOffset call = session.code().at("blocker", "call");
    EXPECT_EQ(session.pc(), session.code().behind(call));
}

TEST(Interrupt, ABreakpointPlantedWhileTheGuestIsBlockedIsHit) {
    Session session("blocking", {.invoke = "block"});
    session.resume();
    wait_for_blocked();
    const CodeOffset behind = session.code().behind(session.code().at("blocker", "call"));
    session.plant(behind); // while running
    release_blocked();
    EXPECT_NE(reason_as<BreakpointHit>(session.wait_for_stop()), nullptr);
    EXPECT_EQ(session.pc(), behind);
}

} // namespace
} // namespace wdbg::test
