// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

TEST(Control, AttachesAtTheEntryBeforeAnyInstruction) {
    Session session("calls", {.invoke = "run"});
    EXPECT_EQ(session.pc(), session.code().first("run"));
    EXPECT_THAT(session.backtrace(), ElementsAre("run"));
    EXPECT_THAT(session->threads(), testing::SizeIs(1));
    EXPECT_EQ(session->threads()[0].state, ThreadState::Stopped);
    EXPECT_EQ(session->threads()[0].name, "main");
}

TEST(Control, OfAGuestThatNobodyAttachedToDoesNothing) {
    Session session("calls", {.invoke = "run", .at_entry = false});
    session.start();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
    EXPECT_TRUE(std::holds_alternative<Exited>(session.next_event()));
}

TEST(Control, AttachesToARunningGuest) {
    Session session("blocking", {.invoke = "block", .at_entry = false});
    session.start();
    wait_for_blocked();
    ASSERT_TRUE(session->attach());
    const Stopped stopped = session.wait_for_stop();
    EXPECT_NE(reason_as<Interrupted>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_EQ(session.pc(), session.code().at("blocker", "call"));
}

TEST(Control, AttachBeforeTheGuestRunsStopsItAtItsFirstInstruction) {
    Session session("calls", {.invoke = "run", .at_entry = false});
    ASSERT_TRUE(session->attach());
    session.start();
    session.wait_for_stop();
    EXPECT_EQ(session.pc(), session.code().first("run"));
}

TEST(Control, AttachToAStoppedGuestRepeatsTheStop) {
    Session session("calls", {.invoke = "run"});
    const Stopped hit = session.run_to(session.code().first("add"));
    ASSERT_TRUE(session->attach());
    const Stopped again = session.wait_for_stop();
    EXPECT_EQ(again.generation, hit.generation);
    EXPECT_NE(reason_as<BreakpointHit>(again), nullptr);
}

TEST(Control, DetachesAndAttachesAHundredTimesWhileTheGuestRuns) {
    Session session("blocking", {.invoke = "busy"});
    session.plant(session.code().first("spin"));
    std::uint64_t generation = 0;
    for (int i = 0; i < 100; ++i) {
        session->detach();
        ASSERT_TRUE(session->attach());
        const Stopped stopped = session.wait_for_stop();
        ASSERT_GT(stopped.generation, generation);
        generation = stopped.generation;
        ASSERT_THAT(session.backtrace(), ElementsAre("spin"));
        if (i % 2 == 0) {
            session.resume(); // detach from a running guest as well
        }
    }
}

TEST(Control, DetachRemovesBreakpointsAndWatchpoints) {
    Session session("calls", {.invoke = "mix", .args = {"40"}});
    for (const CodeOffset offset : session.code().all_instructions()) {
        session.plant(offset);
    }
    ASSERT_TRUE(session->watchpoints()->add(
        {.address = {Session::main_instance, 0, 64}, .size = 4, .kind = WatchKind::Access}));
    session.resume_and_wait();
    session.resume_and_wait();
    session->detach();
    EXPECT_FALSE(session.wait_for_exit().results.empty());
    EXPECT_TRUE(std::holds_alternative<Exited>(session.next_event()));
}

TEST(Control, AStopThatWasOnItsWayIsNotDeliveredAfterDetaching) {
    Session session("blocking", {.invoke = "busy"});
    session.resume();
    ASSERT_TRUE(session->interrupt());
    wamr::Runtime& runtime = session.runtime();
    static_cast<void>(runtime);
    session->detach();
    // Only the stop of the new attach arrives.
    ASSERT_TRUE(session->attach());
    session.wait_for_stop();
    EXPECT_FALSE(session.pending_event());
}

TEST(Control, EventsOnTheirWayToAnOldHandlerAreDropped) {
    Session session("blocking", {.invoke = "block"});
    int to_old = 0;
    int to_new = 0;
    session->set_event_handler([&](const Event&) { ++to_old; });
    session.resume();
    wait_for_blocked();
    ASSERT_TRUE(session->interrupt()); // the guest counts as stopped: the event is on its way now
    session->set_event_handler([&](const Event&) { ++to_new; });
    EXPECT_FALSE(session.pending_event());
    EXPECT_EQ(to_old, 0);
    EXPECT_EQ(to_new, 0);
    ASSERT_TRUE(session->attach());
    EXPECT_FALSE(session.pending_event());
    EXPECT_EQ(to_new, 1);
}

TEST(Control, AHandlerMayReplaceItself) {
    Session session("calls", {.invoke = "run"});
    int calls = 0;
    const std::string text(100, 'x'); // the closure must outlive its replacement
    session->set_event_handler([&session, &calls, text](const Event&) {
        session->set_event_handler({});
        calls += static_cast<int>(text.size());
    });
    ASSERT_TRUE(session->attach());
    EXPECT_FALSE(session.pending_event());
    EXPECT_EQ(calls, 100);
}

TEST(Control, ResumeNeedsAStoppedGuestAndThreadsThatExist) {
    Session session("blocking", {.invoke = "busy"});
    EXPECT_EQ(session->resume({.threads = {{.thread = ThreadId{9}}}, .others = {}}).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(session->resume({}).error().code, ErrorCode::InvalidArgument);
    session.resume();
    EXPECT_EQ(session->resume({.threads = {}, .others = ResumeKind::Continue}).error().code,
              ErrorCode::NotStopped);
}

TEST(Control, DetachBeforeTheGuestHasGotToItsEntryLetsItRun) {
    Session session("calls", {.invoke = "run", .at_entry = false});
    session.runtime().wait_at_entry();
    ASSERT_TRUE(session->attach());
    session->detach();
    session.start();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
}

void expect_killed(Session& session) {
    session->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
    const auto outcome = session.wait_for_exit();
    EXPECT_EQ(outcome.trap, "");
    EXPECT_FALSE(session.pending_event());
}

TEST(Kill, EndsAStoppedGuest) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().first("add"));
    expect_killed(session);
}

TEST(Kill, EndsAGuestAtItsEntry) {
    Session session("calls", {.invoke = "run"});
    expect_killed(session);
}

TEST(Kill, EndsABusyGuest) {
    Session session("blocking", {.invoke = "busy"});
    session.resume();
    expect_killed(session);
}

TEST(Kill, EndsAGuestThatSleeps) {
    Session session("blocking", {.invoke = "sleep"});
    session.resume();
    session.interrupt_in_host_call();
    session.resume();
    expect_killed(session);
}

TEST(Kill, EndsAGuestThatWaits) {
    Session session("blocking", {.invoke = "wait"});
    session.resume();
    session.interrupt_in_host_call();
    expect_killed(session);
}

TEST(Kill, EndsAGuestWhenItsHostCallReturns) {
    Session session("blocking", {.invoke = "block"});
    session.resume();
    wait_for_blocked();
    session->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
    release_blocked();
    EXPECT_THAT(session.wait_for_exit().results, testing::IsEmpty());
}

TEST(Kill, AGuestAfterAnotherRunsAsTheFirst) {
    for (int i = 0; i < 3; ++i) {
        Session session("calls", {.invoke = "run"});
        EXPECT_EQ(session->threads().at(0).id, Session::main_thread);
        if (i == 1) {
            session.resume();
            EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
        } else {
            expect_killed(session);
        }
    }
}

} // namespace
} // namespace wdbg::test
