// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/x86_decoder.h>
#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace wdbg::dwarf {
namespace {

using test::compile;
using test::fixture;
using test::read_bytes;

/// One guest, compiled once for all tests.
class AotFileOf : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        const test::Folder folder;
        const std::string path = fixture("control-O2");
        if (!path.empty() && compile(path + " -o " + (folder / "a")).status == 0) {
            aot = read_bytes(folder / "a");
        }
    }

    void SetUp() override { ASSERT_FALSE(aot.empty()) << "control-O2 is not built"; }

    static std::vector<std::byte> aot;
};

std::vector<std::byte> AotFileOf::aot;

TEST_F(AotFileOf, AModuleTellsItsTargetAndParts) {
    const Result<AotFile> file = AotFile::parse(aot);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->version(), 6U);
    EXPECT_EQ(file->architecture(), "x86_64");
    EXPECT_TRUE(file->is_64());
    EXPECT_TRUE(file->is_little_endian());
    EXPECT_FALSE(file->is_xip());
    const std::vector<std::byte> wasm = read_bytes(fixture("control-O2"));
    const Result<wasm::Module> module = wasm::Module::parse(wasm);
    ASSERT_TRUE(module);
    EXPECT_EQ(file->functions().size(), module->bodies().size());
    EXPECT_TRUE(std::ranges::is_sorted(file->functions()));
    const auto start = std::ranges::find(file->exports(), "_start", &AotExport::name);
    ASSERT_NE(start, file->exports().end());
    EXPECT_EQ(start->kind, 0U);
    ASSERT_FALSE(file->text_relocations().empty());
    for (const AotRelocation& each : file->text_relocations()) {
        EXPECT_LT(each.offset, file->text().size());
        EXPECT_FALSE(each.symbol.empty());
    }
}

/// As WAMR's compiler writes it (`wamrc --emit-custom-sections=name`).
std::vector<std::byte>
section_of_names(std::initializer_list<std::pair<std::uint32_t, std::string_view>> names) {
    std::vector<std::byte> bytes;
    const auto number = [&bytes](std::uint64_t value, std::size_t size) {
        bytes.resize((bytes.size() + size - 1) / size * size);
        for (std::size_t i = 0; i < size; ++i) {
            bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
    };
    const auto text = [&bytes](std::string_view characters) {
        const auto all = std::as_bytes(std::span(characters));
        bytes.insert(bytes.end(), all.begin(), all.end());
    };
    number(3, 4); // names
    number(4, 4);
    text("name");
    number(1, 4); // of functions
    number(99, 4);
    number(names.size(), 4);
    for (const auto& [function, name] : names) {
        number(function, 4);
        number(name.size() + 1, 2);
        text(name);
        bytes.push_back(std::byte{0});
    }
    return bytes;
}

std::vector<std::byte> with_section(std::vector<std::byte> file,
                                    const std::vector<std::byte>& contents) {
    file.resize((file.size() + 3) / 4 * 4);
    for (const std::size_t value : {std::size_t{100}, contents.size()}) {
        for (std::size_t i = 0; i < 4; ++i) {
            file.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
    }
    file.insert(file.end(), contents.begin(), contents.end());
    return file;
}

/// Each to an instruction, never into one.
TEST_F(AotFileOf, AModuleTellsWhereItsJumpTablesLead) {
    const Result<AotFile> file = AotFile::parse(aot);
    ASSERT_TRUE(file && file->jump_targets());
    const auto decoder = make_x86_decoder();
    ASSERT_TRUE(decoder);
    std::set<std::uint64_t> instructions;
    for (std::uint64_t at = 0; at < file->text().size();) {
        const auto decoded = (*decoder)->decode(file->text().subspan(at), {at});
        instructions.insert(at);
        at += decoded ? decoded->length : 1; // padding
    }
    EXPECT_GT(file->jump_targets()->size(), 5U);
    EXPECT_TRUE(std::ranges::is_sorted(*file->jump_targets()));
    for (const std::uint64_t target : *file->jump_targets()) {
        EXPECT_TRUE(instructions.contains(target)) << target;
    }
}

TEST_F(AotFileOf, AModuleTellsTheNamesOfItsFunctionsIfItHasThem) {
    EXPECT_TRUE(AotFile::parse(aot)->names().empty());
    const auto section = section_of_names({{5, "five"}, {6, "f"}, {9, "nine"}});
    const auto bytes = with_section(aot, section);
    const Result<AotFile> file = AotFile::parse(bytes);
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_EQ(file->names().size(), 3U);
    EXPECT_EQ(file->names()[0].name, "five");
    EXPECT_EQ(file->names()[1].name, "f");
    EXPECT_EQ(file->names()[2].function, 9U);
    EXPECT_EQ(file->names()[2].name, "nine");
    const auto cut = with_section(aot, {section.begin(), section.end() - 3});
    const Result<AotFile> damaged = AotFile::parse(cut);
    ASSERT_TRUE(damaged) << damaged.error().message;
    EXPECT_TRUE(damaged->names().empty());
}

TEST_F(AotFileOf, AModuleIsReadWithoutHarmWhereverItIsCutOrDamaged) {
    for (std::size_t size = 0; size < aot.size(); size += 31) {
        EXPECT_FALSE(AotFile::parse(std::span(aot).first(size))) << size;
    }
    std::minstd_rand random(1); // NOLINT: the same damage in every run
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::byte> damaged = aot;
        for (int each = 0; each < 8; ++each) {
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        }
        const Result<AotFile> file = AotFile::parse(damaged);
        EXPECT_TRUE(file || !file.error().message.empty());
    }
}

TEST(AotFile, RefusesWhatIsNone) {
    EXPECT_FALSE(AotFile::parse({}));
    EXPECT_FALSE(AotFile::parse(std::vector<std::byte>(64, std::byte{7})));
    const std::vector<std::byte> old{std::byte{0}, std::byte{'a'}, std::byte{'o'}, std::byte{'t'},
                                     std::byte{3}, std::byte{0},   std::byte{0},   std::byte{0}};
    const Result<AotFile> file = AotFile::parse(old);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::Unsupported);
}

} // namespace
} // namespace wdbg::dwarf
