// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/dwarf/module_image.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace wdbg::dwarf {
namespace {

using namespace wdbg::test;
using testing::HasSubstr;

/// A folder that vanishes with the test.
class ModuleImageTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "wdbg-image-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& file, const std::vector<std::byte>& bytes) const {
        std::filesystem::create_directories((folder_ / file).parent_path());
        std::ofstream stream(folder_ / file, std::ios::binary);
        stream.write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
    }

    /// Opens a module in the folder that names its debug information.
    [[nodiscard]] Result<ModuleImage> open(std::string_view external) {
        auto builder = one_function({}, {}, {}, {0x0B});
        builder.custom("external_debug_info", name(external)).custom("build_id", name("A"));
        bytes_ = builder.build();
        return ModuleImage::open({.bytes = bytes_, .path = folder_ / "app.wasm"});
    }

    [[nodiscard]] static std::vector<std::byte> debug_module(std::string_view id) {
        return WasmBuilder().custom(".debug_info", {}).custom("build_id", name(id)).build();
    }

    std::filesystem::path folder_;
    std::vector<std::byte> bytes_;
};

TEST_F(ModuleImageTest, ConvertsOffsetsAgainstTheCodeSection) {
    auto builder = one_function({}, {}, {}, {0x0B});
    builder.custom(".debug_info", {});
    const auto bytes = builder.build();
    const auto image = ModuleImage::open({.bytes = bytes, .path = "app.wasm"});
    ASSERT_TRUE(image.has_value());
    const wasm::Section& code = *image->module().section(wasm::SectionId::Code);
    EXPECT_EQ(image->to_dwarf(code.contents), DwarfOffset{0});
    EXPECT_EQ(image->to_dwarf(code.end), DwarfOffset{code.end.value - code.contents.value});
    EXPECT_EQ(image->to_dwarf(CodeOffset{code.contents.value - 1}), std::nullopt);
    EXPECT_EQ(image->to_dwarf(CodeOffset{code.end.value + 1}), std::nullopt);
    EXPECT_EQ(image->to_code(DwarfOffset{2}), CodeOffset{code.contents.value + 2});
    EXPECT_EQ(image->to_code(DwarfOffset{std::uint64_t{1} << 40U}), std::nullopt);
}

TEST_F(ModuleImageTest, FindsExternalDebugInformationBesideTheModule) {
    write("app.debug.wasm", debug_module("A"));
    write("sub/app.debug.wasm", debug_module("A"));
    for (const char* external : {"app.debug.wasm", "file://app.debug.wasm", "sub/app.debug.wasm",
                                 "https://example.org/symbols/app.debug.wasm",
                                 "/somewhere/else/app.debug.wasm", "../../app.debug.wasm"}) {
        const auto image = open(external);
        ASSERT_TRUE(image.has_value()) << external << ": " << image.error().message;
        EXPECT_TRUE(image->debug_module().has_debug_sections());
        EXPECT_TRUE(image->debug_file().string().starts_with(folder_.string()));
    }
}

TEST_F(ModuleImageTest, SaysWhatIsWrongWithExternalDebugInformation) {
    const auto error_of = [this](const char* external) {
        const auto image = open(external);
        return image ? std::string() : image.error().message;
    };
    EXPECT_THAT(error_of("missing.wasm"), HasSubstr("missing.wasm does not exist"));
    EXPECT_THAT(error_of("."), HasSubstr("does not exist")); // a folder
    write("other.wasm", debug_module("B"));
    EXPECT_THAT(error_of("other.wasm"), HasSubstr("another build"));
    write("stripped.wasm", WasmBuilder().build());
    EXPECT_THAT(error_of("stripped.wasm"), HasSubstr("no debug information"));
    write("text.wasm", {std::byte{'x'}});
    EXPECT_THAT(error_of("text.wasm"), HasSubstr("not a WebAssembly module"));
}

TEST_F(ModuleImageTest, RefusesAModuleWithoutDebugInformation) {
    const auto bytes = one_function({}, {}, {}, {0x0B}).build();
    const auto image = ModuleImage::open({.bytes = bytes, .path = "app.wasm"});
    ASSERT_FALSE(image.has_value());
    EXPECT_EQ(image.error().code, ErrorCode::Unavailable);
}

} // namespace
} // namespace wdbg::dwarf
