// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fixture.h"
#include "support/wasm_builder.h"

#include <wdbg/dwarf/llvm_symbolizer.h>
#include <wdbg/wasm/module.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace wdbg::dwarf {
namespace {

using test::Fixture;
using test::marked_line;
using test::operator+;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

#define WDBG_NEED(fixture)                                                                         \
    if (!(fixture).built()) {                                                                      \
        GTEST_SKIP() << "build the target 'fixtures'";                                             \
    }

std::unique_ptr<Symbolizer> symbolizer_of(const Fixture& fixture) {
    auto symbolizer = make_symbolizer(fixture.source());
    EXPECT_TRUE(symbolizer.has_value()) << symbolizer.error().message;
    return symbolizer ? std::move(*symbolizer) : nullptr;
}

/// Calls `visit` with each instruction's offset.
template <class Visit>
void each_instruction(const Fixture& fixture, const Visit& visit) {
    const auto module = wasm::Module::parse(fixture.bytes);
    ASSERT_TRUE(module.has_value());
    for (const wasm::FunctionBody& body : module->bodies()) {
        const auto map = module->instructions(body);
        ASSERT_TRUE(map.has_value());
        for (auto at = (*map)->next_at_or_after(body.begin); at;
             at = (*map)->next_at_or_after(CodeOffset{at->value + 1})) {
            visit(*at);
        }
    }
}

/// The frames at the first instruction whose innermost frame is at this line of this file.
std::vector<SourceFrame> frames_at_line(const Fixture& fixture, Symbolizer& symbolizer,
                                        const std::string& file, std::uint32_t line) {
    std::vector<SourceFrame> found;
    each_instruction(fixture, [&](CodeOffset at) {
        auto frames = symbolizer.lookup(at);
        ASSERT_TRUE(frames.has_value()) << frames.error().message;
        if (found.empty() && !frames->empty() && frames->front().location.line == line &&
            frames->front().location.file.ends_with(file)) {
            found = std::move(*frames);
        }
    });
    return found;
}

TEST(Symbolizer, GivesInlinedFunctionsInnermostFirst) {
    const Fixture guest("inlined-O2.wasm");
    WDBG_NEED(guest);
    const auto symbolizer = symbolizer_of(guest);
    const auto frames =
        frames_at_line(guest, *symbolizer, "inlined.c", marked_line("c/inlined.c", "twice"));
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[0].function, "twice");
    EXPECT_TRUE(frames[0].inlined);
    EXPECT_EQ(frames[1].function, "outer");
    EXPECT_FALSE(frames[1].inlined);
    EXPECT_THAT(frames[1].location.file, EndsWith("fixtures/c/inlined.c"));
    EXPECT_GT(frames[1].location.column, 0U);
}

TEST(Symbolizer, DemanglesCpp) {
    const Fixture guest("shapes-O0.wasm");
    WDBG_NEED(guest);
    const auto symbolizer = symbolizer_of(guest);
    const auto frames = frames_at_line(guest, *symbolizer, "shapes.cpp",
                                       marked_line("cpp/shapes.cpp", "rectangle"));
    ASSERT_FALSE(frames.empty());
    EXPECT_THAT(frames[0].function, HasSubstr("::"));
    EXPECT_THAT(frames[0].function, HasSubstr("("));
}

TEST(Symbolizer, DemanglesRustWithoutItsHash) {
    const Fixture guest("rust-O0.wasm");
    WDBG_NEED(guest);
    const auto symbolizer = symbolizer_of(guest);
    const auto frames =
        frames_at_line(guest, *symbolizer, "app.rs", marked_line("rust/app.rs", "area") - 1);
    ASSERT_FALSE(frames.empty());
    EXPECT_EQ(frames[0].function, "<app::Rectangle as app::Area>::area");
}

TEST(Symbolizer, ReadsExternalDebugInformationAlike) {
    const Fixture whole("control-O0.wasm");
    const Fixture stripped("external-O0.wasm");
    WDBG_NEED(whole);
    WDBG_NEED(stripped);
    const auto expected = symbolizer_of(whole);
    const auto actual = symbolizer_of(stripped);
    EXPECT_THAT(actual->debug_file().string(), EndsWith("external-O0.debug.wasm"));
    each_instruction(whole, [&](CodeOffset at) {
        const auto left = expected->lookup(at);
        const auto right = actual->lookup(at); // the Code section lies at the same place
        ASSERT_EQ(left->size(), right->size());
        if (!left->empty()) {
            EXPECT_EQ(left->front().location.line, right->front().location.line);
        }
    });
}

TEST(Symbolizer, TakesTheCallForAReturnAddress) {
    const Fixture guest("inlined-O2.wasm");
    WDBG_NEED(guest);
    const auto symbolizer = symbolizer_of(guest);
    each_instruction(guest, [&](CodeOffset at) {
        const auto returned = symbolizer->lookup(at, AddressKind::ReturnAddress);
        const auto before = symbolizer->lookup(CodeOffset{at.value - 1});
        ASSERT_EQ(returned->size(), before->size());
        if (!before->empty()) {
            EXPECT_EQ(returned->front().location.line, before->front().location.line);
        }
    });
}

TEST(Symbolizer, KnowsNothingOutsideOfTheCode) {
    const Fixture guest("control-O0.wasm");
    WDBG_NEED(guest);
    const auto symbolizer = symbolizer_of(guest);
    EXPECT_TRUE(symbolizer->lookup(CodeOffset{0})->empty());
    EXPECT_TRUE(symbolizer->lookup(CodeOffset{0}, AddressKind::ReturnAddress)->empty());
    EXPECT_TRUE(symbolizer->lookup(CodeOffset{0xFFFFFFFF})->empty());
}

TEST(Symbolizer, RefusesEmptyAndCutDebugInformation) {
    auto builder = test::one_function({}, {}, {}, {0x0B});
    builder.custom(".debug_info", {0xFF, 0xFF}).custom(".debug_line", {1});
    const auto bytes = builder.build();
    const auto symbolizer = make_symbolizer({.bytes = bytes, .path = "cut.wasm"});
    ASSERT_FALSE(symbolizer.has_value());
    EXPECT_EQ(symbolizer.error().code, ErrorCode::Malformed);
}

/// A DWARF 4 unit of one entry with one attribute of this form and value.
Result<std::unique_ptr<Symbolizer>> open_unit(std::uint8_t form, const test::Bytes& value) {
    const test::Bytes unit = test::Bytes{4, 0, 0, 0, 0, 0, 4, 1} + value;
    const auto length = static_cast<std::uint8_t>(unit.size());
    auto builder = test::one_function({}, {}, {}, {0x0B});
    builder.custom(".debug_abbrev", {1, 0x11, 0, 0x03, form, 0, 0, 0})
        .custom(".debug_info", test::Bytes{length, 0, 0, 0} + unit)
        .custom(".debug_str", {'x', 0});
    static std::vector<std::byte> bytes; // lives as long as the symbolizer
    bytes = builder.build();
    return make_symbolizer({.bytes = bytes, .path = "unit.wasm"});
}

TEST(Symbolizer, RefusesAttributesThatReachOutOfTheirUnit) {
    const test::Bytes huge{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
    EXPECT_TRUE(open_unit(0x08, {'n', 0}).has_value());      // string
    EXPECT_FALSE(open_unit(0x08, {'n'}).has_value());        //
    EXPECT_TRUE(open_unit(0x09, {1, 0}).has_value());        // block
    EXPECT_FALSE(open_unit(0x09, huge).has_value());         // LLVM 22 crashes on this one
    EXPECT_FALSE(open_unit(0x04, {9, 0, 0, 0}).has_value()); // block4
    EXPECT_TRUE(open_unit(0x0D, {0x7F}).has_value());        // sdata
    EXPECT_TRUE(
        open_unit(0x0D, {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F}).has_value());
    EXPECT_TRUE(open_unit(0x16, {0x0E, 0, 0, 0, 0}).has_value()); // indirect: strp
    EXPECT_FALSE(open_unit(0x16, {0x0E, 0, 0}).has_value());
    EXPECT_FALSE(open_unit(0x16, {0x16}).has_value());
    const auto unknown = open_unit(0x7F, {0});
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().code, ErrorCode::Malformed);
    EXPECT_THAT(unknown.error().message, HasSubstr("an unknown form in the unit at .debug_info"));
}

TEST(Symbolizer, SurvivesDamagedDebugInformation) {
    const Fixture guest("shapes-O2.wasm");
    WDBG_NEED(guest);
    const auto module = wasm::Module::parse(guest.bytes);
    ASSERT_TRUE(module.has_value());
    std::vector<wasm::Section> sections;
    std::ranges::copy_if(
        module->sections(), std::back_inserter(sections),
        [](const wasm::Section& section) { return section.name.starts_with(".debug_"); });
    std::mt19937 random(1); // NOLINT(bugprone-random-generator-seed): the same in every run
    const auto below = [&random](std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
    };
    for (int round = 0; round < 60; ++round) {
        Fixture damaged = guest;
        for (int change = 0; change < 40; ++change) {
            const wasm::Section& section = sections[below(sections.size())];
            const std::size_t size = section.end.value - section.payload.value;
            // Mostly near the beginning, where headers and abbreviations are.
            const std::size_t at = below(below(4) == 0 ? size : std::min<std::size_t>(size, 200));
            damaged.bytes[section.payload.value + at] = static_cast<std::byte>(below(256));
        }
        const auto symbolizer = make_symbolizer(damaged.source());
        if (!symbolizer) {
            continue;
        }
        for (const wasm::FunctionBody& body : module->bodies()) {
            [[maybe_unused]] const auto frames = (*symbolizer)->lookup(body.first_instruction);
        }
    }
}

} // namespace
} // namespace wdbg::dwarf
