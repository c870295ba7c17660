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

/// The code of two_functions()' first one.
std::vector<NativeInstruction> native_code_of_two_instructions() {
    const auto wasm = [](std::uint32_t offset) { return CodeAddress{InstanceId{}, {offset}}; };
    return {{.address = {0x1000},
             .bytes = {std::byte{0x55}},
             .text = "push rbp",
             .wasm = wasm(0x1D),
             .symbol = "first"},
            {.address = {0x1001}, .bytes = {std::byte{0x90}}, .text = "nop", .wasm = wasm(0x1D)},
            {.address = {0x1002}, .bytes = {std::byte{0xc3}}, .text = "ret", .wasm = wasm(0x1F)}};
}

TEST(DisassembleRequest, ShowsWhatCompiledCodeMakesOfAnInstruction) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.guest().instances_.front().code = two_functions();
    adapter.guest().native = native_code_of_two_instructions();
    const json body = adapter.ask(
        "disassemble", {{"memoryReference", "0x400000000000001d"}, {"instructionCount", 3}});
    EXPECT_EQ(body["instructions"][0]["instruction"], "local.get 0  ; push rbp; nop");
    EXPECT_EQ(body["instructions"][1]["instruction"], "i32.const 2  ; ret");
    EXPECT_EQ(body["instructions"][2]["instruction"], "i32.add");
}

TEST(DisassembleRequest, ShowsNativeCodeByItself) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.guest().instances_.front().code = two_functions();
    const json request = {{"memoryReference", "0xc000000000001001"},
                          {"instructionOffset", -2},
                          {"instructionCount", 5}};
    EXPECT_THAT(adapter.refuse("disassemble", request), HasSubstr("does not run native code"));
    adapter.guest().native = native_code_of_two_instructions();
    adapter.host.level->lines[9] = at(0x1F);
    const json body = adapter.ask("disassemble", request);
    std::vector<std::string> texts;
    for (const json& line : body["instructions"]) {
        texts.push_back(line["instruction"]);
    }
    EXPECT_THAT(texts, testing::ElementsAre("(no code)", "push rbp", "nop", "ret", "(no code)"));
    EXPECT_EQ(body["instructions"][3]["address"], "0xc000000000001002");
    EXPECT_EQ(body["instructions"][3]["line"], 9);
}

TEST(NativeCodeRequest, TellsWhereEachInstructionComesFrom) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.host.level->frames = {{.id = {1}, .name = "f", .pc = at(0x1F)}};
    const json frame = {{"frameId", 1}};
    EXPECT_THAT(adapter.refuse("wdbg/nativeCode", frame), HasSubstr("interpreted"));
    adapter.guest().instances_.front().code = two_functions();
    adapter.guest().native = native_code_of_two_instructions();
    adapter.guest().native_frame = {0x1002};
    adapter.host.level->lines[9] = at(0x1F);
    const json body = adapter.ask("wdbg/nativeCode", frame);
    EXPECT_EQ(body["function"], "first");
    EXPECT_EQ(body["pcRow"], 2);
    EXPECT_EQ(body["totalRows"], 3);
    ASSERT_EQ(body["rows"].size(), 3);
    EXPECT_EQ(body["rows"][0]["wasm"], "local.get 0");
    EXPECT_EQ(body["rows"][0]["address"], "0x1000");
    EXPECT_FALSE(body["rows"][1].contains("wasm")); // the same as before
    EXPECT_EQ(body["rows"][2]["wasmReference"], "0x400000000000001f");
    EXPECT_EQ(body["rows"][2]["line"], 9);
    EXPECT_EQ(body["sources"][0]["path"], "/src/app.c");
    EXPECT_THAT(adapter.refuse("wdbg/nativeCode", {{"frameId", 99}}), HasSubstr("earlier stop"));
}

TEST(NativeCodeRequest, TellsThoseAroundThePcOfALongFunction) {
    Adapter adapter;
    adapter.run_and_stop();
    adapter.guest().instances_.front().code = two_functions();
    adapter.guest().native = native_code_of_two_instructions();
    adapter.guest().native_frame = {0x1002};
    adapter.host.level->frames = {{.id = {1}, .name = "f", .pc = at(0x1F)}};
    const json body = adapter.ask("wdbg/nativeCode", {{"frameId", 1}, {"limit", 2}});
    EXPECT_EQ(body["firstRow"], 1);
    EXPECT_EQ(body["pcRow"], 1);
    EXPECT_EQ(body["rows"][0]["wasm"], "local.get 0"); // told again, as the first
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
