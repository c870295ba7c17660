// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

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
