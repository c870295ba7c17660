// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "output_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace wdbg::compile {
namespace {

namespace fs = std::filesystem;

class OutputFileIn : public testing::Test {
  public:
    OutputFileIn(const OutputFileIn&) = delete;
    OutputFileIn& operator=(const OutputFileIn&) = delete;

  protected:
    OutputFileIn() {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }

    ~OutputFileIn() override { fs::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return (folder_ / "out").string(); }

    [[nodiscard]] long files() const {
        return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
    }

    static std::span<const std::byte> bytes(std::string_view text) {
        return std::as_bytes(std::span(text));
    }

    [[nodiscard]] std::string contents() const {
        std::ifstream file(path());
        return {std::istreambuf_iterator<char>(file), {}};
    }

  private:
    fs::path folder_ = fs::path(testing::TempDir()) / "wdbg-output-file-test";
};

TEST_F(OutputFileIn, AppearsOnceItIsCommitted) {
    Result<OutputFile> file = OutputFile::write(path(), bytes("new"));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_FALSE(fs::exists(path()));
    ASSERT_TRUE(file->commit());
    EXPECT_EQ(contents(), "new");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileIn, LeavesTheOldFileAloneWhenItIsNot) {
    std::ofstream(path()) << "old";
    {
        ASSERT_TRUE(OutputFile::write(path(), bytes("new")));
    }
    EXPECT_EQ(contents(), "old");
    EXPECT_EQ(files(), 1);
}

TEST_F(OutputFileIn, NamesAFolderThatIsNotThere) {
    const Result<OutputFile> file = OutputFile::write("/nowhere/out", bytes("new"));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message, "cannot write /nowhere/out: No such file or directory");
}

TEST_F(OutputFileIn, WritesToADeviceAndDoesNotReplaceIt) {
    Result<OutputFile> file = OutputFile::write("/dev/null", bytes("new"));
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE(file->commit());
    EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

} // namespace
} // namespace wdbg::compile
