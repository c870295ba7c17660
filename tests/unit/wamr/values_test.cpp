// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <gmock/gmock.h>

#include <array>
#include <cstring>

namespace wdbg::test {
namespace {

using testing::ElementsAre;

class Values : public testing::Test {
  protected:
    Values() { session.run_to(session.code().at("types", "nop")); }

    Result<Value> local(std::uint32_t index, std::uint32_t frame = 0) {
        return session->local(Session::main_thread, frame, index);
    }

    Result<Value> global(std::uint32_t index) {
        return session->global(Session::main_thread, 0, index);
    }

    Session session{"values", {.invoke = "run"}};
    std::uint32_t two = session.code().body("two").index;
};

TEST_F(Values, OfParametersHaveTheirTypes) {
    EXPECT_EQ(local(0), Value::of(ValueType::I32, 11));
    EXPECT_EQ(local(1), Value::of(ValueType::I64, std::int64_t{0x100000002}));
    EXPECT_EQ(local(2), Value::of(ValueType::F32, 3.5F));
    EXPECT_EQ(local(3), Value::of(ValueType::F64, 4.25));
    EXPECT_EQ(local(4), Value::of(ValueType::FuncRef, two));
    EXPECT_EQ(local(5), Value::of(ValueType::ExternRef, UINT32_MAX));
    EXPECT_EQ(session.frames().at(0).local_count, 12U);
}

TEST_F(Values, OfLocalsAreZeroOrNullAtFirst) {
    EXPECT_EQ(local(6), Value::of(ValueType::I32, 0));
    EXPECT_EQ(local(7), Value::of(ValueType::I64, std::int64_t{0}));
    EXPECT_EQ(local(8), Value::of(ValueType::F32, 0.0F));
    EXPECT_EQ(local(9), Value::of(ValueType::F64, 0.0));
    EXPECT_EQ(local(10), Value::of(ValueType::FuncRef, UINT32_MAX));
    EXPECT_EQ(local(11), Value::of(ValueType::ExternRef, UINT32_MAX));
}

TEST_F(Values, ThatDoNotExistAreErrors) {
    EXPECT_EQ(local(12).error().code, ErrorCode::OutOfRange);
    EXPECT_EQ(local(0, 2).error().code, ErrorCode::NotFound);
    EXPECT_EQ(session->local(ThreadId{9}, 0, 0).error().code, ErrorCode::NotFound);
    EXPECT_EQ(global(6).error().code, ErrorCode::OutOfRange);
    EXPECT_EQ(session->stack_value(Session::main_thread, 0, 6).error().code, ErrorCode::OutOfRange);
}

TEST_F(Values, OnTheOperandStackHaveTheirTypes) {
    EXPECT_THAT(session.operand_stack(),
                ElementsAre(Value::of(ValueType::I32, -1),
                            Value::of(ValueType::I64, std::int64_t{-2}),
                            Value::of(ValueType::F32, 0.5F), Value::of(ValueType::F64, 0.25),
                            Value::of(ValueType::FuncRef, two),
                            Value::of(ValueType::ExternRef, UINT32_MAX)));
    EXPECT_THAT(session.operand_stack(1), ElementsAre()); // the call has taken its arguments
}

TEST_F(Values, OfGlobals) {
    EXPECT_EQ(global(0), Value::of(ValueType::I32, -5));
    EXPECT_EQ(global(1), Value::of(ValueType::I64, std::int64_t{0x123456789abcdef0}));
    EXPECT_EQ(global(2), Value::of(ValueType::F32, 1.5F));
    EXPECT_EQ(global(3), Value::of(ValueType::F64, -2.25));
    EXPECT_EQ(global(4), Value::of(ValueType::I32, 77));
    EXPECT_EQ(global(5), Value::of(ValueType::FuncRef, two));
    EXPECT_EQ(session->instance_global(Session::main_instance, 0), Value::of(ValueType::I32, -5));
    EXPECT_EQ(
        session->set_global(Session::main_thread, 0, 4, Value::of(ValueType::I32, 1)).error().code,
        ErrorCode::Unsupported);
}

TEST_F(Values, OfTables) {
    EXPECT_EQ(session->table_element(Session::main_instance, 0, 1),
              Value::of(ValueType::FuncRef, two));
    EXPECT_EQ(session->table_element(Session::main_instance, 0, 0).error().code,
              ErrorCode::Unavailable);
    EXPECT_EQ(session->table_element(Session::main_instance, 0, 4).error().code,
              ErrorCode::OutOfRange);
    EXPECT_EQ(session->table_element(Session::main_instance, 1, 2).error().code,
              ErrorCode::Unavailable);
    EXPECT_EQ(session->table_element(Session::main_instance, 2, 0).error().code,
              ErrorCode::OutOfRange);
}

TEST_F(Values, OfMemoryAreReadUpToItsEnd) {
    std::array<std::byte, 15> text{};
    EXPECT_EQ(session->read_memory({Session::main_instance, 0, 16}, text), text.size());
    EXPECT_EQ(std::memcmp(text.data(), "memory contents", text.size()), 0);
    EXPECT_EQ(session->read_memory({Session::main_instance, 0, 65536 - 4}, text), 4U);
    EXPECT_EQ(session->read_memory({Session::main_instance, 0, 65536}, text).error().code,
              ErrorCode::OutOfRange);
    EXPECT_EQ(session->read_memory({Session::main_instance, 1, 0}, text).error().code,
              ErrorCode::NotFound);
    EXPECT_EQ(session->write_memory({Session::main_instance, 0, 65536 - 4}, text).error().code,
              ErrorCode::OutOfRange);
    const auto memories = session->memories(Session::main_instance);
    ASSERT_TRUE(memories);
    ASSERT_EQ(memories->size(), 1U);
    EXPECT_EQ(memories->at(0).size, 65536U);
}

TEST_F(Values, ThatAreWrittenAreWhatTheGuestGoesOnWith) {
    const auto thread = Session::main_thread;
    EXPECT_TRUE(session->set_local(thread, 0, 0, Value::of(ValueType::I32, 1000)));
    EXPECT_TRUE(session->set_local(thread, 0, 6, Value::of(ValueType::I32, 200)));
    EXPECT_TRUE(session->set_global(thread, 0, 0, Value::of(ValueType::I32, 30)));
    const std::uint32_t four = 4;
    EXPECT_TRUE(session->write_memory({Session::main_instance, 0, 100},
                                      std::as_bytes(std::span(&four, 1))));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("1234:i32"));
}

TEST_F(Values, OfEveryTypeCanBeWritten) {
    const std::array values{
        Value::of(ValueType::I32, 1),       Value::of(ValueType::I64, std::int64_t{2}),
        Value::of(ValueType::F32, 3.0F),    Value::of(ValueType::F64, 4.0),
        Value::of(ValueType::FuncRef, two), Value::of(ValueType::ExternRef, UINT32_MAX)};
    for (std::uint32_t i = 0; i < values.size(); ++i) {
        EXPECT_TRUE(session->set_local(Session::main_thread, 0, 6 + i, values.at(i)));
    }
    for (std::uint32_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(local(6 + i), values.at(i));
    }
    EXPECT_EQ(session->set_local(Session::main_thread, 0, 0, values[1]).error().code,
              ErrorCode::InvalidArgument);
}

TEST_F(Values, AreNotReadableWhileTheGuestRuns) {
    // Nothing of the guest may run before the requests are refused: it blocks at the gate of a
    // stop that the test has not seen yet.
    session.resume();
    const auto refused = local(0);
    if (!refused) { // else the guest was faster to its end
        EXPECT_THAT(refused.error().code,
                    testing::AnyOf(ErrorCode::NotStopped, ErrorCode::NotFound));
    }
    EXPECT_FALSE(session.wait_for_exit().results.empty());
}

} // namespace
} // namespace wdbg::test
