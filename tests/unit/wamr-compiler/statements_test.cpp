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

/// Also those that are on wasm's operand stack. Each can be stopped at, but those that no execution
/// comes to.
TEST_P(Statements, AreBreakableAndHaveAllTheirVariables) {
    ASSERT_NE(fixture(GetParam()), "") << GetParam() << " is not built";
    const Folder folder;
    const Ended ended =
        compile(std::string("-Og ") + fixture(GetParam()) + " -o " + (folder / "one.aot"));
    ASSERT_EQ(ended.status, 0) << ended.output;
    const auto debug_bytes = read_bytes(folder / "one.aot.debug");
    const auto wasm = read_bytes(fixture(GetParam()));
    const dwarf::ModuleSource source{.bytes = wasm, .path = "guest.wasm"};
    const auto guest = dwarf::read_guest_dwarf(source);
    const auto info = dwarf::make_aot_debug_info({.debug_file = debug_bytes, .module = source});
    ASSERT_TRUE(guest && info);
    const auto coverage = dwarf::measure_coverage(*guest, **info);
    ASSERT_TRUE(coverage);
    EXPECT_GE(coverage->lines_by_range * 100, coverage->lines * 99) << coverage->json();
    EXPECT_GE(coverage->lines_breakable, coverage->lines_by_range);
    EXPECT_GT(coverage->variables, 50U);
    EXPECT_GE(coverage->variables_readable * 1000, coverage->variables * 998) << coverage->json();
}

INSTANTIATE_TEST_SUITE_P(Guests, Statements, testing::Values("control-O0", "control-O2", "lua-O2"));

} // namespace
} // namespace wdbg::test
