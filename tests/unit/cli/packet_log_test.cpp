// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/packet_log.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>

namespace wdbg::cli {
namespace {

TEST(PacketLog, HasALinePerPacketAndShowsUnprintableBytes) {
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("wdbg-packet-log-" + std::to_string(getpid()));
    const Result<std::unique_ptr<PacketLog>> log = PacketLog::open(path);
    ASSERT_TRUE(log);
    (*log)->write("->", "x400,2");
    (*log)->write("<- ", std::string_view("b\0\xff", 3));
    std::ifstream file(path);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_THAT(text, testing::MatchesRegex("[0-9.]+ -> x400,2\n[0-9.]+ <- b[\\\\]x00[\\\\]xff\n"));
    std::filesystem::remove(path);
}

TEST(PacketLog, NamesAFileThatCannotBeWritten) {
    const auto log = PacketLog::open("/no/such/folder/log");
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().message, "cannot write /no/such/folder/log: No such file or directory");
}

} // namespace
} // namespace wdbg::cli
