// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>
#include <wdbg_module_table.h>

namespace {

/// As a debugger sees it: bytes at offsets of the documented layout, none of the C structs.
template <class T>
T at(std::size_t offset) {
    T value{};
    std::memcpy(&value, reinterpret_cast<const std::byte*>(&wdbg_module_table) + offset,
                sizeof value);
    return value;
}

constexpr std::size_t header_size = 48;
constexpr std::size_t entry_size = 160;

template <class T>
T in_entry(std::size_t index, std::size_t offset) {
    return at<T>(header_size + index * entry_size + offset);
}

std::array<std::uint8_t, 64> code{};

WdbgModuleInfo module_info(const char* name) {
    return {.code = code.data(),
            .code_size = code.size(),
            .module = &code,
            .instance = nullptr,
            .build_id = nullptr,
            .build_id_size = 0,
            .name = name};
}

std::uint64_t address_of(const void* pointer) {
    return std::bit_cast<std::uintptr_t>(pointer);
}

class ModuleTable : public testing::Test {
  protected:
    void TearDown() override {
        for (const auto& entry : wdbg_module_table.entries) {
            wdbg_module_unloaded(entry.serial);
        }
    }
};

} // namespace

TEST_F(ModuleTable, DescribesItself) {
    const WdbgModuleInfo info = module_info("app");
    ASSERT_NE(wdbg_module_loaded(&info), 0U);
    EXPECT_EQ(std::memcmp(&wdbg_module_table, "wdbg\xA5mt\x1A", 8), 0);
    EXPECT_EQ(at<std::uint16_t>(8), 1);
    EXPECT_EQ(at<std::uint16_t>(10), header_size);
    EXPECT_EQ(at<std::uint16_t>(12), entry_size);
    EXPECT_EQ(at<std::uint8_t>(14), sizeof(void*));
    EXPECT_EQ(at<std::uint8_t>(15), std::endian::native == std::endian::little ? 1 : 2);
    EXPECT_EQ(at<std::uint32_t>(16), WDBG_MODULE_TABLE_CAPACITY);
    EXPECT_EQ(at<std::uint64_t>(24), address_of(&wdbg_module_table));
}

TEST_F(ModuleTable, TellsWhereAModuleIs) {
    const std::vector<std::uint8_t> build_id(20, 0xAB);
    WdbgModuleInfo info = module_info("app");
    int instance = 0;
    info.instance = &instance;
    info.build_id = build_id.data();
    info.build_id_size = build_id.size();
    const std::uint32_t serial = wdbg_module_loaded(&info);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 0), 1U);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 4), serial);
    EXPECT_EQ(in_entry<std::uint64_t>(0, 8), address_of(code.data()));
    EXPECT_EQ(in_entry<std::uint64_t>(0, 16), code.size());
    EXPECT_EQ(in_entry<std::uint64_t>(0, 24), address_of(&code));
    EXPECT_EQ(in_entry<std::uint32_t>(0, 32), 20U);
    EXPECT_EQ(in_entry<std::uint8_t>(0, 40 + 19), 0xAB);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 36), 1U);
    EXPECT_EQ(in_entry<std::uint64_t>(0, 72), address_of(&instance));
    EXPECT_STREQ(wdbg_module_table.entries[0].name, "app");
}

TEST_F(ModuleTable, FreesTheEntryOfAModuleThatGoesAndCountsSerialsUp) {
    const WdbgModuleInfo info = module_info("app");
    const std::uint32_t first = wdbg_module_loaded(&info);
    wdbg_module_unloaded(first);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 0), 0U);
    wdbg_module_unloaded(first);
    wdbg_module_unloaded(0);
    EXPECT_EQ(wdbg_module_loaded(&info), first + 1);
}

TEST_F(ModuleTable, CountsWhatFindsNoEntry) {
    const WdbgModuleInfo info = module_info(nullptr);
    for (int i = 0; i < WDBG_MODULE_TABLE_CAPACITY; ++i) {
        EXPECT_NE(wdbg_module_loaded(&info), 0U);
    }
    const auto dropped = at<std::uint32_t>(40);
    EXPECT_EQ(wdbg_module_loaded(&info), 0U);
    EXPECT_EQ(at<std::uint32_t>(40), dropped + 1);
}

TEST_F(ModuleTable, RefusesAModuleWithoutCode) {
    WdbgModuleInfo info = module_info("empty");
    info.code_size = 0;
    EXPECT_EQ(wdbg_module_loaded(&info), 0U);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 0), 0U);
}

TEST_F(ModuleTable, ChangesItsGenerationWithEachChangeAndIsEvenAtRest) {
    const WdbgModuleInfo info = module_info("app");
    const std::uint32_t serial = wdbg_module_loaded(&info);
    const auto before = at<std::uint32_t>(20);
    EXPECT_EQ(before % 2, 0U);
    wdbg_module_unloaded(serial);
    EXPECT_EQ(at<std::uint32_t>(20), before + 2);
}

TEST_F(ModuleTable, KeepsAsManyInstancesAsFit) {
    const WdbgModuleInfo info = module_info("app");
    const std::uint32_t serial = wdbg_module_loaded(&info);
    std::array<int, WDBG_MODULE_INSTANCES + 1> instances{};
    for (const int& instance : instances) {
        wdbg_module_instance_added(serial, &instance);
    }
    EXPECT_EQ(in_entry<std::uint32_t>(0, 36), WDBG_MODULE_INSTANCES);
    wdbg_module_instance_removed(serial, &instances[0]);
    wdbg_module_instance_removed(serial, &instances[0]);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 36), WDBG_MODULE_INSTANCES - 1U);
    EXPECT_EQ(in_entry<std::uint64_t>(0, 72), address_of(&instances[3]));
    EXPECT_EQ(in_entry<std::uint64_t>(0, 72 + 24), 0U);
}

TEST_F(ModuleTable, CutsLongNamesAndBuildIds) {
    const std::string name(100, 'n');
    const std::vector<std::uint8_t> build_id(40, 1);
    WdbgModuleInfo info = module_info(name.c_str());
    info.build_id = build_id.data();
    info.build_id_size = build_id.size();
    ASSERT_NE(wdbg_module_loaded(&info), 0U);
    EXPECT_EQ(std::string_view(wdbg_module_table.entries[0].name).size(), 55U);
    EXPECT_EQ(in_entry<std::uint32_t>(0, 32), 32U);
}
