// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/host_file.h>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

// Looked for by name in this very program.
extern "C" [[gnu::noinline, gnu::used]] int wdbg_host_file_test_symbol() {
    return 1;
}

namespace wdbg::dwarf {
namespace {

std::vector<std::byte> own_program() {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    const std::vector<char> chars(std::istreambuf_iterator<char>(file), {});
    const auto bytes = std::as_bytes(std::span(chars));
    return {bytes.begin(), bytes.end()};
}

TEST(HostFile, FindsFunctionsByTheirSymbols) {
    const auto bytes = own_program();
    const auto file = make_host_file(bytes);
    ASSERT_TRUE(file) << file.error().message;
    const auto address = (*file)->symbol("wdbg_host_file_test_symbol");
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_NE(*address, 0U);
    EXPECT_EQ((*file)->address_of_offset(0), 0U);
    EXPECT_FALSE((*file)->symbol("there_is_no_such_function").has_value());
}

TEST(HostFile, UnwindsTheFirstInstructionOfAFunction) {
    const auto bytes = own_program();
    const auto file = make_host_file(bytes);
    ASSERT_TRUE(file) << file.error().message;
    const auto address = (*file)->symbol("wdbg_host_file_test_symbol");
    ASSERT_TRUE(address);
    if ((*file)->machine() != Machine::X86_64) {
        return;
    }
    const std::uint64_t return_address = 0x1234;
    NativeRegisters registers;
    registers.pc = {*address};
    registers.general[7] = 0x5000;
    const auto caller =
        (*file)->unwind(*address, AddressKind::Instruction, registers,
                        [&](NativeAddress at, std::span<std::byte> into) -> Result<void> {
                            EXPECT_EQ(at.value, 0x5000U);
                            std::memcpy(into.data(), &return_address, into.size());
                            return {};
                        });
    ASSERT_TRUE(caller) << caller.error().message;
    EXPECT_EQ(caller->pc.value, return_address);
    EXPECT_EQ(caller->general[7], 0x5008U);
}

TEST(HostFile, RefusesWhatIsNoElfFile) {
    const std::array<std::byte, 64> nothing{};
    const auto file = make_host_file(nothing);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::Malformed);
}

} // namespace
} // namespace wdbg::dwarf
