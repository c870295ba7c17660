// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiled_fixture.h"
#include "native_flow.h"
#include "native_lines.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/x86_decoder.h>
#include <wdbg/wasm/module.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace wdbg::dwarf {
namespace {

struct Case {
    const char* guest;
    const char* options;
};

// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest's name
void PrintTo(const Case& each, std::ostream* out) {
    *out << each.guest << " " << each.options;
}

std::vector<NativeRow> all_rows(const NativeLines& lines) {
    const RowReader rows = lines.rows();
    std::vector<NativeRow> all;
    all.reserve(rows.size());
    for (std::size_t each = 0; each < rows.size(); ++each) {
        all.push_back(rows[each]);
    }
    return all;
}

class AotDebugInfoOf : public testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        if (!fixture.built()) {
            GTEST_SKIP() << "build the targets 'fixtures' and 'wdbg-compile'";
        }
        auto made = make_aot_debug_info(fixture.source());
        ASSERT_TRUE(made) << made.error().message;
        info = std::move(*made);
        lines = NativeLines::read(info->file());
    }

    const test::AotFixture& fixture = test::aot_fixture(GetParam().guest, GetParam().options);
    std::unique_ptr<AotDebugInfo> info;
    NativeLines lines;
};

INSTANTIATE_TEST_SUITE_P(Guests, AotDebugInfoOf,
                         testing::Values(Case{"types-O0", "-O0"}, Case{"types-O0", "-Og"},
                                         Case{"types-O0", "-O3"}, Case{"control-O2", "-O0"},
                                         Case{"control-O2", "-Og"}, Case{"control-O2", "-O3"}),
                         [](const auto& each) {
                             std::string name = std::string(each.param.guest) + each.param.options;
                             std::erase(name, '-');
                             return name;
                         });

TEST_P(AotDebugInfoOf, GivesThePositionOfEveryRow) {
    const auto rows = lines.rows();
    ASSERT_GT(rows.size(), 100U);
    const auto module = wasm::Module::parse(fixture.wasm.bytes);
    ASSERT_TRUE(module);
    for (std::size_t each = 0; each + 1 < rows.size(); ++each) {
        if (rows[each].end || rows[each].line == 0 || rows[each + 1].at == rows[each].at) {
            continue;
        }
        const auto positions = info->positions(rows[each].at, AddressKind::Instruction);
        ASSERT_FALSE(positions.empty());
        EXPECT_EQ(positions.front().offset.value, rows[each].line);
        EXPECT_TRUE(positions.front().exact);
        for (const WasmPosition& position : positions) {
            const wasm::FunctionBody* body = module->body(position.function);
            ASSERT_NE(body, nullptr);
            EXPECT_LE(body->begin, position.offset);
            EXPECT_LT(position.offset, body->end);
        }
        const TextOffset next{rows[each].at.value + 1};
        const auto behind = info->positions(next, AddressKind::Instruction);
        if (rows[each + 1].at != next && !behind.empty()) { // no padding
            EXPECT_FALSE(behind.front().exact);
            EXPECT_EQ(info->positions(next, AddressKind::ReturnAddress).front().offset,
                      positions.front().offset);
        }
    }
}

TEST_P(AotDebugInfoOf, FindsTheEntryOfEveryFunction) {
    for (const NativeFunction& function : info->file().functions()) {
        const auto entries = info->entries(function.function);
        ASSERT_EQ(entries.size(), 1U);
        const auto positions = info->positions(entries.front(), AddressKind::Instruction);
        ASSERT_EQ(positions.size(), 1U);
        EXPECT_EQ(positions.front().function, function.function);
    }
    EXPECT_TRUE(info->entries(100'000).empty());
}

TEST_P(AotDebugInfoOf, PutsBreakpointsWhereTheirInstructionBegins) {
    constexpr std::size_t stride = 16; // a sample: each asks for the flow of its function
    std::size_t sites = 0;
    for (std::size_t each = 0; each < lines.rows().size(); each += stride) {
        const NativeRow row = lines.rows()[each];
        if (row.line == 0) {
            continue;
        }
        const auto own = lines.rows_of(row.line);
        const auto is_own = [&](const BreakpointSite& site) {
            return std::ranges::any_of(
                own, [&](std::uint32_t index) { return lines.rows()[index].at == site.at; });
        };
        const BreakpointPlaces places = info->breakpoint(CodeOffset{row.line}, {});
        for (const BreakpointSite& site : places.sites) {
            ASSERT_FALSE(site.positions.empty());
            EXPECT_EQ(site.positions.front().offset, places.resolved);
            EXPECT_FALSE(site.positions.back().inlined);
        }
        sites += std::ranges::any_of(places.sites, is_own) ? 1 : 0;
    }
    EXPECT_GT(sites, 20U);
}

/// As the .aot file has it.
class Text {
  public:
    explicit Text(const test::AotFixture& fixture)
        : aot_(std::move(*AotFile::parse(fixture.aot)))
        , decoder_(std::move(*make_x86_decoder())) {}

    [[nodiscard]] NativeText text() const {
        return {.read = [this](TextOffset at, std::span<std::byte> into) -> Result<void> {
                    std::ranges::copy(aot_.text().subspan(at.value, into.size()), into.begin());
                    return {};
                },
                .decoder = decoder_.get(),
                .jump_targets = &*aot_.jump_targets()};
    }

  private:
    AotFile aot_;
    std::unique_ptr<InstructionDecoder> decoder_;
};

// Else a step's end would be run past.
TEST_P(AotDebugInfoOf, PutsBreakpointsWhereAThreadComesByThatComesToTheInstruction) {
    if (std::string_view(GetParam().options) != "-O3") {
        return; // elsewhere statements are in one piece
    }
    const Text text(fixture);
    AotDebugSource source = fixture.source();
    source.text = text.text();
    const auto with_text = std::move(*make_aot_debug_info(source));
    constexpr std::uint32_t stride = 29; // a sample
    std::size_t ways = 0;
    for (const NativeFunction& function : with_text->file().functions()) {
        const TextRange range{.begin = {function.offset}, .end = {function.offset + function.size}};
        const auto flow = NativeFlow::read(range, text.text());
        ASSERT_TRUE(flow) << function.offset;
        const auto rows = lines.rows();
        std::vector<std::size_t> own;
        for (std::size_t row = lines.first_from(range.begin);
             row < rows.size() && rows[row].at < range.end; ++row) {
            own.push_back(row);
        }
        for (std::size_t wanted = 0; wanted < own.size(); wanted += stride) {
            const NativeRow row = rows[own[wanted]];
            for (std::size_t thread = 0; row.line != 0 && thread < own.size(); thread += stride) {
                const TextOffset from = rows[own[thread]].at;
                const auto sites = with_text
                                       ->breakpoint({row.line}, {.reach = BreakpointReach::AnyWay,
                                                                 .threads = {from}})
                                       .sites;
                const bool comes_by = std::ranges::any_of(sites, [&](const BreakpointSite& site) {
                    return flow->comes(from, site.at, {});
                });
                EXPECT_TRUE(comes_by || !row.is_statement || !flow->comes(from, row.at, {}))
                    << std::hex << row.line << " at " << row.at.value << " from " << from.value;
                ways += comes_by ? 1 : 0;
            }
        }
    }
    EXPECT_GT(ways, 20U);
}

TEST_P(AotDebugInfoOf, PassesTheInstructionItIsAt) {
    for (const NativeRow& row : all_rows(lines)) {
        const auto ranges = info->instruction_ranges(row.at);
        const bool within = std::ranges::any_of(
            ranges, [&](const TextRange& range) { return range.contains(row.at); });
        EXPECT_EQ(within, !info->positions(row.at, AddressKind::Instruction).empty());
    }
}

TEST_P(AotDebugInfoOf, UnwindsFromEveryRow) {
    test::FakeStack stack;
    const NativeMemoryReader memory = stack.reader();
    for (const NativeRow& row : all_rows(lines)) {
        if (info->positions(row.at, AddressKind::Instruction).empty()) {
            continue;
        }
        NativeRegisters registers;
        registers.general[6] = test::FakeStack::base + 0x8000;
        registers.general[7] = test::FakeStack::base + 0x4000;
        const NativeActivation activation{.pc = row.at, .registers = registers, .memory = memory};
        const auto cfa = info->frame_address(activation);
        ASSERT_TRUE(cfa) << cfa.error().message;
        stack.write(cfa->value - 8, 0x1234'5678);
        const auto caller = info->unwind(activation);
        ASSERT_TRUE(caller) << caller.error().message;
        EXPECT_EQ(caller->pc.value, 0x1234'5678U);
        EXPECT_EQ(caller->general[7], cfa->value);
        EXPECT_FALSE(caller->vectors_known);
        constexpr std::uint64_t kept = 0b1'1111'0000'1100'1000; // rbx rbp rsp r12-r15 rip
        EXPECT_EQ(caller->known, kept);
        stack.write(cfa->value - 8, 0);
    }
}

} // namespace
} // namespace wdbg::dwarf
