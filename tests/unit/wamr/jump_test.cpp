// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<void> jump(Session& session, CodeOffset to) {
    return session->jump_support()->jump(Session::main_thread, {Session::main_instance, to});
}

/// `run` of jump.wat, at the end of which its sum is given. Undisturbed that is 131.
struct Jump : testing::Test {
    Session session{"jump", {.invoke = "run"}};
    const GuestCode& code = session.code();
    CodeOffset before_blocks = code.at("add", "nop");
    CodeOffset behind_blocks = code.at("add", "i64.const");
    /// In the arm that adds 100.
    CodeOffset in_arm = code.behind(code.at("add", "if"));

    [[nodiscard]] std::string result() {
        session.resume();
        return session.wait_for_exit().results.at(0);
    }
};

TEST_F(Jump, SkipsCode) {
    session.run_to(before_blocks);
    ASSERT_TRUE(jump(session, behind_blocks));
    EXPECT_EQ(session.pc(), behind_blocks);
    EXPECT_EQ(session.local<std::int32_t>(0), 1);
    EXPECT_EQ(result(), "1:i32");
}

TEST_F(Jump, ExecutesCodeAgain) {
    session.run_to(behind_blocks);
    EXPECT_EQ(session.local<std::int32_t>(0), 131);
    ASSERT_TRUE(jump(session, code.first("add")));
    EXPECT_EQ(result(), "1:i32"); // its counter stays
}

TEST_F(Jump, OpensTheBlocksAroundItsTarget) {
    session.run_to(before_blocks);
    ASSERT_TRUE(jump(session, in_arm));
    EXPECT_EQ(result(), "221:i32"); // 1, 100 by the jump, then all rounds but the first
}

TEST_F(Jump, ClosesTheBlocksItLeaves) {
    session.run_to(in_arm);
    ASSERT_TRUE(jump(session, behind_blocks));
    EXPECT_EQ(result(), "21:i32");
}

TEST_F(Jump, GoesWithinABlockThatTakesAndGivesOperands) {
    session.run_to(code.at("add", "i64.const", 1));
    ASSERT_TRUE(jump(session, code.at("add", "i32.wrap_i64")));
    EXPECT_THAT(session.operand_stack(), ElementsAre(Value::of(ValueType::I64, std::int64_t{7})));
    EXPECT_EQ(result(), "131:i32");
}

TEST_F(Jump, FromWhereAStepHasEnded) {
    session.run_to(before_blocks);
    session.step();
    ASSERT_TRUE(jump(session, in_arm));
    session.step();
    EXPECT_EQ(session.pc(), code.behind(in_arm));
    EXPECT_EQ(result(), "221:i32");
}

TEST_F(Jump, HitsABreakpointAtItsTarget) {
    session.run_to(before_blocks);
    session.plant(before_blocks);
    session.plant(behind_blocks);
    ASSERT_TRUE(jump(session, behind_blocks));
    const Stopped stopped = session.resume_and_wait();
    ASSERT_NE(reason_as<BreakpointHit>(stopped), nullptr);
    EXPECT_EQ(session.pc(), behind_blocks);
    EXPECT_EQ(result(), "1:i32");
}

TEST_F(Jump, IsRefusedWhereItWouldNotBeSound) {
    session.run_to(before_blocks);
    const auto operands = jump(session, code.at("add", "i64.add"));
    ASSERT_FALSE(operands);
    EXPECT_EQ(operands.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(operands.error().message, HasSubstr("operand stack"));
    EXPECT_EQ(jump(session, code.first("other")).error().code, ErrorCode::Unsupported);
    EXPECT_EQ(jump(session, CodeOffset{in_arm.value + 1}).error().code, ErrorCode::NotFound);
    EXPECT_EQ(session.pc(), before_blocks);
    EXPECT_EQ(result(), "131:i32");
}

TEST(JumpElsewhere, IsRefusedAtATrap) {
    Session session("traps", {.invoke = "unreachable"});
    const Stopped stopped = session.resume_and_wait();
    ASSERT_NE(reason_as<Trapped>(stopped), nullptr);
    EXPECT_EQ(jump(session, session.pc()).error().code, ErrorCode::Unsupported);
}

} // namespace
} // namespace wdbg::test
