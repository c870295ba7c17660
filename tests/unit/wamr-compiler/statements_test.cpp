// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What -Og makes of the statements of the guest's source.
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/coverage.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <set>
#include <vector>
#include <x86_slot.h>

namespace wdbg::test {
namespace {

class Statements : public testing::TestWithParam<const char*> {};

constexpr std::size_t near_jump = 5;

/// One compiled fixture.
struct Compiled {
    std::vector<std::byte> aot_bytes;
    std::vector<std::byte> debug_bytes;
    std::vector<std::byte> wasm;
    dwarf::ModuleSource source;
    std::optional<dwarf::AotFile> aot;
    std::unique_ptr<dwarf::AotDebugInfo> info;
    std::optional<dwarf::GuestDwarf> guest;
    std::unique_ptr<InstructionDecoder> decoder;

    Compiled(const std::string& name, const std::string& options) {
        const Folder folder;
        const Ended ended = compile(options + " " + fixture(name) + " -o " + (folder / "one.aot"));
        EXPECT_EQ(ended.status, 0) << ended.output;
        aot_bytes = read_bytes(folder / "one.aot");
        debug_bytes = read_bytes(folder / "one.aot.debug");
        wasm = read_bytes(fixture(name));
        source = {.bytes = wasm, .path = "guest.wasm"};
        aot = dwarf::AotFile::parse(aot_bytes).value();
        info = dwarf::make_aot_debug_info({.debug_file = debug_bytes, .module = source}).value();
        guest = dwarf::read_guest_dwarf(source).value();
        decoder = dwarf::make_x86_decoder().value();
    }

    template <class Visit>
    void each_site(const Visit& visit) const {
        for (const dwarf::StatementRow& row : guest->rows) {
            for (const auto& site :
                 info->breakpoint({row.begin}, {.reach = dwarf::BreakpointReach::AnyWay}).sites) {
                visit(site.at.value);
            }
        }
    }

    [[nodiscard]] std::size_t length_at(std::uint32_t at) const {
        const auto decoded = decoder->decode(aot->text().subspan(at), {at});
        EXPECT_TRUE(decoded) << "at text offset " << at;
        return decoded ? decoded->length : 0;
    }

    /// Every place that a jump of the code leads to, by its tables and by its instructions.
    [[nodiscard]] std::set<std::uint64_t> jump_targets() const {
        const auto& told = *aot->jump_targets();
        std::set<std::uint64_t> targets(told.begin(), told.end());
        for (const dwarf::NativeFunction& function : info->file().functions()) {
            const std::uint32_t end = function.offset + function.size;
            for (std::uint32_t at = function.offset; at < end;) {
                const auto decoded = decoder->decode(aot->text().subspan(at), {at});
                targets.insert(decoded->target.value);
                at += decoded->length;
            }
        }
        return targets;
    }
};

/// A breakpoint's condition runs at full speed where one instruction has room for a near jump.
TEST_P(Statements, BeginWithRoomForAJump) {
    ASSERT_NE(fixture(GetParam()), "") << GetParam() << " is not built";
    const Compiled compiled(GetParam(), "-Og --target=x86_64");
    std::size_t sites = 0;
    std::size_t with_room = 0;
    compiled.each_site([&](std::uint32_t at) {
        ++sites;
        with_room += compiled.length_at(at) >= near_jump ? 1 : 0;
    });
    EXPECT_GT(sites, 100U);
    EXPECT_GE(with_room * 100, sites * 95) << with_room << " of " << sites;
    RecordProperty("sites", static_cast<int>(sites));
    RecordProperty("with_room", static_cast<int>(with_room));
}

/// In optimised code several are taken together, where nobody comes between them.
TEST_P(Statements, OfOptimisedCodeHaveRoomForAJumpTogether) {
    ASSERT_NE(fixture(GetParam()), "") << GetParam() << " is not built";
    const Compiled compiled(GetParam(), "-O3 --target=x86_64 --cpu=x86-64-v3");
    const std::set<std::uint64_t> targets = compiled.jump_targets();
    std::size_t sites = 0;
    std::size_t alone = 0;
    std::size_t together = 0;
    compiled.each_site([&](std::uint32_t at) {
        ++sites;
        alone += compiled.length_at(at) >= near_jump ? 1 : 0;
        const auto next = targets.upper_bound(at);
        const bool is_entered = next != targets.end() && *next < at + near_jump;
        const auto window = native::build_window(compiled.aot->text().subspan(at), near_jump,
                                                 *compiled.decoder, at, at + 0x100000);
        together += !is_entered && window ? 1 : 0;
    });
    EXPECT_GT(sites, 100U);
    EXPECT_GE(together, alone);
    EXPECT_GE(together * 100, sites * 80) << together << " of " << sites << ", alone " << alone;
    RecordProperty("sites", static_cast<int>(sites));
    RecordProperty("alone", static_cast<int>(alone));
    RecordProperty("together", static_cast<int>(together));
}

Result<dwarf::Coverage> coverage_of(const std::string& guest, const std::string& options) {
    const Compiled compiled(guest, options);
    return dwarf::measure_coverage(*compiled.guest, *compiled.info);
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
