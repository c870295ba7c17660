// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

#include <tuple>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

CodeAddressRange range_of(const Session& session, CodeOffset instruction) {
    return {.instance = Session::main_instance,
            .begin = instruction,
            .end = session.code().behind(instruction)};
}

void expect_step(const Stopped& stopped) {
    EXPECT_NE(reason_as<StepDone>(stopped), nullptr) << describe(Event{stopped});
}

TEST(Stepping, GoesFromInstructionToInstruction) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().first("add"));
    for (const CodeOffset expected : session.code().instructions("add")) {
        EXPECT_EQ(session.pc(), expected);
        expect_step(session.step());
    }
    EXPECT_EQ(session.pc(), session.code().at("run", "local.set"));
}

TEST(Stepping, GoesIntoCalls) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().at("run", "call"));
    expect_step(session.step());
    EXPECT_EQ(session.pc(), session.code().first("add"));
    EXPECT_THAT(session.backtrace(), ElementsAre("add", "run"));
}

TEST(Stepping, GoesIntoIndirectCalls) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().at("run", "call_indirect"));
    expect_step(session.step());
    EXPECT_EQ(session.pc(), session.code().first("triple"));
}

TEST(Stepping, OfARangeGoesOverACall) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset call = session.code().at("run", "call");
    session.run_to(call);
    expect_step(session.step_over_range(range_of(session, call)));
    EXPECT_EQ(session.pc(), session.code().behind(call));
}

TEST(Stepping, OfARangeGoesOverAnIndirectCall) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset call = session.code().at("run", "call_indirect");
    session.run_to(call);
    expect_step(session.step_over_range(range_of(session, call)));
    EXPECT_EQ(session.pc(), session.code().behind(call));
}

TEST(Stepping, OfARangeEndsWhenTheFunctionReturns) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().at("add", "i32.add"));
    const auto& body = session.code().body("add");
    expect_step(session.step_over_range(
        {.instance = Session::main_instance, .begin = body.first_instruction, .end = body.end}));
    EXPECT_EQ(session.pc(), session.code().at("run", "local.set"));
    EXPECT_THAT(session.backtrace(), ElementsAre("run"));
}

TEST(Stepping, OfARangeStaysInItsFrameOfARecursion) {
    Session session("calls", {.invoke = "sum_to", .args = {"50"}});
    const CodeOffset call = session.code().at("sum_to", "call");
    session.run_to(call);
    ASSERT_EQ(session.frames().size(), 1U);
    expect_step(session.step_over_range(range_of(session, call)));
    EXPECT_EQ(session.pc(), session.code().behind(call));
    EXPECT_EQ(session.frames().size(), 1U);
    EXPECT_EQ(session.operand_stack().at(0).as<std::int32_t>(), 49 * 50 / 2);
}

TEST(Stepping, OfARangeStopsAtABreakpointDeeperInTheRecursion) {
    Session session("calls", {.invoke = "sum_to", .args = {"5"}});
    const CodeOffset call = session.code().at("sum_to", "call");
    session.run_to(call);
    session.plant(session.code().first("sum_to"));
    const Stopped stopped = session.step_over_range(range_of(session, call));
    EXPECT_NE(reason_as<BreakpointHit>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_EQ(session.frames().size(), 2U);
}

TEST(Stepping, OutOfARecursionTenThousandDeepReturnsFrameByFrame) {
    Session session("calls", {.invoke = "sum_to", .args = {"10000"}});
    session.run_to(session.code().at("sum_to", "i32.const", 0));
    const auto stack = session.frames();
    ASSERT_EQ(stack.size(), 10001U);
    for (std::size_t i = 0; i < stack.size(); ++i) {
        ASSERT_EQ(session->local(Session::main_thread, static_cast<std::uint32_t>(i), 0)
                      ->as<std::uint32_t>(),
                  i);
        ASSERT_EQ(stack[i].pc_is_return_address, i > 0);
    }
    const auto part = session->frames(Session::main_thread, 5000, 3);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->total, 10001U);
    EXPECT_EQ(part->frames.size(), 3U);
    session.run_to(stack[1].pc.offset);
    EXPECT_EQ(session.frames().size(), 10000U);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("50005000:i32"));
}

TEST(Stepping, OfATailCallReplacesTheFrame) {
    Session session("calls", {.invoke = "tail_sum", .args = {"1000"}});
    const CodeOffset call = session.code().at("tail_sum", "return_call");
    session.run_to(call);
    const std::size_t depth = session.frames().size();
    expect_step(session.step());
    EXPECT_EQ(session.pc(), session.code().first("tail_sum"));
    EXPECT_EQ(session.frames().size(), depth);
    EXPECT_EQ(session.local<std::int32_t>(0), 999);
    EXPECT_EQ(session.local<std::int32_t>(1), 1000);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("500500:i32"));
}

TEST(Stepping, OfAHostCallEndsBehindIt) {
    Session session("calls", {.invoke = "run"});
    const CodeOffset call = session.code().at("run", "call", 1);
    session.run_to(call);
    EXPECT_TRUE(notes().empty());
    expect_step(session.step());
    EXPECT_EQ(session.pc(), session.code().behind(call));
    EXPECT_THAT(notes(), ElementsAre(63));
}

TEST(Stepping, GoesIntoWhatTheHostCallsBackAndOutAgain) {
    Session session("calls", {.invoke = "back"});
    const CodeOffset call = session.code().at("back", "call");
    session.run_to(call);
    expect_step(session.step());
    EXPECT_EQ(session.pc(), session.code().first("nested"));
    EXPECT_THAT(session.backtrace(), ElementsAre("nested", "back"));
    const auto outer = session.frames().at(1);
    EXPECT_EQ(outer.host_call, "test.call_back");
    const CodeOffset inner_call = session.code().at("nested", "call");
    session.run_to(inner_call);
    expect_step(session.step());
    EXPECT_THAT(session.backtrace(), ElementsAre("double", "nested", "back"));
    for (std::size_t i = 0; i < session.code().instructions("double").size(); ++i) {
        expect_step(session.step());
    }
    EXPECT_EQ(session.pc(), session.code().behind(inner_call));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("21:i32"));
}

TEST(Stepping, OfARangeGoesOverAHostCallThatCallsBack) {
    Session session("calls", {.invoke = "back"});
    const CodeOffset call = session.code().at("back", "call");
    session.run_to(call);
    expect_step(session.step_over_range(range_of(session, call)));
    EXPECT_EQ(session.pc(), session.code().behind(call));
    EXPECT_EQ(session.operand_stack().at(0).as<std::int32_t>(), 21);
}

TEST(Stepping, OffTheEndOfTheGuestIsItsExit) {
    Session session("calls", {.invoke = "sum_to", .args = {"0"}});
    const auto& body = session.code().body("sum_to");
    std::ignore = session->resume({.threads = {{.thread = Session::main_thread,
                                                .kind = ResumeKind::StepRange,
                                                .range = {.instance = Session::main_instance,
                                                          .begin = body.first_instruction,
                                                          .end = body.end}}},
                                   .others = {}});
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("0:i32"));
}

} // namespace
} // namespace wdbg::test
