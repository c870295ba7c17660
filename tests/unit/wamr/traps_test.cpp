// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

#include <ostream>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

struct TrapCase {
    std::string_view function;
    std::string_view mnemonic;
    TrapKind kind;
    std::string_view message;
};

std::ostream& operator<<(std::ostream& out, const TrapCase& tested) {
    return out << tested.function;
}

class Trap : public testing::TestWithParam<TrapCase> {};

TEST_P(Trap, StopsAtItsInstructionWithAllState) {
    const TrapCase& expected = GetParam();
    Session session("traps", {.invoke = std::string(expected.function)});
    const std::string function(expected.function == "unreachable" ? "marked" : expected.function);
    const Stopped stopped = session.resume_and_wait();
    const auto* trapped = reason_as<Trapped>(stopped);
    ASSERT_NE(trapped, nullptr) << describe(Event{stopped});
    EXPECT_EQ(trapped->kind, expected.kind);
    EXPECT_EQ(trapped->message, expected.message);
    EXPECT_EQ(session.pc(), session.code().at(function, expected.mnemonic));
    EXPECT_THAT(session.backtrace(), ElementsAre(function));
    EXPECT_EQ(session.local<std::int32_t>(0), 42);
    ASSERT_FALSE(session.operand_stack().empty());
    EXPECT_EQ(session.operand_stack().at(0), Value::of(ValueType::I32, 5));
    session.resume();
    const auto outcome = session.wait_for_exit();
    EXPECT_EQ(outcome.exit_code, 134);
    EXPECT_EQ(outcome.trap, expected.message);
    ASSERT_TRUE(outcome.trap_pc);
    EXPECT_EQ(outcome.trap_pc->offset, session.code().at(function, expected.mnemonic));
    EXPECT_TRUE(std::holds_alternative<Exited>(session.next_event()));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Trap,
    testing::Values(
        TrapCase{"unreachable", "unreachable", TrapKind::Unreachable, "unreachable"},
        TrapCase{"load", "i32.load", TrapKind::OutOfBoundsMemory, "out of bounds memory access"},
        TrapCase{"store", "i64.store", TrapKind::OutOfBoundsMemory, "out of bounds memory access"},
        TrapCase{"fill", "memory.fill", TrapKind::OutOfBoundsMemory, "out of bounds memory access"},
        TrapCase{"divide", "i32.div_s", TrapKind::IntegerDivideByZero, "integer divide by zero"},
        TrapCase{"overflow", "i32.div_s", TrapKind::IntegerOverflow, "integer overflow"},
        TrapCase{"convert", "i32.trunc_f32_s", TrapKind::InvalidConversion,
                 "invalid conversion to integer"},
        TrapCase{"mismatch", "call_indirect", TrapKind::IndirectCallTypeMismatch,
                 "indirect call type mismatch"},
        TrapCase{"uninitialized", "call_indirect", TrapKind::UninitializedElement,
                 "uninitialized element"},
        TrapCase{"undefined", "call_indirect", TrapKind::UndefinedElement, "undefined element"},
        TrapCase{"table", "table.get", TrapKind::OutOfBoundsTable, "out of bounds table access"},
        TrapCase{"atomic", "i32.atomic.load", TrapKind::UnalignedAtomic, "unaligned atomic"},
        TrapCase{"host", "call", TrapKind::Other, "the host gave up"}),
    [](const auto& tested) { return std::string(tested.param.function); });

TEST(TrapOf, TheStackOverflowingIsReportedWithAllItsFrames) {
    Session session("traps", {.invoke = "overflowing", .args = {"1"}, .stack_size = 1U << 18U});
    const Stopped stopped = session.resume_and_wait();
    const auto* trapped = reason_as<Trapped>(stopped);
    ASSERT_NE(trapped, nullptr) << describe(Event{stopped});
    EXPECT_EQ(trapped->kind, TrapKind::StackOverflow);
    const auto stack = session.frames();
    ASSERT_GT(stack.size(), 1000U);
    EXPECT_EQ(session.pc(), session.code().at("endless", "call"));
    EXPECT_EQ(session.local<std::uint32_t>(0, 0), stack.size());
    EXPECT_EQ(session.local<std::uint32_t>(0, static_cast<std::uint32_t>(stack.size() - 1)), 1U);
    session.resume();
    EXPECT_EQ(session.wait_for_exit().exit_code, 134);
}

TEST(TrapOf, ACallbackShowsTheFramesOfBothSidesOfTheHostAndIsReportedOnce) {
    Session session("calls", {.invoke = "back_fails"});
    const Stopped stopped = session.resume_and_wait();
    ASSERT_NE(reason_as<Trapped>(stopped), nullptr) << describe(Event{stopped});
    EXPECT_EQ(session.pc(), session.code().at("fails", "unreachable"));
    EXPECT_THAT(session.backtrace(), ElementsAre("fails", "back_fails"));
    session.resume();
    EXPECT_EQ(session.wait_for_exit().trap, "unreachable");
}

TEST(TrapOf, AHostFunctionStopsAtItsCall) {
    Session session("calls", {.invoke = "host_fails"});
    const Stopped stopped = session.resume_and_wait();
    const auto* trapped = reason_as<Trapped>(stopped);
    ASSERT_NE(trapped, nullptr);
    EXPECT_EQ(trapped->message, "the host gave up");
    EXPECT_EQ(session.pc(), session.code().at("host_fails", "call"));
}

TEST(TrapOf, AGuestThatNobodyDebugsEndsIt) {
    Session session("traps", {.invoke = "divide", .at_entry = false});
    session.start();
    const auto outcome = session.wait_for_exit();
    EXPECT_EQ(outcome.trap, "integer divide by zero");
    ASSERT_TRUE(outcome.trap_pc);
    EXPECT_EQ(outcome.trap_pc->offset, session.code().at("divide", "i32.div_s"));
}

TEST(TrapOf, AStoreDoesNotHitAWatchpoint) {
    Session session("traps", {.invoke = "fill"});
    ASSERT_TRUE(session->watchpoints()->add(
        {.address = {Session::main_instance, 0, 65532}, .size = 4, .kind = WatchKind::Access}));
    const Stopped stopped = session.resume_and_wait();
    EXPECT_NE(reason_as<Trapped>(stopped), nullptr) << describe(Event{stopped});
    session.resume();
    EXPECT_EQ(session.wait_for_exit().exit_code, 134);
}

TEST(TrapOf, AGuestThatIsKilledInsteadEndsIt) {
    Session session("traps", {.invoke = "divide"});
    session.resume_and_wait();
    session->kill();
    EXPECT_TRUE(std::holds_alternative<Killed>(session.next_event()));
    session.wait_for_exit();
}

} // namespace
} // namespace wdbg::test
