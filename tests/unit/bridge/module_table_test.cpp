// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <module_table.h>
#include <vector>
#include <wdbg_module_table.h>

namespace wdbg::bridge {
namespace {

const NativeAddress address{std::bit_cast<std::uintptr_t>(&wdbg_module_table)};

std::vector<std::byte> table_bytes() {
    const auto bytes = std::as_bytes(std::span(&wdbg_module_table, 1));
    return {bytes.begin(), bytes.end()};
}

class ModuleTable : public testing::Test {
  protected:
    /// One module is loaded.
    void SetUp() override {
        serial = wdbg_module_loaded(&info);
        bytes = table_bytes();
    }

    void TearDown() override { wdbg_module_unloaded(serial); }

    void put(std::size_t offset, std::uint8_t value) { bytes.at(offset) = std::byte{value}; }

    std::array<std::uint8_t, 64> code{};
    std::array<std::uint8_t, 3> build_id{0xab, 0xcd, 0xef};
    WdbgModuleInfo info{.code = code.data(),
                        .code_size = code.size(),
                        .module = &code,
                        .instance = &info,
                        .build_id = build_id.data(),
                        .build_id_size = build_id.size(),
                        .name = "folder/app.wasm"};
    std::uint32_t serial = 0;
    std::vector<std::byte> bytes;
};

TEST_F(ModuleTable, IsReadAsTheTargetHasWrittenIt) {
    const auto table = parse_module_table(bytes, address);
    ASSERT_TRUE(table) << table.error().message;
    ASSERT_EQ(table->entries.size(), 1U);
    const TableEntry& entry = table->entries.front();
    EXPECT_EQ(entry.serial, serial);
    EXPECT_EQ(entry.code.value, std::bit_cast<std::uintptr_t>(code.data()));
    EXPECT_EQ(entry.code_size, code.size());
    EXPECT_EQ(entry.name, "folder/app.wasm");
    EXPECT_EQ(entry.build_id, (std::vector{std::byte{0xab}, std::byte{0xcd}, std::byte{0xef}}));
    ASSERT_EQ(entry.instances.size(), 1U);
    EXPECT_EQ(entry.instances[0].value, std::bit_cast<std::uintptr_t>(&info));
    EXPECT_EQ(table->changed.value, std::bit_cast<std::uintptr_t>(&wdbg_module_table_changed));
}

TEST_F(ModuleTable, HasNoEntryForWhatWasUnloaded) {
    const auto before = parse_module_table(bytes, address);
    wdbg_module_unloaded(serial);
    const auto after = parse_module_table(table_bytes(), address);
    ASSERT_TRUE(before && after);
    EXPECT_TRUE(after->entries.empty());
    EXPECT_GT(after->generation, before->generation);
}

TEST_F(ModuleTable, IsFoundByItsMagicNumberButNotItsCopies) {
    std::vector<std::byte> memory(64);
    memory.insert(memory.end(), bytes.begin(), bytes.end());
    EXPECT_EQ(find_module_table(memory, {address.value - 64}), address);
    EXPECT_EQ(find_module_table(memory, {address.value}), std::nullopt);
    EXPECT_EQ(find_module_table({}, address), std::nullopt);
}

TEST_F(ModuleTable, IsNotThereBeforeTheFirstModule) {
    std::ranges::fill(bytes, std::byte{0});
    const auto table = parse_module_table(bytes, address);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code, ErrorCode::NotFound);
}

TEST_F(ModuleTable, IsBusyWhileItIsChanged) {
    put(20, 1);
    const auto table = parse_module_table(bytes, address);
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code, ErrorCode::Busy);
}

TEST_F(ModuleTable, RefusesWhatItDoesNotKnow) {
    for (const std::size_t offset : {8U, 15U}) { // version, byte order
        bytes = table_bytes();
        put(offset, 9);
        const auto table = parse_module_table(bytes, address);
        ASSERT_FALSE(table);
        EXPECT_EQ(table.error().code, ErrorCode::Unsupported);
    }
}

TEST_F(ModuleTable, RefusesSizesThatMakeNoSense) {
    const std::array<std::pair<std::size_t, std::uint8_t>, 4> damage{
        {{10, 1}, {12, 1}, {18, 0xff}, {16, 5}}}; // header, entry, capacity, capacity
    for (const auto& [offset, value] : damage) {
        bytes = table_bytes();
        put(offset, value);
        const auto table = parse_module_table(bytes, address);
        ASSERT_FALSE(table) << offset;
        EXPECT_EQ(table.error().code, ErrorCode::Malformed);
    }
}

TEST_F(ModuleTable, CutsCountsThatExceedAnEntry) {
    constexpr std::size_t entry = 48;
    put(entry + 32, 0xff);
    put(entry + 36, 0xff);
    const auto table = parse_module_table(bytes, address);
    ASSERT_TRUE(table);
    EXPECT_EQ(table->entries[0].build_id.size(), 32U);
    EXPECT_EQ(table->entries[0].instances.size(), 4U);
}

} // namespace
} // namespace wdbg::bridge
