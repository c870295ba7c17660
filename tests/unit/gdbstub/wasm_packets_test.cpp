// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/wasm_packets.h>

#include <gtest/gtest.h>

namespace wdbg::rsp {
namespace {

TEST(WasmAddress, PacksSpaceIdAndOffset) {
    const auto code = WasmAddress::object(3, 0x197);
    ASSERT_TRUE(code);
    EXPECT_EQ(code->packed(), 0x4000000300000197U);
    EXPECT_EQ(code->space(), AddressSpace::Object);
    EXPECT_EQ(code->id(), 3U);
    EXPECT_EQ(code->offset(), 0x197U);
}

TEST(WasmAddress, KeepsPlainGuestPointersAsTheyAre) {
    EXPECT_EQ(WasmAddress::memory(0, 0, 0x400)->packed(), 0x400U);
    const WasmAddress pointer(0x400);
    EXPECT_EQ(pointer.space(), AddressSpace::Memory);
    EXPECT_EQ(pointer.memory_instance(), 0U);
    EXPECT_EQ(pointer.memory_index(), 0U);
}

TEST(WasmAddress, HoldsTheMemoryIndexAboveTheInstance) {
    const auto address = WasmAddress::memory(5, 2, 0x10);
    ASSERT_TRUE(address);
    EXPECT_EQ(address->packed(), 0x0002000500000010U);
    EXPECT_EQ(address->memory_instance(), 5U);
    EXPECT_EQ(address->memory_index(), 2U);
}

TEST(WasmAddress, RefusesWhatLldb22WouldCutOff) {
    EXPECT_TRUE(WasmAddress::object(0xFFFFFF, 0));
    EXPECT_FALSE(WasmAddress::object(0x1000000, 0));
    EXPECT_FALSE(WasmAddress::memory(0x10000, 0, 0));
    EXPECT_FALSE(WasmAddress::memory(0, 0x100, 0));
    EXPECT_FALSE(WasmAddress::memory(0, 0, 0x100000000));
    EXPECT_TRUE(WasmAddress::memory(0xFFFF, 0xFF, 0xFFFFFFFF));
}

TEST(WasmPackets, ParsesBothFormsOfGlobal) {
    const auto by_frame = parse_global("2;17");
    ASSERT_TRUE(by_frame);
    EXPECT_FALSE(by_frame->by_instance);
    EXPECT_EQ(by_frame->frame, 2U);
    EXPECT_EQ(by_frame->index, 17U);
    for (const char* text : {"17;instance:3", "17;instance:3;"}) {
        const auto by_instance = parse_global(text);
        ASSERT_TRUE(by_instance) << text;
        EXPECT_TRUE(by_instance->by_instance);
        EXPECT_EQ(by_instance->instance, 3U);
        EXPECT_EQ(by_instance->index, 17U);
    }
    for (const char* bad : {"", "1", "1;", "x;1", "1;2;3", "1;instance:", "1;instance:2;x",
                            "1;instance:4294967296", ";instance:1"}) {
        EXPECT_FALSE(parse_global(bad)) << bad;
    }
}

TEST(WasmPackets, ParsesStopPointsWithoutCaringForTheKindOfBreakpoints) {
    const auto request = parse_stop_point("0,4000000000000197,1");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->type, 0U);
    EXPECT_EQ(request->address.packed(), 0x4000000000000197U);
    EXPECT_TRUE(parse_stop_point("4,400,8;"));
    for (const char* bad : {"", "0", "0,", "5,1,1", "0,1", "0,1,", "0,1,1;x", "00000000300,1,1",
                            "0,11111111111111111,1"}) {
        EXPECT_FALSE(parse_stop_point(bad)) << bad;
    }
}

TEST(WasmPackets, TakesThreadsInEveryForm) {
    struct Case {
        std::string_view text;
        ThreadSpec::Kind kind;
        std::uint32_t thread;
        std::string_view rest;
    };
    using enum ThreadSpec::Kind;
    for (const Case& c :
         {Case{"1f;", One, 0x1F, ";"}, Case{"0", Any, 0, ""}, Case{"-1", All, 0, ""},
          Case{"p1.2", One, 2, ""}, Case{"p1.-1", All, 0, ""}, Case{"p-1", All, 0, ""},
          Case{"p1", All, 0, ""}}) {
        std::string_view text = c.text;
        const auto spec = take_thread_spec(text);
        ASSERT_TRUE(spec) << c.text;
        EXPECT_EQ(spec->kind, c.kind) << c.text;
        EXPECT_EQ(spec->thread, c.thread) << c.text;
        EXPECT_EQ(text, c.rest) << c.text;
    }
    for (std::string_view bad : {"", "x", "-2", "p", "px.1", "p1.", "100000000"}) {
        EXPECT_FALSE(take_thread_spec(bad)) << bad;
    }
}

} // namespace
} // namespace wdbg::rsp
