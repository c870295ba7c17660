// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/c_frame.h>

#include <gtest/gtest.h>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;

constexpr std::uint32_t stack_pointer = 0;

Result<std::uint32_t> size_of_frame(const Bytes& code) {
    const Module module = *Module::parse_owned(one_function({i32, i32}, {}, {}, code).build());
    return c_frame_size(module, *module.body(module.imported_function_count()), stack_pointer);
}

TEST(CFrame, IsWhatThePrologueTakesOffTheStackPointer) {
    // global.get 0   i32.const 48   i32.sub   local.tee 0   global.set 0   i32.const 500   drop
    EXPECT_EQ(size_of_frame({0x23, 0, 0x41, 48, 0x6B, 0x22, 0, 0x24, 0, 0x41, 0xF4, 3, 0x1A, 0x0B}),
              48U);
    // global.get 0   i32.const -16   i32.add   global.set 0
    EXPECT_EQ(size_of_frame({0x23, 0, 0x41, 0x70, 0x6A, 0x24, 0, 0x0B}), 16U);
}

TEST(CFrame, IsLargerWhereItIsAligned) {
    // global.get 0   i32.const 64   i32.sub   i32.const -64   i32.and   global.set 0
    EXPECT_EQ(size_of_frame({0x23, 0, 0x41, 0xC0, 0, 0x6B, 0x41, 0x40, 0x71, 0x24, 0, 0x0B}), 128U);
}

TEST(CFrame, MayGoThroughLocals) {
    // global.get 0   local.set 0   i32.const 32   local.set 1   local.get 0   local.get 1   i32.sub
    // global.set 0
    EXPECT_EQ(
        size_of_frame({0x23, 0, 0x21, 0, 0x41, 32, 0x21, 1, 0x20, 0, 0x20, 1, 0x6B, 0x24, 0, 0x0B}),
        32U);
}

TEST(CFrame, IsNothingWhereTheStackPointerStays) {
    EXPECT_EQ(size_of_frame({0x0B}), 0U);
    // global.get 0   i32.const 16   i32.sub   local.set 0: a leaf's
    EXPECT_EQ(size_of_frame({0x23, 0, 0x41, 16, 0x6B, 0x21, 0, 0x0B}), 0U);
    // global.set 1: another one
    EXPECT_EQ(size_of_frame({0x41, 16, 0x24, 1, 0x0B}), 0U);
}

TEST(CFrame, HasNoSizeWithAnAlloca) {
    // global.get 0   i32.const 16   i32.sub   global.set 0, then once more by local 0
    const auto size =
        size_of_frame({0x23, 0, 0x41, 16, 0x6B, 0x24, 0, 0x23, 0, 0x20, 0, 0x6B, 0x24, 0, 0x0B});
    ASSERT_FALSE(size);
    EXPECT_EQ(size.error().code, ErrorCode::Unsupported);
    // local.get 0   global.set 0: restored only, e.g. by longjmp
    EXPECT_FALSE(size_of_frame({0x20, 0, 0x24, 0, 0x0B}));
}

} // namespace
} // namespace wdbg::wasm
