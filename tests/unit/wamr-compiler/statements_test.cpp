// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What -Og makes of the statements of the guest's source.
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/coverage.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <gtest/gtest.h>

namespace wdbg::test {
namespace {

class Statements : public testing::TestWithParam<const char*> {};

/// A breakpoint's condition runs at full speed where one instruction has room for a near jump.
TEST_P(Statements, BeginWithRoomForAJump) {
    ASSERT_NE(fixture(GetParam()), "") << GetParam() << " is not built";
    const Folder folder;
    const Ended ended = compile(std::string("-Og --target=x86_64 ") + fixture(GetParam()) + " -o " +
                                (folder / "one.aot"));
    ASSERT_EQ(ended.status, 0) << ended.output;
    const auto aot_bytes = read_bytes(folder / "one.aot");
    const auto debug_bytes = read_bytes(folder / "one.aot.debug");
    const auto wasm = read_bytes(fixture(GetParam()));
    const dwarf::ModuleSource source{.bytes = wasm, .path = "guest.wasm"};
    const auto aot = dwarf::AotFile::parse(aot_bytes);
    const auto info = dwarf::make_aot_debug_info({.debug_file = debug_bytes, .module = source});
    const auto guest = dwarf::read_guest_dwarf(source);
    const auto decoder = dwarf::make_x86_decoder();
    ASSERT_TRUE(aot && info && guest && decoder);
    std::size_t sites = 0;
    std::size_t with_room = 0;
    for (const dwarf::StatementRow& row : guest->rows) {
        for (const auto& site :
             (*info)->breakpoint({row.begin}, dwarf::BreakpointReach::AnyWay).sites) {
            const auto decoded = (*decoder)->decode(aot->text().subspan(site.at.value), {});
            ASSERT_TRUE(decoded) << "at text offset " << site.at.value;
            ++sites;
            constexpr std::size_t near_jump = 5;
            with_room += decoded->length >= near_jump ? 1 : 0;
        }
    }
    EXPECT_GT(sites, 100U);
    EXPECT_GE(with_room * 100, sites * 95) << with_room << " of " << sites;
    RecordProperty("sites", static_cast<int>(sites));
    RecordProperty("with_room", static_cast<int>(with_room));
}

/// What remains visible of a fixture.
Result<dwarf::Coverage> coverage_of(const std::string& guest, const std::string& options) {
    const Folder folder;
    const Ended ended = compile(options + " " + fixture(guest) + " -o " + (folder / "one.aot"));
    if (ended.status != 0) {
        return fail(ErrorCode::InvalidArgument, ended.output);
    }
    const auto debug_bytes = read_bytes(folder / "one.aot.debug");
    const auto wasm = read_bytes(fixture(guest));
    const dwarf::ModuleSource source{.bytes = wasm, .path = "guest.wasm"};
    const auto statements = dwarf::read_guest_dwarf(source);
    if (!statements) {
        return std::unexpected(statements.error());
    }
    const auto info = dwarf::make_aot_debug_info({.debug_file = debug_bytes, .module = source});
    return info ? dwarf::measure_coverage(*statements, **info) : std::unexpected(info.error());
}

/// Also those that are on wasm's operand stack. Each can be stopped at, but those that no execution
/// comes to.
TEST_P(Statements, AreBreakableAndHaveAllTheirVariables) {
    ASSERT_NE(fixture(GetParam()), "") << GetParam() << " is not built";
    const auto coverage = coverage_of(GetParam(), "-Og");
    ASSERT_TRUE(coverage) << coverage.error().message;
    EXPECT_GE(coverage->lines_by_range * 100, coverage->lines * 99) << coverage->json();
    EXPECT_GE(coverage->lines_breakable, coverage->lines_by_range);
    EXPECT_GT(coverage->variables, 50U);
    EXPECT_GE(coverage->variables_readable * 1000, coverage->variables * 998) << coverage->json();
}

/// Statements with an address of their own each, and a slot for each value that has a name.
TEST_P(Statements, HaveAllTheirVariablesAtO0) {
    ASSERT_NE(fixture(GetParam()), "") << GetParam() << " is not built";
    const auto coverage = coverage_of(GetParam(), "-O0");
    ASSERT_TRUE(coverage) << coverage.error().message;
    EXPECT_GT(coverage->variables_on_stack, 50U);
    EXPECT_EQ(coverage->variables_readable, coverage->variables);
}

INSTANTIATE_TEST_SUITE_P(Guests, Statements, testing::Values("control-O0", "control-O2", "lua-O2"));

} // namespace
} // namespace wdbg::test
