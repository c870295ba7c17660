// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <wdbg/agent/assembler.h>

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using agent::Opcode;
using agent::RegisterKind;

/// `local <sign> number`, of locals of i32.
std::vector<std::uint8_t> compare(std::uint16_t local, Opcode sign, std::int64_t number) {
    agent::Assembler program;
    program.read({.kind = RegisterKind::Local, .index = local});
    program.add(Opcode::SignExtend, 32);
    program.constant(number);
    program.add(sign);
    program.add(Opcode::End);
    return program.bytes();
}

std::vector<std::uint8_t> every(std::uint16_t variable, std::int64_t number) {
    agent::Assembler program;
    program.variable(Opcode::Count, variable);
    program.constant(number);
    program.add(Opcode::RemainderUnsigned);
    program.add(Opcode::LogicalNot);
    program.add(Opcode::End);
    return program.bytes();
}

class Conditions : public testing::Test {
  protected:
    /// sum_to(n) calls itself for n - 1 … 0.
    Session session{"calls", {.invoke = "sum_to", .args = {"100"}}};
    CodeAddress place{Session::main_instance, session.code().first("sum_to")};
    ConditionSupport& support = *session->conditions();
};

TEST_F(Conditions, LetOnlyThoseHitsStopForWhichTheyHold) {
    session.plant(place);
    ASSERT_TRUE(support.set_conditions(place, {compare(0, Opcode::Equal, 40)}));
    const Stopped first = session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 40);
    ASSERT_TRUE(support.set_conditions(
        place, {compare(0, Opcode::Equal, 30), compare(0, Opcode::Equal, 35)}));
    const Stopped second = session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 35);
    EXPECT_EQ(second.generation, first.generation + 1) << "nothing has stopped in between";
    session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 30);
    ASSERT_TRUE(support.set_conditions(place, {}));
    session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 29);
    session.unplant(place.offset);
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, testing::ElementsAre("5050:i32"));
}

TEST_F(Conditions, Count) {
    session.plant(place);
    ASSERT_TRUE(support.set_condition_variable(7, 8));
    ASSERT_TRUE(support.set_conditions(place, {every(7, 10)}));
    session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 99);
    EXPECT_EQ(support.condition_variable(7).value(), 10);
    session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 89);
    EXPECT_EQ(support.condition_variable(256).error().code, ErrorCode::OutOfRange);
    EXPECT_EQ(support.set_condition_variable(256, 1).error().code, ErrorCode::OutOfRange);
}

TEST_F(Conditions, ThatFailStop) {
    session.plant(place);
    ASSERT_TRUE(support.set_conditions(place, {compare(99, Opcode::Equal, 40)}));
    session.resume_and_wait();
    EXPECT_EQ(session.local<std::int32_t>(0), 100);
}

TEST_F(Conditions, AreRefusedUnlessSoundAndPlanted) {
    EXPECT_EQ(support.set_conditions(place, {every(1, 2)}).error().code, ErrorCode::NotFound);
    session.plant(place);
    EXPECT_EQ(support.set_conditions(place, {{0x02, 0x27}}).error().code, ErrorCode::Malformed);
}

} // namespace
} // namespace wdbg::test
