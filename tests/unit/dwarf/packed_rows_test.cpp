// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is packed is what comes out again, wherever a block begins.
#include "packed_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace wdbg::dwarf {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Random {
  public:
    explicit Random(std::size_t seed) : engine_(static_cast<std::uint32_t>(seed)) {}

    std::uint32_t below(std::uint32_t end) {
        return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(engine_);
    }

  private:
    std::mt19937 engine_;
};

/// Rows by address, some at one address, some far away; lines of any size.
std::vector<NativeRow> random_rows(std::size_t count, Random& random) {
    std::vector<NativeRow> rows;
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t kind = random.below(16);
        at += kind == 0 ? random.below(0x10'0000) : kind < 5 ? 0 : random.below(12);
        rows.push_back({.at = TextOffset{at},
                        .line = kind == 1   ? 0U
                                : kind == 2 ? 0xFFFF'FFF0U
                                            : 1 + random.below(200),
                        .is_statement = random.below(2) == 0,
                        .begins = random.below(2) == 0,
                        .prologue_end = random.below(8) == 0,
                        .end = random.below(8) == 0});
    }
    return rows;
}

PackedRows packed(const std::vector<NativeRow>& rows) {
    PackedRows result;
    for (const NativeRow& row : rows) {
        result.add(row);
    }
    result.finish();
    return result;
}

class PackedRowsOf : public testing::TestWithParam<std::size_t> {
  protected:
    Random random{GetParam() + 1};
    std::vector<NativeRow> plain = random_rows(GetParam(), random);
    PackedRows rows = packed(plain);
};

INSTANTIATE_TEST_SUITE_P(Sizes, PackedRowsOf, testing::Values(0, 1, 15, 16, 17, 32, 33, 2000));

TEST_P(PackedRowsOf, ComeOutAsTheyWentIn) {
    const RowReader reader(rows);
    ASSERT_EQ(reader.size(), plain.size());
    for (std::size_t each = 0; each < plain.size(); ++each) {
        EXPECT_EQ(reader[each], plain[each]) << each;
        EXPECT_EQ(reader[plain.size() - 1 - each], plain[plain.size() - 1 - each]);
    }
}

TEST_P(PackedRowsOf, AreFoundByTheirAddress) {
    for (std::size_t each = 0; each <= plain.size(); ++each) {
        const std::uint32_t near = each < plain.size() ? plain[each].at.value : 0xFFFF'FFF0U;
        for (const TextOffset at :
             {TextOffset{near == 0 ? 0 : near - 1}, TextOffset{near}, TextOffset{near + 1}}) {
            const auto lower = std::ranges::lower_bound(plain, at, {}, &NativeRow::at);
            const auto upper = std::ranges::upper_bound(plain, at, {}, &NativeRow::at);
            EXPECT_EQ(rows.lower_bound(at), lower - plain.begin());
            EXPECT_EQ(rows.upper_bound(at), upper - plain.begin());
        }
    }
}

TEST_P(PackedRowsOf, AreFoundByTheirLine) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> lines;
    lines.reserve(plain.size());
    for (std::uint32_t each = 0; each < plain.size(); ++each) {
        lines.emplace_back(plain[each].line, each);
    }
    std::ranges::sort(lines);
    LineOrder order;
    for (const auto& [line, row] : lines) {
        order.add(line, row);
    }
    order.finish();
    for (std::uint32_t line = 0; line < 210; ++line) {
        std::vector<std::uint32_t> expected;
        for (const auto& [each, row] : lines) {
            if (each == line) {
                expected.push_back(row);
            }
        }
        EXPECT_EQ(order.rows_of(line), expected) << line;
        const auto next = std::ranges::lower_bound(lines, std::pair(line, 0U));
        const bool is_there = next != lines.end() && next->first < 150;
        EXPECT_EQ(order.next(line, 150), is_there ? std::optional(next->first) : std::nullopt);
    }
    EXPECT_EQ(order.rows_of(0xFFFF'FFF0U).size(),
              std::ranges::count(plain, 0xFFFF'FFF0U, &NativeRow::line));
}

TEST(PackedNumbers, TellTheNextOne) {
    Random random(5);
    std::vector<std::uint32_t> plain;
    PackedNumbers numbers;
    EXPECT_TRUE(numbers.empty());
    EXPECT_EQ(numbers.behind(0), std::nullopt);
    for (std::uint32_t number = 7; plain.size() < 1000; number += random.below(300)) {
        plain.push_back(number);
        numbers.add(number); // some twice
    }
    numbers.finish();
    EXPECT_EQ(numbers.first(), 7U);
    for (std::uint32_t each = 0; each <= plain.back() + 1; ++each) {
        const auto next = std::ranges::upper_bound(plain, each);
        EXPECT_EQ(numbers.behind(each), next == plain.end() ? std::nullopt : std::optional(*next));
    }
}

TEST(PackedRows, AreFewBytes) {
    constexpr std::uint32_t count = 160;
    std::vector<NativeRow> plain;
    plain.reserve(count);
    for (std::uint32_t each = 0; each < count; ++each) {
        plain.push_back({.at = TextOffset{5 * each}, .line = 1000 + 2 * each});
    }
    const PackedRows rows = packed(plain);
    EXPECT_LE(rows.memory(), 3 * count);
}

} // namespace
} // namespace wdbg::dwarf
