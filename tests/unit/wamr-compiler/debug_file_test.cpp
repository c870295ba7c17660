// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/debug_file.h>
#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

#include <random>

namespace wdbg::dwarf {
namespace {

using test::compile;
using test::fixture;
using test::read_bytes;

/// One guest, compiled once for all tests.
class DebugFileOf : public testing::Test {
  protected:
    struct Compiled {
        std::vector<std::byte> wasm;
        std::vector<std::byte> aot;
        std::vector<std::byte> debug;
    };

    static void SetUpTestSuite() {
        const test::Folder folder;
        const std::string path = fixture("control-O2");
        if (!path.empty() && compile(path + " -o " + (folder / "a")).status == 0) {
            compiled = {read_bytes(path), read_bytes(folder / "a"), read_bytes(folder / "a.debug")};
        }
    }

    void SetUp() override {
        if (compiled.debug.empty()) {
            GTEST_SKIP() << "control-O2 is not built";
        }
    }

    static Compiled compiled;
};

DebugFileOf::Compiled DebugFileOf::compiled;

TEST_F(DebugFileOf, AModuleSaysWhatItWasMadeFrom) {
    const Result<DebugFile> file = DebugFile::parse(compiled.debug);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->build_id().size(), 20U);
    EXPECT_EQ(file->fact("options"), "-O3");
    EXPECT_EQ(file->fact("nothing"), std::nullopt);
    EXPECT_FALSE(file->section(".debug_line").empty());
    const Result<wasm::Module> module = wasm::Module::parse(compiled.wasm);
    ASSERT_TRUE(module);
    EXPECT_EQ(file->code_section_start(), module->code_section_start()->value);
    EXPECT_EQ(file->functions().size(), module->bodies().size());
    EXPECT_TRUE(file->check_module(compiled.wasm));
}

TEST_F(DebugFileOf, AnAotRecognisesItsCode) {
    const Result<DebugFile> file = DebugFile::parse(compiled.debug);
    const Result<AotFile> aot = AotFile::parse(compiled.aot);
    ASSERT_TRUE(file && aot);
    const std::span<const std::byte> text = aot->text();
    const Result<void> good = file->check_text(text);
    EXPECT_TRUE(good) << good.error().message;
    EXPECT_TRUE(file->differing_functions(text).empty());
}

TEST_F(DebugFileOf, AnAotLooksPastWhatTheLoaderFillsIn) {
    const Result<DebugFile> file = DebugFile::parse(compiled.debug);
    const Result<AotFile> aot = AotFile::parse(compiled.aot);
    ASSERT_TRUE(file && aot);
    const std::span<const std::byte> text = aot->text();
    ASSERT_FALSE(file->masks().empty());
    std::vector<std::byte> loaded(text.begin(), text.end());
    for (const TextMask& mask : file->masks()) {
        std::fill_n(loaded.begin() + mask.offset, mask.size, std::byte{0xAA});
    }
    EXPECT_TRUE(file->check_text(loaded));
}

TEST_F(DebugFileOf, AnotherModuleOrCodeIsRefusedWithBothHashes) {
    const Result<DebugFile> file = DebugFile::parse(compiled.debug);
    const Result<AotFile> aot = AotFile::parse(compiled.aot);
    ASSERT_TRUE(file && aot);
    const std::span<const std::byte> text = aot->text();
    std::vector<std::byte> other = compiled.wasm;
    other.back() ^= std::byte{1};
    const Result<void> module = file->check_module(other);
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().code, ErrorCode::NotFound);
    std::vector<std::byte> code(text.begin(), text.end());
    const NativeFunction& changed = file->functions()[3];
    code[changed.offset] ^= std::byte{1};
    EXPECT_EQ(file->differing_functions(code), std::vector<std::uint32_t>{changed.function});
    const Result<void> different = file->check_text(code);
    ASSERT_FALSE(different);
    EXPECT_TRUE(different.error().message.ends_with("functions that differ: " +
                                                    std::to_string(changed.function)))
        << different.error().message;
}

TEST_F(DebugFileOf, AModuleIsReadWithoutHarmWhereverItIsCutOrDamaged) {
    for (std::size_t size = 0; size < compiled.debug.size(); size += 97) {
        const std::span<const std::byte> cut = std::span(compiled.debug).first(size);
        EXPECT_FALSE(DebugFile::parse(cut)) << size;
    }
    std::minstd_rand random(1); // NOLINT: the same damage in every run
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::byte> damaged = compiled.debug;
        for (int each = 0; each < 8; ++each) {
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        }
        if (const Result<DebugFile> file = DebugFile::parse(damaged)) {
            const Result<void> checked = file->check_text(damaged);
            EXPECT_TRUE(checked || !checked.error().message.empty());
        }
    }
}

} // namespace
} // namespace wdbg::dwarf
