// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::test {
namespace {

using source::StepGranularity;
using source::StepKind;
using source::StopKind;
using testing::Contains;
using testing::HasSubstr;

TEST(Stepping, OverGoesFromLineToLine) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    const std::uint32_t first = guest.current_line();
    EXPECT_EQ(guest.step(StepKind::Over).threads.at(0).kind, StopKind::Step);
    EXPECT_EQ(guest.current_line(), first + 1);
    guest.step(StepKind::Over);
    EXPECT_EQ(guest.current_line(), first + 2);
    EXPECT_EQ(guest.function(), "main");
}

TEST(Stepping, IntoStopsBehindThePrologueAndOutReturns) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    guest.step(StepKind::Into);
    EXPECT_EQ(guest.function(), "scalars");
    EXPECT_EQ(guest.value("seed"), "42");
    guest.step(StepKind::Out);
    EXPECT_EQ(guest.function(), "main");
    EXPECT_EQ(guest.current_line(), guest.line("main"));
    guest.step(StepKind::Over);
    EXPECT_EQ(guest.current_line(), guest.line("main") + 1);
}

TEST(Stepping, OverIsSafeInRecursion) {
    REQUIRE_FIXTURE("recursion-O0.wasm");
    GuestSession guest("recursion-O0.wasm", "c/recursion.c");
    guest->set_function_breakpoints(std::vector<source::FunctionBreakpointSpec>{{"descend"}});
    guest.resume();
    guest.resume();
    guest.resume();
    guest->set_function_breakpoints({});
    const auto depth = guest.stack().size();
    for (int i = 0; i < 6 && guest.stack().size() == depth; ++i) {
        guest.step(StepKind::Over);
        EXPECT_LE(guest.stack().size(), depth);
    }
    EXPECT_EQ(guest.stack().size(), depth - 1);
}

TEST(Stepping, OverACallThatHitsABreakpointStopsThere) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    guest.break_at("scalars");
    const auto stop = guest.step(StepKind::Over);
    EXPECT_EQ(stop.threads.at(0).kind, StopKind::Breakpoint);
    EXPECT_EQ(guest.function(), "scalars");
}

TEST(Stepping, OverACallWhoseBreakpointsConditionIsFalseGoesOn) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    guest.break_at("scalars", {.condition = "seed == 7"});
    const auto stop = guest.step(StepKind::Over);
    EXPECT_EQ(stop.threads.at(0).kind, StopKind::Step);
    EXPECT_EQ(guest.current_line(), guest.line("main") + 1);
}

TEST(Stepping, OntoABreakpointAndOnDoesNotStopTwice) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    const source::SourceBreakpointSpec next{.line = guest.line("main") + 1};
    const auto info = guest->set_source_breakpoints(guest.source_path(), std::vector{next}).at(0);
    const auto stop = guest.step(StepKind::Over);
    EXPECT_THAT(stop.threads.at(0).breakpoints, Contains(info.id));
    guest.run_to_end();
}

TEST(Stepping, ByInstructionMovesOneInstruction) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("main");
    const CodeAddress before = guest.stack().at(0).pc;
    guest.step(StepKind::Over, StepGranularity::Instruction);
    const CodeAddress after = guest.stack().at(0).pc;
    EXPECT_GT(after.offset, before.offset);
    EXPECT_LT(after.offset.value, before.offset.value + 12);
}

TEST(Stepping, IntoLibraryCodeWithoutLinesComesOutAgain) {
    REQUIRE_FIXTURE("types-O0.wasm");
    GuestSession guest("types-O0.wasm", "c/types.c");
    guest.run_to("end");
    for (int i = 0; i < 3; ++i) {
        guest.step(StepKind::Into);
    }
    EXPECT_NE(guest.current_line(), 0U);
}

TEST(Stepping, WholeProgramByLine) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    guest.run_to("main");
    std::vector<std::uint32_t> lines;
    while (guest.function() == "main" && lines.size() < 200) {
        const std::uint32_t before = guest.current_line();
        guest.step(StepKind::Over);
        lines.push_back(guest.current_line());
        EXPECT_NE(guest.current_line(), 0U);
        EXPECT_NE(guest.current_line(), before);
        if (guest.current_line() == guest.line("end")) {
            break;
        }
    }
    EXPECT_THAT(lines, Contains(guest.line("virtual")));
    EXPECT_THAT(lines, Contains(guest.line("end")));
}

TEST(Stepping, OutOfAndOverInlinedFunctions) {
    REQUIRE_FIXTURE("inlined-O2.wasm");
    GuestSession guest("inlined-O2.wasm", "c/inlined.c");
    guest.run_to("twice");
    const auto frames = guest.stack();
    ASSERT_GT(frames.size(), 1U);
    EXPECT_TRUE(frames.at(0).inlined);
    EXPECT_EQ(frames.at(0).frame, frames.at(1).frame);
    guest.break_at_all({});
    EXPECT_EQ(guest.step(StepKind::Out).threads.at(0).kind, StopKind::Step);
    EXPECT_NE(guest.stack().at(0).pc, frames.at(0).pc);
}

TEST(Stepping, IntoAChosenCall) {
    REQUIRE_FIXTURE("shapes-O0.wasm");
    GuestSession guest("shapes-O0.wasm", "cpp/shapes.cpp");
    guest.run_to("virtual");
    const auto targets = guest->step_targets(guest.stack().at(0).id);
    ASSERT_TRUE(targets);
    ASSERT_FALSE(targets->empty());
    const auto indirect = targets->back();
    ASSERT_TRUE(guest->step(GuestSession::main_thread, StepKind::Into, StepGranularity::Line,
                            indirect.id));
    guest.wait_for_stop();
    EXPECT_EQ(guest.function(), "geometry::Rectangle::area");
}

} // namespace
} // namespace wdbg::test
