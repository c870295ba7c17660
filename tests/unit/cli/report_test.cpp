// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/report.h>

#include <gtest/gtest.h>

namespace wdbg::cli {
namespace {

TEST(TrapLine, NamesTheSourceLineWhereItIsKnown) {
    const TrapPlace place{"crash", "main.c", 7, "app.wasm", {0x1a4}};
    EXPECT_EQ(trap_line("unreachable", place), "trap: unreachable, at main.c:7 (crash)");
}

TEST(TrapLine, NamesTheWasmOffsetWithoutDebugInformation) {
    EXPECT_EQ(trap_line("unreachable", {"f", "", 0, "app.wasm", {0x1a4}}),
              "trap: unreachable, at app.wasm+0x1a4 (f)");
    EXPECT_EQ(trap_line("unreachable", {"", "", 0, "app.wasm", {}}),
              "trap: unreachable, at app.wasm");
    EXPECT_EQ(trap_line("unreachable", {}), "trap: unreachable");
}

TEST(Report, IsOneLineOnStderr) {
    testing::internal::CaptureStderr();
    report("first\nsecond");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "wdbg: first second\n");
}

} // namespace
} // namespace wdbg::cli
