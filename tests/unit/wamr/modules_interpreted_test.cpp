// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What compiled code does not do in the same way: steps into another module, traps there, ends.
#include "modules_fixture.h"

#include <functional>
#include <map>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

TEST_F(Modules, ShowFramesOfAllOfThemWithReturnAddresses) {
    start("run");
    session->plant(CodeAddress{middle_instance, middle.at("via", "call")});
    session->resume_and_wait();
    session->step();
    EXPECT_THAT(backtrace(), ElementsAre("bump", "via", "run"));
    const auto frames = session->frames();
    EXPECT_EQ(frames[0].pc.offset, base.first("bump"));
    EXPECT_EQ(frames[1].pc.offset, middle.behind(middle.at("via", "call")));
    EXPECT_TRUE(frames[1].pc_is_return_address);
    const CodeOffset call = session->code().at("run", "call", 1);
    EXPECT_EQ(frames[2].pc.offset, session->code().behind(call));
    EXPECT_EQ(session->local<std::int32_t>(0, 0), 200);
    EXPECT_EQ(session->local<std::int32_t>(0, 1), 2);
    // The global of the frame's own instance: nobody has bumped this one yet.
    EXPECT_EQ((*session)->global(Session::main_thread, 0, 0), Value::of(ValueType::I32, 0));
}

TEST_F(Modules, AreSteppedOverAndOutOf) {
    start("run");
    const CodeOffset call = session->code().at("run", "call", 1);
    session->run_to(call);
    const Stopped over = session->step_over_range(
        {.instance = Session::main_instance, .begin = call, .end = session->code().behind(call)});
    EXPECT_NE(reason_as<StepDone>(over), nullptr);
    EXPECT_EQ(session->pc(), session->code().behind(call));
    session->run_to(session->code().at("run", "call", 2));
    session->step();
    EXPECT_THAT(backtrace(), ElementsAre("bump", "run"));
    const auto& body = base.body("bump");
    const Stopped out = session->step_over_range({.instance = session->frames()[0].pc.instance,
                                                  .begin = body.first_instruction,
                                                  .end = body.end});
    EXPECT_NE(reason_as<StepDone>(out), nullptr);
    EXPECT_THAT(backtrace(), ElementsAre("run"));
}

TEST_F(Modules, TrapWithAllFramesAndOnce) {
    start("fails");
    const Stopped stopped = session->resume_and_wait();
    EXPECT_NE(reason_as<Trapped>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_THAT(backtrace(), ElementsAre("broken", "fail", "fails"));
    EXPECT_EQ(session->frames()[0].pc.offset, base.at("broken", "unreachable"));
    EXPECT_EQ(session->frames()[1].pc.offset, middle.behind(middle.at("fail", "call")));
    EXPECT_EQ(session->local<std::int32_t>(0, 1), 7);
    session->resume();
    EXPECT_EQ(session->wait_for_exit().trap, "unreachable");
}

/// Hits of a breakpoint in `bump` of one instance of base, by thread, until the guest's end.
std::map<std::uint32_t, int> bumps(Session& session, InstanceId instance,
                                   const std::vector<std::string>& stack,
                                   const std::function<std::vector<std::string>(ThreadId)>& walk) {
    std::map<std::uint32_t, int> hits;
    session.resume();
    for (Event event = session.next_event(); std::holds_alternative<Stopped>(event);
         event = session.next_event()) {
        for (const ThreadStop& thread : std::get<Stopped>(event).threads) {
            EXPECT_EQ(session.frames(thread.thread).at(0).pc.instance, instance);
            EXPECT_EQ(walk(thread.thread), stack);
            ++hits[thread.thread.value];
        }
        session.resume();
    }
    return hits;
}

TEST_F(Modules, UsedBySeveralThreadsAreStillTheInstancesThatWereListed) {
    constexpr int threads = 6;
    constexpr int calls = 50;
    const std::vector<std::vector<std::string>> stacks{{"bump", "thread"},
                                                       {"bump", "via", "thread"}};
    std::vector<std::vector<std::string>> seen;
    for (const std::size_t which : {0U, 1U}) {
        start("run", "crowd", {std::to_string(threads), std::to_string(calls)});
        ASSERT_EQ((*session)->instances().size(), 4U);
        ASSERT_EQ(bases.size(), 2U);
        session->plant(CodeAddress{bases[which], base.first("bump")});
        const Stopped first = session->resume_and_wait();
        seen.push_back(backtrace(first.threads.at(0).thread));
        auto hits = bumps(*session, bases[which], seen.back(),
                          [this](ThreadId thread) { return backtrace(thread); });
        for (const ThreadStop& thread : first.threads) {
            ++hits[thread.thread.value];
        }
        EXPECT_EQ(hits.size(), threads);
        for (const auto& [thread, count] : hits) {
            EXPECT_EQ(count, calls) << "thread " << thread;
        }
        EXPECT_EQ((*session)->instances().size(), 4U);
        EXPECT_THAT(session->wait_for_exit().results,
                    ElementsAre(std::to_string(threads * calls * 2) + ":i32"));
    }
    EXPECT_THAT(seen, testing::UnorderedElementsAreArray(stacks));
}

TEST_F(Modules, TrapInTheThreadThatCalledThem) {
    start("run", "crowd", {"3", "0"});
    const Stopped stopped = session->resume_and_wait();
    ASSERT_NE(reason_as<Trapped>(stopped), nullptr) << describe(Event{stopped});
    const ThreadId thread = stopped.threads.at(0).thread;
    EXPECT_NE(thread, Session::main_thread);
    EXPECT_THAT(backtrace(thread), ElementsAre("broken", "thread"));
    EXPECT_EQ(session->frames(thread)[0].pc.offset, base.at("broken", "unreachable"));
    (*session)->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(session->next_event()));
    session->wait_for_exit();
}

TEST_F(Modules, AreKilledWithinAnImport) {
    start("run");
    session->plant(CodeAddress{middle_instance, middle.at("via", "call")});
    session->resume_and_wait();
    session->step();
    (*session)->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(session->next_event()));
    EXPECT_THAT(session->wait_for_exit().results, testing::IsEmpty());
}

} // namespace
} // namespace wdbg::test
