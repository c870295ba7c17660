// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "adapter.h"

#include <gmock/gmock.h>

namespace wdbg::test {
namespace {

using testing::HasSubstr;

TEST(ReadMemoryRequest, GivesBytesAsBase64) {
    Adapter adapter;
    adapter.run_and_stop();
    const json body =
        adapter.ask("readMemory", {{"memoryReference", "0x400"}, {"offset", 1}, {"count", 4}});
    EXPECT_EQ(body["address"], "0x401");
    EXPECT_EQ(body["data"], "AQIDBA==");
    EXPECT_FALSE(body.contains("unreadableBytes"));
}

TEST(ReadMemoryRequest, TellsWhatIsNotReadable) {
    Adapter adapter;
    adapter.run_and_stop();
    const json end = adapter.ask("readMemory", {{"memoryReference", "0xfffe"}, {"count", 6}});
    EXPECT_EQ(end["data"], "/v8=");
    EXPECT_EQ(end["unreadableBytes"], 4);
    const json beyond = adapter.ask("readMemory", {{"memoryReference", "0x10000"}, {"count", 6}});
    EXPECT_FALSE(beyond.contains("data"));
    EXPECT_EQ(beyond["unreadableBytes"], 6);
    EXPECT_THAT(adapter.refuse("readMemory", {{"memoryReference", "main"}, {"count", 1}}),
                HasSubstr("no address"));
    EXPECT_THAT(adapter.refuse("readMemory", {{"memoryReference", "0x0"}, {"count", -1}}),
                HasSubstr("count"));
    EXPECT_THAT(
        adapter.refuse("readMemory", {{"memoryReference", "0x0"}, {"offset", -1}, {"count", 1}}),
        HasSubstr("outside"));
}

TEST(ReadMemoryRequest, ReadsCode) {
    Adapter adapter;
    adapter.run_and_stop();
    const json body =
        adapter.ask("readMemory", {{"memoryReference", "0x4000000000000000"}, {"count", 2}});
    EXPECT_EQ(body["data"], "AGE=");
}

TEST(WriteMemoryRequest, Writes) {
    Adapter adapter;
    adapter.run_and_stop();
    (void)adapter.guest().take_calls();
    const json body = adapter.ask("writeMemory", {{"memoryReference", "0x400"}, {"data", "//4="}});
    EXPECT_EQ(body["bytesWritten"], 2);
    EXPECT_THAT(adapter.guest().take_calls(), testing::ElementsAre("write 0/0:400 fffe"));
    EXPECT_THAT(adapter.refuse("writeMemory", {{"memoryReference", "0x400"}, {"data", "!"}}),
                HasSubstr("no base64"));
    EXPECT_EQ(adapter.refuse("writeMemory",
                             {{"memoryReference", "0x4000000000000000"}, {"data", "AA=="}}),
              "code cannot be written");
}

TEST(DisassembleRequest, FillsThePageInBothDirections) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.guest().instances_.front().code = two_functions();
    adapter.host.level->lines[9] = at(0x1F);
    const json body = adapter.ask("disassemble", {{"memoryReference", "0x400000000000001f"},
                                                  {"instructionOffset", -2},
                                                  {"instructionCount", 8}});
    std::vector<std::string> texts;
    for (const json& line : body["instructions"]) {
        texts.push_back(line["instruction"]);
    }
    EXPECT_THAT(texts, testing::ElementsAre("(no code)", "local.get 0", "i32.const 2", "i32.add",
                                            "end", "nop", "end", "(no code)"));
    const json& constant = body["instructions"][2];
    EXPECT_EQ(constant["address"], "0x400000000000001f");
    EXPECT_EQ(constant["instructionBytes"], "41 02");
    EXPECT_EQ(constant["line"], 9);
    EXPECT_EQ(constant["location"]["path"], "/src/app.c");
    EXPECT_EQ(body["instructions"][0]["presentationHint"], "invalid");
    EXPECT_EQ(body["instructions"][5]["symbol"], "function[1]");
}

TEST(DisassembleRequest, TakesCodeOnly) {
    Adapter adapter;
    adapter.run_and_stop();
    EXPECT_THAT(
        adapter.refuse("disassemble", {{"memoryReference", "0x400"}, {"instructionCount", 1}}),
        HasSubstr("no address of code"));
}

} // namespace
} // namespace wdbg::test
