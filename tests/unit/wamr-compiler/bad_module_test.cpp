// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace wdbg::test {
namespace {

/// One line that begins "wdbg: ", exit status 1, no file.
void expect_refused(const Folder& folder, const std::string& module, const std::string& what) {
    const long before = folder.files();
    const Ended ended = compile(module + " -o " + (folder / "out.aot"));
    EXPECT_EQ(ended.status, 1) << ended.output;
    EXPECT_TRUE(ended.output.starts_with("wdbg: ")) << ended.output;
    EXPECT_NE(ended.output.find(what), std::string::npos) << ended.output;
    EXPECT_EQ(std::ranges::count(ended.output, '\n'), 1) << ended.output;
    EXPECT_EQ(folder.files(), before);
}

TEST(BadModule, IsNamedWhereItIsMissing) {
    const Folder folder;
    expect_refused(folder, folder / "none.wasm", "none.wasm: No such file or directory");
}

TEST(BadModule, IsRefusedWhereItIsNoModule) {
    const Folder folder;
    write_bytes(folder / "text.wasm", std::vector<std::byte>(100, std::byte{'x'}));
    expect_refused(folder, folder / "text.wasm", "text.wasm: ");
    write_bytes(folder / "empty.wasm", {});
    expect_refused(folder, folder / "empty.wasm", "empty.wasm: ");
}

TEST(BadModule, IsRefusedWhereItIsCompiledAlready) {
    const Folder folder;
    write_bytes(folder / "a.aot", {std::byte{0}, std::byte{'a'}, std::byte{'o'}, std::byte{'t'}});
    expect_refused(folder, folder / "a.aot", "is compiled already");
}

TEST(BadModule, IsRefusedForATargetThatDoesNotExist) {
    const std::string path = fixture("control-O0");
    if (path.empty()) {
        GTEST_SKIP() << "control-O0 is not built";
    }
    const Folder folder;
    expect_refused(folder, "--target=pdp11 " + path, "pdp11");
}

TEST(BadModule, LeavesNothingWhereTheOutputCannotBeWritten) {
    const std::string path = fixture("control-O0");
    if (path.empty()) {
        GTEST_SKIP() << "control-O0 is not built";
    }
    const Folder folder;
    const Ended ended = compile("--debug-file=/nowhere/x " + path + " -o " + (folder / "out.aot"));
    EXPECT_EQ(ended.status, 1);
    EXPECT_NE(ended.output.find("cannot write /nowhere/x"), std::string::npos) << ended.output;
    EXPECT_EQ(folder.files(), 0);
}

TEST(BadModule, IsRefusedWhereItIsCutShort) {
    const std::string path = fixture("values");
    if (path.empty()) {
        GTEST_SKIP() << "values is not built";
    }
    const Folder folder;
    const std::vector<std::byte> whole = read_bytes(path);
    for (std::size_t part = 1; part < 8; ++part) {
        std::vector<std::byte> cut = whole;
        cut.resize(whole.size() * part / 10);
        write_bytes(folder / "cut.wasm", cut);
        const Ended ended = compile((folder / "cut.wasm") + " -o " + (folder / "out.aot"));
        EXPECT_LE(ended.status, 1) << part << ": " << ended.output;
        EXPECT_EQ(std::filesystem::exists(folder / "out.aot"), ended.status == 0);
        std::filesystem::remove(folder / "out.aot");
    }
}

TEST(BadModule, NeverCrashesTheCompilerWithDamagedBytes) {
    const std::string path = fixture("values");
    if (path.empty()) {
        GTEST_SKIP() << "values is not built";
    }
    const Folder folder;
    const std::vector<std::byte> whole = read_bytes(path);
    std::minstd_rand random(1); // NOLINT: the same damage in every run
    for (int round = 0; round < 40; ++round) {
        std::vector<std::byte> damaged = whole;
        for (int each = 0; each < 3; ++each) {
            damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        }
        write_bytes(folder / "damaged.wasm", damaged);
        const Ended ended =
            compile("-O1 " + (folder / "damaged.wasm") + " -o " + (folder / "out.aot"));
        EXPECT_LE(ended.status, 1) << round << ": " << ended.output;
        EXPECT_LE(std::ranges::count(ended.output, '\n'), 1) << ended.output;
    }
}

} // namespace
} // namespace wdbg::test
