// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads whole modules as compilers make them: those built for the tests, and those that
// WDBG_REAL_MODULES names (paths separated by ':').
#include <wdbg/wasm/module.h>
#include <wdbg/wasm/stack_types.h>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>

namespace wdbg::wasm {
namespace {

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::filesystem::path> module_files() {
    std::vector<std::filesystem::path> files;
    if (const char* named = std::getenv("WDBG_REAL_MODULES"); named != nullptr) {
        std::istringstream list(named);
        for (std::string path; std::getline(list, path, ':');) {
            files.emplace_back(path);
        }
        return files;
    }
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(WDBG_FIXTURES_DIR, error)) {
        if (entry.path().extension() == ".wasm") {
            files.push_back(entry.path());
        }
    }
    return files;
}

void check_instructions(const Module& module, const FunctionBody& body) {
    const auto map = module.instructions(body);
    ASSERT_TRUE(map.has_value()) << map.error().message;
    std::uint32_t count = 0;
    CodeOffset previous_end = body.first_instruction;
    const auto walked = walk_operand_stacks(
        module, body.index, [&](const Instruction& instruction, const OperandStack& stack) {
            EXPECT_EQ(instruction.offset, previous_end);
            EXPECT_TRUE((*map)->is_start(instruction.offset));
            EXPECT_EQ((*map)->ending_at(instruction.end()), instruction.offset);
            previous_end = instruction.end();
            ++count;
            const auto access = memory_access(instruction);
            if (access && stack.reachable) {
                EXPECT_LT(access->address_slot, stack.types.size());
            }
            return true;
        });
    EXPECT_TRUE(walked.has_value()) << walked.error().message;
    EXPECT_EQ(count, (*map)->count());
    EXPECT_EQ(previous_end, body.end);
}

TEST(RealModule, DecodesAndTypesToTheEndOfEveryFunction) {
    const auto files = module_files();
    if (files.empty()) {
        GTEST_SKIP() << "no modules are built; build the target 'fixtures'";
    }
    for (const auto& path : files) {
        SCOPED_TRACE(path);
        auto bytes = read_file(path);
        const auto begin = std::chrono::steady_clock::now();
        const auto module = Module::parse_owned(std::move(bytes));
        const auto parsed = std::chrono::steady_clock::now();
        ASSERT_TRUE(module.has_value()) << module.error().message;
        for (const FunctionBody& body : module->bodies()) {
            check_instructions(*module, body);
        }
        const auto typed = std::chrono::steady_clock::now();
        using std::chrono::microseconds, std::chrono::duration_cast;
        std::cout << path.filename().string() << ": " << module->bodies().size()
                  << " functions, parsed in " << duration_cast<microseconds>(parsed - begin).count()
                  << " us, decoded and typed in "
                  << duration_cast<microseconds>(typed - parsed).count() << " us\n";
    }
}

} // namespace
} // namespace wdbg::wasm
