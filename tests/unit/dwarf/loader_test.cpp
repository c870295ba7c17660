// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiled_fixture.h"
#include "support/wasm_builder.h"

#include <wdbg/dwarf/loader.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::dwarf {
namespace {

using testing::HasSubstr;

/// The loader keeps the first library it finds, so the order matters: one test.
TEST(Loader, SaysWhatIsMissingAndThenLoads) {
    const auto bytes = test::one_function({}, {}, {}, {0x0B}).build();
    const ModuleSource plain{.bytes = bytes, .path = "plain.wasm"};
    const auto missing = load_symbolizer(plain, "/nonexistent");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/libwdbg-dwarf.so"));

    const auto loaded = load_symbolizer(plain, WDBG_DWARF_LIBRARY_DIR);
    ASSERT_FALSE(loaded.has_value()); // by the library: there is no debug information
    EXPECT_EQ(loaded.error().code, ErrorCode::Unavailable);
    EXPECT_THAT(loaded.error().message, HasSubstr("-g"));

    const test::Fixture guest("control-O0.wasm");
    if (!guest.built()) {
        GTEST_SKIP() << "build the target 'fixtures'";
    }
    const auto symbolizer = load_symbolizer(guest.source(), WDBG_DWARF_LIBRARY_DIR);
    ASSERT_TRUE(symbolizer.has_value()) << symbolizer.error().message;
    EXPECT_EQ((*symbolizer)->debug_file(), guest.path);

    const test::AotFixture& compiled = test::aot_fixture("types-O0", "-O0");
    if (!compiled.built()) {
        GTEST_SKIP() << "build the target 'wdbg-compile'";
    }
    const auto info = load_aot_debug_info(compiled.source(), WDBG_DWARF_LIBRARY_DIR);
    ASSERT_TRUE(info.has_value()) << info.error().message;
    EXPECT_EQ((*info)->entries((*info)->file().functions().front().function).size(), 1U);
}

} // namespace
} // namespace wdbg::dwarf
