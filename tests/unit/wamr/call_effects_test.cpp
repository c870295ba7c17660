// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What calls leave as it was in the guest, and what they change; interpreted and compiled.
#include "session.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CallEffects, DoNotReachTheFrameOfALeafThatStoresNoStackPointer) {
    Session session("c_stack", {.invoke = "run"});
    session.run_to(session.code().at("large_leaf", "i32.load"));
    EXPECT_THAT(session.call("overwrite", {i32(-1)}).value(), ElementsAre(i32(8192)));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("4103:i32"));
}

TEST(CallEffects, AreRefusedWhereAFrameHasNoFixedSize) {
    Session session("c_stack", {.invoke = "run"});
    session.run_to(session.code().at("variable_leaf", "i32.load"));
    const auto refused = session.call("overwrite", {i32(-1)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(refused.error().message, HasSubstr("variable_leaf"));
    EXPECT_THAT(refused.error().message, HasSubstr("no fixed size"));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("4103:i32"));
}

TEST(CallEffects, AreRefusedWhereTheStackHasNoRoom) {
    Session session("c_stack", {.invoke = "exhausted"});
    session.run_to(session.code().at("exhausted", "global.get"));
    const auto refused = session.call("large_leaf", {i32(1)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(refused.error().message, HasSubstr("no room"));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("64:i32"));
}

TEST(CallEffects, OnAGlobalThatIsNoStackPointerStay) {
    Session session("counter", {.invoke = "run"});
    session.run_to(session.code().first("bump"));
    EXPECT_THAT(session.call("bump", {i32(3)}).value(), ElementsAre(i32(3)));
    EXPECT_THAT(session.call("bump", {i32(4)}).value(), ElementsAre(i32(7)));
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("8:i32"));
}

/// Main calls middle, which calls base, which traps.
TEST(CallEffects, DoNotIncludeATrapInAnotherModule) {
    Session session("diamond", {.invoke = "run"});
    session.run_to(session.code().at("run", "call", 1));
    for (int i = 0; i < 2; ++i) {
        const auto failed = session.call("fails", {});
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, ErrorCode::Unavailable);
        EXPECT_THAT(failed.error().message, HasSubstr("unreachable"));
    }
    session.resume();
    EXPECT_THAT(session.wait_for_exit().results, ElementsAre("604:i32"));
}

} // namespace
} // namespace wdbg::test
