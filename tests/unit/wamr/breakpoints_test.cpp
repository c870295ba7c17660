// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <tuple>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

TEST(Breakpoint, StopsBeforeItsInstructionExecutes) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset add = session.code().at("add", "i32.add");
    session.plant(add);
    const Stopped stopped = session.resume_and_wait();
    ASSERT_NE(reason_as<BreakpointHit>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_THAT(reason_as<BreakpointHit>(stopped)->requested,
                ElementsAre(CodeAddress{Session::main_instance, add}));
    EXPECT_EQ(session.pc(), add);
    EXPECT_THAT(session.backtrace(), ElementsAre("add", "run"));
    EXPECT_EQ(session.local<std::int32_t>(2), 0);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
}

// A breakpoint is hit when its instruction is about to execute, also if the guest had stopped there
// for another reason; LLDB (>= 20) relies on it.
TEST(Breakpoint, WhereTheGuestStoppedForAnotherReasonIsHitByResuming) {
    Session session("calls", {.invoke = "sum_to", .args = {"3"}});
    const CodeOffset first = session.code().first("sum_to");
    ASSERT_EQ(session.pc(), first);
    session.plant(first);
    for (std::size_t depth = 1; depth <= 4; ++depth) {
        const Stopped stopped = session.resume_and_wait();
        EXPECT_NE(reason_as<BreakpointHit>(stopped), nullptr) << describe(Event{stopped});
        EXPECT_EQ(session.frames().size(), depth);
    }
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("6:i32"));
}

TEST(Breakpoint, SetOnTheInstructionOfABreakpointStopIsNotHitAgainByResuming) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset add = session.code().at("add", "i32.add");
    session.run_to(add);
    session.plant(add);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
}

TEST(Breakpoint, InTheLocalsHeaderTakesTheFirstInstructionAndReportsWhatWasAskedFor) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset header = session.code().body("add").begin;
    ASSERT_LT(header, session.code().first("add"));
    session.plant(header);
    const Stopped stopped = session.resume_and_wait();
    ASSERT_NE(reason_as<BreakpointHit>(stopped), nullptr);
    EXPECT_THAT(reason_as<BreakpointHit>(stopped)->requested,
                ElementsAre(CodeAddress{Session::main_instance, header}));
    EXPECT_EQ(session.pc(), session.code().first("add"));
}

TEST(Breakpoint, WithinAnInstructionTakesTheNextAndReportsWhatWasAskedFor) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset first = session.code().first("add");
    const CodeOffset inside{first.value + 1};
    session.plant(inside);
    const Stopped stopped = session.resume_and_wait();
    ASSERT_NE(reason_as<BreakpointHit>(stopped), nullptr);
    EXPECT_THAT(reason_as<BreakpointHit>(stopped)->requested,
                ElementsAre(CodeAddress{Session::main_instance, inside}));
    EXPECT_EQ(session.pc(), session.code().behind(first));
}

TEST(Breakpoint, OnAnIndirectTailCallLeavesItOne) {
    Session session("same_opcode", {.invoke = "sum", .args = {"10"}});
    session.plant(session.code().at("tail_sum", "return_call_indirect"));
    session.plant(session.code().at("sum", "call_indirect"));
    std::ignore = session.resume_and_wait();
    EXPECT_THAT(session.backtrace(), ElementsAre("sum"));
    for (int n = 10; n > 0; --n) {
        std::ignore = session.resume_and_wait();
        EXPECT_THAT(session.backtrace(), ElementsAre("tail_sum", "sum"));
    }
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("55:i32"));
}

TEST(Breakpoint, OutsideOfAllCodeIsNotFound) {
    Session session("calls", {.invoke = "run"});
    EXPECT_EQ(session->plant({Session::main_instance, CodeOffset{2}}).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(session->plant({InstanceId{77}, CodeOffset{2}}).error().code, ErrorCode::NotFound);
    EXPECT_EQ(session->unplant({Session::main_instance, session.code().first("add")}).error().code,
              ErrorCode::NotFound);
}

TEST(Breakpoint, OfTwoOwnersStaysUntilBothHaveRemovedIt) {
    Session session("calls", {.invoke = "sum_to", .args = {"5"}});
    const CodeOffset site = session.code().at("sum_to", "i32.eqz");
    session.plant(site);
    session.plant(site);
    EXPECT_NE(reason_as<BreakpointHit>(session.resume_and_wait()), nullptr);
    session.unplant(site);
    EXPECT_NE(reason_as<BreakpointHit>(session.resume_and_wait()), nullptr);
    session.unplant(site);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("15:i32"));
}

TEST(Breakpoint, TwoAddressesOfOneSiteAreBothReported) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset header = session.code().body("add").begin;
    const CodeOffset first = session.code().first("add");
    session.plant(header);
    session.plant(first);
    const Stopped stopped = session.resume_and_wait();
    EXPECT_THAT(reason_as<BreakpointHit>(stopped)->requested,
                testing::UnorderedElementsAre(CodeAddress{Session::main_instance, header},
                                              CodeAddress{Session::main_instance, first}));
}

TEST(Breakpoint, IsInvisibleInTheCodeThatClientsRead) {
    Session session("calls", {.invoke = "run"});
    session.plant(session.code().first("add"));
    const auto code = session->code(Session::main_instance);
    ASSERT_TRUE(code);
    EXPECT_TRUE(std::ranges::equal(*code, session.code().module().bytes()));
}

/// Resumes at every stop until the guest ends; the number of breakpoint stops.
int count_hits(Session& session) {
    int hits = 0;
    session.resume();
    for (Event event = session.next_event(); std::holds_alternative<Stopped>(event);
         event = session.next_event()) {
        for (const ThreadStop& thread : std::get<Stopped>(event).threads) {
            hits += std::holds_alternative<BreakpointHit>(thread.reason) ? 1 : 0;
        }
        session.resume();
    }
    return hits;
}

void expect_same_result_with_breakpoints(std::string_view guest, const SessionOptions& options,
                                         int least_hits) {
    std::vector<std::string> expected;
    {
        Session plain(guest, options);
        plain.resume();
        expected = plain.wait_for_exit().results;
    }
    Session session(guest, options);
    for (const CodeOffset offset : session.code().all_instructions()) {
        session.plant(offset);
    }
    EXPECT_GE(count_hits(session), least_hits);
    EXPECT_EQ(session.wait_for_exit().results, expected);
}

TEST(Breakpoint, OnEveryInstructionLeavesTheResultAsItIs) {
    expect_same_result_with_breakpoints("calls", {.invoke = "mix", .args = {"40"}}, 1000);
}

TEST(Breakpoint, OnAStoreLeavesItsSize) {
    expect_same_result_with_breakpoints("same_opcode", {.invoke = "stores"}, 40);
}

TEST(Breakpoint, OnEveryInstructionIsReportedAtEachOneExecuted) {
    // Stepping tells which instructions execute.
    std::vector<CodeOffset> stepped;
    {
        Session session("calls", {.invoke = "mix", .args = {"7"}});
        stepped.push_back(session.pc());
        std::ignore = session->resume(
            {.threads = {{.thread = Session::main_thread, .kind = ResumeKind::StepInstruction}},
             .others = {}});
        for (Event event = session.next_event(); std::holds_alternative<Stopped>(event);
             event = session.next_event()) {
            stepped.push_back(session.pc());
            std::ignore = session->resume(
                {.threads = {{.thread = Session::main_thread, .kind = ResumeKind::StepInstruction}},
                 .others = {}});
        }
    }
    Session session("calls", {.invoke = "mix", .args = {"7"}});
    for (const CodeOffset offset : session.code().all_instructions()) {
        session.plant(offset);
    }
    std::vector<CodeOffset> hit;
    session.resume();
    for (Event event = session.next_event(); std::holds_alternative<Stopped>(event);
         event = session.next_event()) {
        hit.push_back(session.pc());
        session.resume();
    }
    EXPECT_EQ(hit, stepped);
}

TEST(Breakpoint, RemovedWhileStoppedOnItIsStillExecutedRightly) {
    Session session("calls", {.invoke = "mix", .args = {"40"}});
    const auto offsets = session.code().all_instructions();
    std::size_t next = 0;
    for (const CodeOffset offset : offsets) {
        session.plant(offset);
    }
    session.resume();
    while (next < offsets.size()) {
        const Event event = session.next_event();
        if (!std::holds_alternative<Stopped>(event)) {
            break;
        }
        session.unplant(offsets[next++]);
        session.resume();
    }
    for (; next < offsets.size(); ++next) {
        std::ignore = session->unplant({Session::main_instance, offsets[next]});
    }
    EXPECT_FALSE(session.wait_for_exit().results.empty());
}

} // namespace
} // namespace wdbg::test
