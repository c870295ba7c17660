// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"
#include "standard_input.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <random>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

constexpr ThreadId second{2};
constexpr ThreadId third{3};

/// Kinds of threads: positions in the table of guests/threads.wat.
enum Kind : int { Work, Spin, TrapKindOfThread, Block, Exit, Wait, CountUntilGate, Sleep, Read };

SessionOptions run(int threads, int kind, int value = 0) {
    return {.invoke = "run",
            .args = {std::to_string(threads), std::to_string(kind), std::to_string(value)}};
}

SessionOptions two(int kind, int other, int value = 0) {
    return {.invoke = "two",
            .args = {std::to_string(kind), std::to_string(other), std::to_string(value)}};
}

/// Stops the guest again and again until `ready` says that it is where the test wants it.
template <class Ready>
void interrupt_until(Session& session, Ready ready) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until) {
        if (session.running()) {
            EXPECT_TRUE(session->interrupt());
            session.wait_for_stop();
        }
        if (ready()) {
            return;
        }
        session.resume();
        std::this_thread::yield();
    }
    throw std::runtime_error("the guest does not get there");
}

void interrupt_with_threads(Session& session, std::size_t count) {
    interrupt_until(session, [&] {
        const auto threads = session->threads();
        return threads.size() == count &&
               std::ranges::none_of(threads, [&](const ThreadInfo& thread) {
                   return session.frames(thread.id).empty();
               });
    });
}

void open_gate(Session& session) {
    const std::uint32_t one = 1;
    ASSERT_TRUE(
        session->write_memory({Session::main_instance, 0, 8}, std::as_bytes(std::span(&one, 1))));
}

TEST(Threads, AreListedEachWithItsOwnStackAndGlobals) {
    Session session("threads", run(4, Spin));
    session.resume();
    interrupt_with_threads(session, 5);
    const auto threads = session->threads();
    interrupt_until(session, [&] {
        return std::ranges::all_of(threads, [&](const ThreadInfo& thread) {
            return thread.id == Session::main_thread || session.frames(thread.id).size() == 2;
        });
    });
    std::vector<std::int32_t> ids;
    for (const ThreadInfo& thread : session->threads()) {
        if (thread.id == Session::main_thread) {
            continue;
        }
        EXPECT_EQ(thread.state, ThreadState::Stopped);
        EXPECT_THAT(session.backtrace(thread.id), ElementsAre("spin", "thread"));
        const auto id = session->local(thread.id, 1, 0);
        ASSERT_TRUE(id);
        EXPECT_EQ(session->global(thread.id, 0, 0), *id);
        ids.push_back(id->as<std::int32_t>());
    }
    std::ranges::sort(ids);
    EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
    EXPECT_EQ(session->instances().size(), 1U); // their clones are no instances of their own
    open_gate(session);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("0:i32"));
}

/// Resumes at each stop until the guest ends; hits by thread.
std::map<std::uint32_t, int> count_hits(Session& session) {
    std::map<std::uint32_t, int> hits;
    session.resume();
    for (Event event = session.next_event(); std::holds_alternative<Stopped>(event);
         event = session.next_event()) {
        for (const ThreadStop& thread : std::get<Stopped>(event).threads) {
            EXPECT_TRUE(std::holds_alternative<BreakpointHit>(thread.reason))
                << describe(thread.reason);
            ++hits[thread.thread.value];
        }
        session.resume();
    }
    return hits;
}

TEST(Threads, LoseNoHitOfABreakpointTheyShare) {
    constexpr int threads = 16;
    const char* wanted = std::getenv("WDBG_TEST_CALLS"); // 10000 takes half a minute
    const int calls = wanted == nullptr ? 1000 : static_cast<int>(std::strtol(wanted, nullptr, 10));
    Session session("threads", run(threads, Work, calls));
    session.plant(session.code().first("planted"));
    const auto hits = count_hits(session);
    EXPECT_EQ(hits.size(), threads);
    for (const auto& [thread, count] : hits) {
        EXPECT_EQ(count, calls) << "thread " << thread;
    }
    EXPECT_THAT(session.wait_for_exit().results,
                ElementsAre(std::to_string(threads * calls) + ":i32"));
}

TEST(Threads, GoOnRightlyWhileBreakpointsComeAndGo) {
    Session session("threads", {.invoke = "run_counted", .args = {"3"}});
    session.resume();
    interrupt_with_threads(session, 4);
    session.resume();
    // NOLINTNEXTLINE(bugprone-random-generator-seed): the same every time
    std::minstd_rand random(20);
    const auto offsets = session.code().instructions("planted");
    const auto more = session.code().instructions("count_until_gate");
    std::vector<CodeOffset> planted;
    std::size_t hits = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
    while (std::chrono::steady_clock::now() < until) {
        const auto& from = random() % 2 == 0 ? offsets : more;
        planted.push_back(from[random() % from.size()]);
        session.plant(planted.back());
        if (planted.size() > random() % 4) {
            session.unplant(planted.front());
            planted.erase(planted.begin());
        }
        if (const auto event = session.pending_event()) {
            ASSERT_TRUE(std::holds_alternative<Stopped>(*event));
            ++hits;
            session.resume();
        }
    }
    for (const CodeOffset offset : planted) {
        session.unplant(offset);
    }
    EXPECT_GT(hits, 10U);
    ASSERT_TRUE(session->interrupt());
    session.wait_for_stop();
    open_gate(session);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("1:i32"));
}

TEST(Threads, ThatAreNotResumedStayWhereTheyAre) {
    Session session("threads", run(3, Spin));
    session.resume();
    interrupt_with_threads(session, 4);
    interrupt_until(session, [&] { return session.backtrace(second).at(0) == "spin"; });
    std::map<std::uint32_t, CodeOffset> before;
    for (const ThreadInfo& thread : session->threads()) {
        before[thread.id.value] = session.pc(thread.id);
    }
    for (int i = 0; i < 20; ++i) {
        const Stopped stopped = session.step(second);
        EXPECT_NE(reason_as<StepDone>(stopped), nullptr);
        EXPECT_EQ(stopped.threads.at(0).thread, second);
    }
    ASSERT_TRUE(session->resume({.threads = {{.thread = second}}, .others = {}}));
    ASSERT_TRUE(session->interrupt());
    session.wait_for_stop();
    for (const ThreadInfo& thread : session->threads()) {
        if (thread.id != second) {
            EXPECT_EQ(session.pc(thread.id), before[thread.id.value]);
        }
    }
    open_gate(session);
    session.resume();
    session.wait_for_exit();
}

TEST(Threads, RunOnWhileOneSteps) {
    Session session("threads", run(3, Spin));
    session.resume();
    interrupt_with_threads(session, 4);
    for (int i = 0; i < 50; ++i) {
        const Stopped stopped = session.resume_with(
            {.threads = {{.thread = second, .kind = ResumeKind::StepInstruction}},
             .others = ResumeKind::Continue});
        ASSERT_EQ(stopped.threads.at(0).thread, second);
    }
    open_gate(session);
    session.resume();
    session.wait_for_exit();
}

TEST(Threads, ThatStartWhileOthersAreHeldRun) {
    Session session("threads", two(Spin, Work, 3));
    session.run_to(session.code().at("two", "nop"));
    session.plant(session.code().first("planted"));
    const Stopped stopped =
        session.resume_with({.threads = {{.thread = Session::main_thread}}, .others = {}});
    EXPECT_NE(reason_as<BreakpointHit>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_THAT(session.backtrace(stopped.threads.at(0).thread),
                ElementsAre("planted", "work", "thread"));
}

TEST(Threads, ThatEndAreNoLongerListed) {
    Session session("threads", run(4, Work, 10));
    session.run_to(session.code().at("run", "i32.atomic.load"));
    // The main thread stays where it is: it would end the guest as soon as the others have ended.
    while (session->threads().size() > 1) {
        ResumeRequest others;
        for (const ThreadInfo& thread : session->threads()) {
            if (thread.id != Session::main_thread) {
                others.threads.push_back({.thread = thread.id});
            }
        }
        session.resume_with(others);
    }
    EXPECT_THAT(session.backtrace(), ElementsAre("run"));
}

TEST(Threads, StopWhenTheLastThatRunsEndsWhileOthersAreHeld) {
    Session session("threads", run(1, Spin));
    interrupt_with_threads(session, 2);
    open_gate(session);
    const Stopped stopped = session.resume_with({.threads = {{.thread = second}}, .others = {}});
    EXPECT_NE(reason_as<Interrupted>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_THAT(session->threads(), testing::SizeIs(1));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("0:i32"));
}

TEST(Threads, OneThatTrapsStopsAllAndLeavesTheOthersIntact) {
    Session session("threads", two(Spin, TrapKindOfThread));
    const Stopped stopped = session.resume_and_wait();
    const auto* trapped = reason_as<Trapped>(stopped);
    ASSERT_NE(trapped, nullptr) << describe(Event{stopped});
    EXPECT_EQ(stopped.threads.at(0).thread, third);
    EXPECT_EQ(session.pc(third), session.code().at("trap", "unreachable"));
    EXPECT_THAT(session.backtrace(third), ElementsAre("trap", "thread"));
    EXPECT_FALSE(session.backtrace(Session::main_thread).empty());
    EXPECT_EQ(session->threads().size(), 3U);
    session.resume();
    const auto outcome = session.wait_for_exit();
    EXPECT_EQ(outcome.exit_code, 134);
    EXPECT_EQ(outcome.trap, "unreachable");
}

TEST(Threads, OneThatExitsTheProgramEndsThoseThatWaitAndSleep) {
    for (const Kind kind : {Spin, Wait, Sleep}) {
        Session session("threads", two(kind, Exit, 3));
        session.resume();
        EXPECT_EQ(session.wait_for_exit().exit_code, 3) << kind;
    }
}

TEST(Threads, OneThatExitsTheProgramEndsThoseThatAreHeld) {
    Session session("threads", two(Spin, Exit, 3));
    session.run_to(session.code().first("exit"));
    ASSERT_TRUE(session->resume({.threads = {{.thread = third}}, .others = {}}));
    EXPECT_EQ(session.wait_for_exit().exit_code, 3);
}

TEST(Threads, OneInAHostCallIsHeldAtTheGateWhileTheOthersStep) {
    Session session("threads", two(Block, Spin));
    session.resume();
    wait_for_blocked();
    interrupt_with_threads(session, 3);
    EXPECT_EQ(session.state(second), ThreadState::InHostCall);
    EXPECT_THAT(session.backtrace(second), ElementsAre("block_once", "thread"));
    release_blocked();
    for (int i = 0; i < 20; ++i) {
        session.step(third);
        EXPECT_EQ(session.state(second), ThreadState::InHostCall);
        EXPECT_EQ(session.pc(second), session.code().at("block_once", "call"));
    }
}

TEST(Threads, AreKilledWhereverTheyAre) {
    const StandardInput never_written;
    for (const Kind kind : {Spin, Wait, Sleep, Read}) {
        Session session("threads", run(8, kind));
        session.resume();
        interrupt_with_threads(session, 9);
        if (kind != Wait) {
            session.resume();
        }
        session->kill();
        EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
        session.wait_for_exit();
    }
}

// WAMR alone waits 50 ms for each in turn.
TEST(Threads, ThatBlockInSystemCallsAreKilledAllAtOnce) {
    constexpr int readers = 16;
    const StandardInput never_written;
    Session session("threads", {.invoke = "all_read", .args = {std::to_string(readers)}});
    session.resume();
    interrupt_until(session, [&] {
        const auto threads = session->threads();
        return threads.size() == readers + 1 &&
               std::ranges::all_of(threads, [&](const ThreadInfo& thread) {
                   return thread.state == ThreadState::InHostCall;
               });
    });
    session.resume();
    const auto begin = std::chrono::steady_clock::now();
    session->kill();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(50));
    EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
    session.wait_for_exit();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(400));
}

TEST(Threads, ComeAndGoWhileTheGuestIsInterruptedAndAttachedTo) {
    Session session("threads", run(32, Work, 200));
    session.resume();
    for (int i = 0; i < 200; ++i) {
        if (i % 3 == 0) {
            session->detach();
            ASSERT_TRUE(session->attach());
        } else {
            ASSERT_TRUE(session->interrupt());
        }
        const Event event = session.next_event();
        if (!std::holds_alternative<Stopped>(event)) {
            break;
        }
        for (const ThreadInfo& thread : session->threads()) {
            EXPECT_FALSE(session.frames(thread.id).empty());
        }
        session.resume();
    }
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("6400:i32"));
}

TEST(Pthreads, AreStoppedAndListed) {
    Session session("pthreads", {.invoke = "run", .args = {"1"}});
    session.plant(session.code().first("come_back"));
    const Stopped stopped = session.resume_and_wait();
    EXPECT_EQ(stopped.threads.at(0).thread, second);
    EXPECT_THAT(session.backtrace(second), ElementsAre("come_back"));
    EXPECT_EQ(session->local(second, 0, 0), Value::of(ValueType::I32, 41));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("42:i32"));
}

// Not under TSan: there WAMR takes two mutexes of its own (os_mutex_lock in both stacks) in one
// order on the thread that has left and in the other in wasm_runtime_terminate().
#ifndef __SANITIZE_THREAD__
TEST(Pthreads, GoOnBeingDebuggedWhenTheMainThreadHasLeft) {
    Session session("pthreads", {.invoke = "main_leaves"});
    interrupt_until(session, [&] {
        const auto threads = session->threads();
        return threads.size() == 1 && threads[0].id == second;
    });
    EXPECT_THAT(session.backtrace(second), ElementsAre("spin"));
    session.step(second);
    session->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
    session.wait_for_exit();
}
#endif

TEST(Pthreads, ThatLeaveAllFramesAtOnceAreGone) {
    Session session("pthreads", {.invoke = "run", .args = {"0"}});
    session.run_to(session.code().at("run", "nop", 1));
    interrupt_until(session, [&] { return session->threads().size() == 1; });
    EXPECT_THAT(session.backtrace(), ElementsAre("run"));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("41:i32"));
}

} // namespace
} // namespace wdbg::test
