// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/listen_file.h>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <unistd.h>

namespace wdbg::cli {
namespace {

class ListenFile : public testing::Test {
  protected:
    void SetUp() override { std::filesystem::create_directory(folder_); }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("wdbg-listen-file-" + std::to_string(getpid()));
};

TEST_F(ListenFile, HoldsTheAddressAndNothingIsLeftBesideIt) {
    const std::filesystem::path path = folder_ / "address";
    ASSERT_TRUE(write_listen_file(path, "127.0.0.1:1"));
    ASSERT_TRUE(write_listen_file(path, "127.0.0.1:4711"));
    std::ifstream file(path);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "127.0.0.1:4711\n");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(ListenFile, NamesAFileThatCannotBeWritten) {
    const Result<void> result = write_listen_file(folder_ / "missing" / "address", "127.0.0.1:1");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Io);
    EXPECT_NE(result.error().message.find("missing/address: No such file"), std::string::npos);
}

} // namespace
} // namespace wdbg::cli
