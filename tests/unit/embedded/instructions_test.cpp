// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stub's small table of instructions against the debugger's own decoder.
#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stub_guest.h>
#include <stub_internal.h>

namespace wdbg::test {
namespace {

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void show_to_stub(std::vector<std::uint8_t>& bytes) {
    wdbg_stub.module.code = bytes.data();
    wdbg_stub.module.size = bytes.size();
}

} // namespace

TEST(StubInstructions, HaveTheSizesThatTheDecoderFinds) {
    StubGuest guest;
    std::size_t functions = 0;
    for (const char* name : {"types-O0", "control-O2", "traps-O2", "containers-O2"}) {
        auto bytes = read_file(std::string(WDBG_FIXTURES_DIR "/") + name + ".wasm");
        ASSERT_FALSE(bytes.empty()) << name << ": build the target `fixtures`";
        show_to_stub(bytes);
        const auto module = wasm::Module::parse(std::as_bytes(std::span(bytes)));
        ASSERT_TRUE(module);
        for (const wasm::FunctionBody& body : module->bodies()) {
            std::uint32_t at = body.first_instruction.value;
            while (at < body.end.value) {
                const auto decoded = wasm::decode(module->bytes(), CodeOffset{at});
                ASSERT_TRUE(decoded) << name << " at " << at;
                ASSERT_EQ(wdbg_instruction_size(at, body.end.value), decoded->size)
                    << name << " at " << at;
                at += decoded->size;
            }
            ++functions;
        }
    }
    EXPECT_GT(functions, 100U);
}

TEST(StubInstructions, AreUnknownBehindTheirEndAndWhereNoOpcodeIs) {
    StubGuest guest;
    EXPECT_EQ(wdbg_instruction_size(StubGuest::first_instruction, StubGuest::first_instruction + 1),
              0U);
    guest.code[20] = 0xFF;
    EXPECT_EQ(wdbg_instruction_size(20, 64), 0U);
    guest.code[20] = 0x0E; // br_table with more labels than there are bytes
    guest.code[21] = 0x7F;
    EXPECT_EQ(wdbg_instruction_size(20, 64), 0U);
    guest.code[20] = 0x41; // an i32.const that never ends
    for (std::size_t i = 21; i < 63; ++i) {
        guest.code[i] = 0x80;
    }
    EXPECT_EQ(wdbg_instruction_size(20, 64), 0U);
}

TEST(StubInstructions, SeeThroughPlantedBytes) {
    StubGuest guest;
    ASSERT_EQ(guest.ask("Z0,4000000000000012,1"), "OK");
    EXPECT_EQ(wdbg_instruction_size(0x12, 64), 3U);
}

} // namespace wdbg::test
