// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Calls, RunAFunctionOfTheGuestAndLeaveItWhereItStands) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().at("add", "i32.add"));
    const auto before = session.operand_stack();
    const auto pc = session.pc();
    EXPECT_THAT(session.call("double", {i32(21)}).value(), ElementsAre(i32(42)));
    EXPECT_THAT(session.call("sum_to", {i32(100)}).value(), ElementsAre(i32(5050)));
    EXPECT_EQ(session.operand_stack(), before);
    EXPECT_EQ(session.pc(), pc);
    EXPECT_EQ(session.backtrace().front(), "add");
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
}

TEST(Calls, RunAtTheEntryAndThroughTheHost) {
    Session session("calls", {.invoke = "run"});
    EXPECT_THAT(session.call("nested", {i32(4)}).value(), ElementsAre(i32(9)));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
}

TEST(Calls, DoNotStopAtBreakpoints) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().first("add"));
    session.plant(session.code().first("double"));
    EXPECT_THAT(session.call("double", {i32(3)}).value(), ElementsAre(i32(6)));
    EXPECT_FALSE(session.pending_event());
}

TEST(Calls, ThatTrapSayHowAndChangeNothing) {
    Session session("calls", {.invoke = "run"});
    session.run_to(session.code().first("add"));
    const auto result = session.call("fails", {i32(0)});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(result.error().message, HasSubstr("unreachable"));
    EXPECT_THAT(session.call("sum_to", {i32(1000000)}).error().message, HasSubstr("overflow"));
    EXPECT_EQ(session.backtrace().front(), "add");
    EXPECT_THAT(session.call("double", {i32(5)}).value(), ElementsAre(i32(10)));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("63:i32"));
}

TEST(Calls, ThatDoNotReturnAreEnded) {
    Session session("blocking", {.invoke = "clock"});
    session.run_to(session.code().at("clock", "nop"));
    for (const char* function : {"spin", "sleeper"}) {
        const auto result = session.call(function, {}, 50ms);
        ASSERT_FALSE(result) << function;
        EXPECT_THAT(result.error().message, HasSubstr("in time")) << function;
    }
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("1:i32"));
}

TEST(Calls, OfWhatDoesNotFitAreRefused) {
    Session session("calls", {.invoke = "run"});
    EXPECT_EQ(session.call("double", {}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(session.call("double", {Value::of(ValueType::I64, std::int64_t{1})}).error().code,
              ErrorCode::InvalidArgument);
    CallRequest nothing{.thread = Session::main_thread, .instance = Session::main_instance};
    nothing.function = 10'000;
    EXPECT_EQ(session->call_support()->call(nothing).error().code, ErrorCode::NotFound);
    nothing.thread = ThreadId{77};
    EXPECT_EQ(session->call_support()->call(nothing).error().code, ErrorCode::NotFound);
}

TEST(Calls, AreRefusedInAHostCall) {
    Session session("blocking", {.invoke = "block", .at_entry = false});
    session.start();
    wait_for_blocked();
    ASSERT_TRUE(session->attach());
    session.wait_for_stop();
    EXPECT_THAT(session.call("clock", {}).error().message, HasSubstr("host call"));
}

TEST(Calls, AreRefusedAtATrap) {
    Session session("traps", {.invoke = "unreachable"});
    ASSERT_NE(reason_as<Trapped>(session.resume_and_wait()), nullptr);
    EXPECT_FALSE(session.call("marked", {}));
}

} // namespace
} // namespace wdbg::test
