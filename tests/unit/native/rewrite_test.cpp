// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <cstring>

namespace wdbg::native::test {
namespace {

constexpr std::uint64_t argument_count = 20;

std::uint64_t second_argument(std::uint64_t a) {
    return a * 0x9E37'79B9'7F4A'7C15 + 3;
}

std::vector<std::uint64_t> results(const NamedFunction& function) {
    std::vector<std::uint64_t> values;
    values.reserve(argument_count);
    for (std::uint64_t a = 0; a < argument_count; ++a) {
        values.push_back(function.call(a, second_argument(a)));
    }
    return values;
}

std::vector<std::byte> bytes_of(NativeRange range) {
    std::vector<std::byte> bytes(range.end.value - range.begin.value);
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    std::memcpy(bytes.data(), reinterpret_cast<const void*>(range.begin.value), bytes.size());
    return bytes;
}

void expect_same_results_with_every_instruction_planted(NativeRange range) {
    std::vector<std::vector<std::uint64_t>> expected;
    expected.reserve(std::size(functions));
    for (const NamedFunction& function : functions) {
        expected.push_back(results(function));
    }
    const auto before = bytes_of(range);
    Session session;
    const auto addresses = instructions(range);
    ASSERT_GT(addresses.size(), 100U);
    const auto planted = session.target->plant_all(addresses, never());
    ASSERT_TRUE(planted.has_value()) << planted.error().message;
    EXPECT_NE(bytes_of(range), before);
    for (std::size_t i = 0; i < functions.size(); ++i) {
        EXPECT_EQ(results(functions.at(i)), expected[i]) << functions.at(i).name;
    }
    std::vector<std::byte> shown(before.size());
    ASSERT_TRUE(session.target->read_memory(range.begin, shown).has_value());
    EXPECT_EQ(shown, before) << "planted traps are visible";
    session.target->detach();
    EXPECT_EQ(bytes_of(range), before) << "the code is not as it was loaded";
}

TEST(Slots, DoWhatTheInstructionsOfHandWrittenCodeDo) {
    expect_same_results_with_every_instruction_planted(asm_code());
}

TEST(Slots, DoWhatTheInstructionsOfOptimisedCodeDo) {
    expect_same_results_with_every_instruction_planted(c_code());
}

TEST(ProcessTarget, PlantsOnlyWhereThereIsCodeAndOnlyOnce) {
    Session session;
    ProcessTarget& target = *session.target;
    const int outside = 0;
    EXPECT_EQ(target.plant(at(&outside), {}).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(target.plant(at(asm_hot_body), never()).has_value());
    EXPECT_EQ(target.plant(at(asm_hot_body), never()).error().code, ErrorCode::Busy);
    const std::array both{at(asm_hot_return), at(asm_hot_body)};
    EXPECT_FALSE(target.plant_all(both, never()).has_value());
    EXPECT_EQ(*asm_hot_return, '\xC3') << "a failed plant_all() leaves a trap";
    ASSERT_TRUE(target.unplant(at(asm_hot_body)).has_value());
    EXPECT_EQ(target.unplant(at(asm_hot_body)).error().code, ErrorCode::NotFound);
    EXPECT_EQ(target.plant(at(reinterpret_cast<const void*>(&asm_own_trap)), {}).error().code,
              ErrorCode::Unsupported);
}

TEST(ProcessTarget, CodeMayVanishAndComeAgain) {
    Session session;
    const NativeRange range = c_code();
    for (int round = 0; round < 3; ++round) {
        const auto ranges = session.target->code_ranges();
        const auto found = std::ranges::find_if(
            ranges, [&](const auto& entry) { return entry.second.range == range; });
        ASSERT_NE(found, ranges.end());
        ASSERT_TRUE(session.target->plant_all(instructions(range), never()).has_value());
        EXPECT_EQ(c_switches(3, 4), c_switches(3, 4));
        ASSERT_TRUE(session.target->remove_code(found->first).has_value());
        EXPECT_FALSE(session.target->plant(range.begin, never()).has_value());
        ASSERT_TRUE(session.target->add_code({.range = range, .module = {}}).has_value());
    }
}

TEST(ProcessTarget, FiltersSeeTheRegistersAtTheSite) {
    Session session;
    std::uint64_t sum = 0;
    const HitFilter filter{.accept =
                               [](const NativeRegisters& registers, void* data) {
                                   EXPECT_EQ(registers.pc, at(asm_hot_body));
                                   *static_cast<std::uint64_t*>(data) += registers.general[5];
                                   return registers.general[5] % 2 == 0; // rdi
                               },
                           .data = &sum};
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), filter).has_value());
    EXPECT_EQ(asm_hot(100, 3), 300U);
    EXPECT_EQ(sum, 5050U);
    const auto counters = session.target->counters(at(asm_hot_body));
    ASSERT_TRUE(counters.has_value());
    EXPECT_EQ(counters->hits, 100U);
    EXPECT_EQ(counters->accepted, 50U);
}

} // namespace
} // namespace wdbg::native::test
