// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cache.h"

#include <gtest/gtest.h>

namespace wdbg::remote {
namespace {

MemoryAddress at(std::uint64_t offset) {
    return {.instance = {0}, .memory = 0, .offset = offset};
}

/// A memory of 5000 bytes whose byte n is n modulo 256; counts fetches.
struct Target {
    MemoryCache::Fetch fetch = [this](MemoryAddress from, std::size_t size) {
        ++fetches;
        std::vector<std::byte> bytes;
        for (std::uint64_t i = from.offset; i < 5000 && i - from.offset < size; ++i) {
            bytes.push_back(static_cast<std::byte>(i));
        }
        return bytes.empty()
                   ? Result<std::vector<std::byte>>(fail(ErrorCode::OutOfRange, "beyond the end"))
                   : Result<std::vector<std::byte>>(std::move(bytes));
    };
    int fetches = 0;
};

TEST(MemoryCache, FetchesALineOnce) {
    Target target;
    MemoryCache cache;
    std::array<std::byte, 8> bytes{};
    EXPECT_EQ(cache.read(at(100), bytes, target.fetch), 8U);
    EXPECT_EQ(bytes[0], std::byte{100});
    EXPECT_EQ(cache.read(at(200), bytes, target.fetch), 8U);
    EXPECT_EQ(cache.read(at(1020), bytes, target.fetch), 8U);
    EXPECT_EQ(bytes[7], static_cast<std::byte>(1027 % 256));
    EXPECT_EQ(target.fetches, 2);
    cache.drop(at(1020), 8);
    EXPECT_EQ(cache.read(at(2000), bytes, target.fetch), 8U);
    EXPECT_EQ(target.fetches, 3);
}

TEST(MemoryCache, FetchesManyLinesAtOnce) {
    Target target;
    MemoryCache cache;
    std::vector<std::byte> bytes(4000);
    EXPECT_EQ(cache.read(at(500), bytes, target.fetch), 4000U);
    EXPECT_EQ(bytes.back(), static_cast<std::byte>(4499 % 256));
    EXPECT_EQ(target.fetches, 1);
}

TEST(MemoryCache, EndsWhereTheMemoryEnds) {
    Target target;
    MemoryCache cache;
    std::array<std::byte, 16> bytes{};
    EXPECT_EQ(cache.read(at(4990), bytes, target.fetch), 10U);
    EXPECT_EQ(cache.read(at(5000), bytes, target.fetch).error().code, ErrorCode::OutOfRange);
    EXPECT_EQ(cache.read(at(9000), bytes, target.fetch).error().code, ErrorCode::OutOfRange);
    EXPECT_FALSE(cache.read(at(UINT64_MAX - 3), bytes, target.fetch));
}

} // namespace
} // namespace wdbg::remote
