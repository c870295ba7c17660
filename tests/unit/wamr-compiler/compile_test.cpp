// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every .aot that wdbg-compile makes runs in a stock WAMR as the interpreter runs the .wasm.
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/debug_file.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <span>
#include <string>

namespace wdbg::test {
namespace {

struct Guest {
    std::string name;
    std::string options;
    bool interpreted = true; ///< the classic interpreter can run it
};

// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest's name
void PrintTo(const Guest& guest, std::ostream* out) {
    *out << guest.name << guest.options;
}

/// Up to where the next function begins.
std::span<const std::byte> code_of(const dwarf::AotFile& file, std::size_t function) {
    const std::uint64_t begin = file.functions()[function];
    std::uint64_t end = file.text().size();
    for (const std::uint64_t each : file.functions()) {
        end = each > begin ? std::min(end, each) : end;
    }
    return file.text().subspan(begin, end - begin);
}

class CompiledGuest : public testing::TestWithParam<Guest> {
  protected:
    void SetUp() override {
        path_ = fixture(GetParam().name);
        if (path_.empty()) {
            GTEST_SKIP() << GetParam().name << " is not built";
        }
    }

    [[nodiscard]] Ended compile_to(const std::string& output) const {
        return compile(GetParam().options + " " + path_ + " -o " + output);
    }

    static Ended run_stock(const std::string& module) {
        return run(std::string(WDBG_STOCK_RUNNER) + " " + module);
    }

    static void expect_verified(const std::string& debug_file) {
        const std::string dwarfdump = WDBG_DWARFDUMP;
        if (dwarfdump.ends_with("NOTFOUND")) {
            return;
        }
        const Ended verified = run(dwarfdump + " --verify " + debug_file);
        EXPECT_EQ(verified.status, 0) << verified.output;
        EXPECT_NE(verified.output.find("No errors"), std::string::npos) << verified.output;
    }

    std::string path_;
    Folder folder_{};
};

TEST_P(CompiledGuest, RunsInAStockRuntimeAsItIsInterpreted) {
    const std::string aot = folder_ / "guest.wasm"; // argv[0] is the same for both
    const Ended compiled = compile_to(aot);
    ASSERT_EQ(compiled.status, 0) << compiled.output;
    EXPECT_EQ(folder_.files(), 2);
    expect_verified(aot + ".debug");
    const Ended native = run_stock(aot);
    EXPECT_NE(native.status, 1) << native.output;
    if (GetParam().interpreted) {
        write_bytes(aot, read_bytes(path_));
        const Ended interpreted = run_stock(aot);
        EXPECT_EQ(native.status, interpreted.status);
        EXPECT_EQ(native.output, interpreted.output);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Guests, CompiledGuest,
    testing::Values(Guest{"control-O0", "-O0"}, Guest{"control-O2", "-O3 --bounds-checks=1"},
                    Guest{"types-O2", "-Og"}, Guest{"types-O0", "--plain-code"},
                    Guest{"traps-O2", "-O3"}, Guest{"traps-O0", "-Og"}, Guest{"shapes-O2", "-O2"},
                    Guest{"rust-O2", "-Og"}, Guest{"recursion-O0", "-O1"},
                    Guest{"wasi-threads-O0", "-O3 --enable-multi-thread"},
                    Guest{"wasi-threads-O2", "-Og --enable-multi-thread"}, Guest{"values", "-O3"},
                    Guest{"values", "-Og --slots=all"}, Guest{"simd", "-O3", false}));

class CompiledCode : public testing::TestWithParam<Guest> {};

/// Debug information alone changes nothing: each function, and the whole file.
TEST_P(CompiledCode, IsThatOfACompilationWithoutDebugInformation) {
    const std::string path = fixture(GetParam().name);
    ASSERT_NE(path, "") << GetParam().name << " is not built";
    const Folder folder;
    const std::string options = GetParam().options + " --plain-code " + path + " -o ";
    ASSERT_EQ(compile(options + (folder / "with.aot")).status, 0);
    ASSERT_EQ(compile(options + (folder / "without.aot") + " --no-debug-file").status, 0);
    const std::vector<std::byte> with_bytes = read_bytes(folder / "with.aot");
    const std::vector<std::byte> without_bytes = read_bytes(folder / "without.aot");
    const auto with_debug_file = dwarf::AotFile::parse(with_bytes);
    const auto without = dwarf::AotFile::parse(without_bytes);
    ASSERT_TRUE(with_debug_file && without);
    ASSERT_EQ(with_debug_file->functions().size(), without->functions().size());
    for (std::size_t each = 0; each < without->functions().size(); ++each) {
        EXPECT_TRUE(std::ranges::equal(code_of(*with_debug_file, each), code_of(*without, each)))
            << "function " << each << " of those that the module defines";
    }
    EXPECT_EQ(with_bytes, without_bytes);
}

INSTANTIATE_TEST_SUITE_P(Guests, CompiledCode,
                         testing::Values(Guest{"control-O2", "-O0"}, Guest{"control-O2", "-O1"},
                                         Guest{"control-O2", "-O3"}, Guest{"types-O0", "-O3"},
                                         Guest{"shapes-O2", "-O2"}, Guest{"traps-O2", "-O3"},
                                         Guest{"rust-O2", "-O3"}));

/// Several at once, also of the same output: each file is whole.
TEST(CompiledModules, MayBeMadeByProcessesThatRunAtOnce) {
    const std::string path = fixture("control-O2");
    ASSERT_NE(path, "") << "control-O2 is not built";
    const Folder folder;
    const std::string program = std::string(WDBG_COMPILE) + " -O1 " + path + " -o ";
    std::string all;
    for (const std::string name : {"one.aot", "two.aot", "two.aot", "two.aot"}) {
        all += program + (folder / name) + " & ";
    }
    const Ended ended = run(all + "wait");
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_EQ(read_bytes(folder / "one.aot"), read_bytes(folder / "two.aot"));
    EXPECT_EQ(read_bytes(folder / "one.aot.debug"), read_bytes(folder / "two.aot.debug"));
    EXPECT_FALSE(read_bytes(folder / "two.aot").empty());
    EXPECT_EQ(folder.files(), 4);
}

/// Who waits for more than a second is told what for, once.
TEST(CompiledModules, AreAnnouncedWhereTheyTakeLong) {
    const std::string path = fixture("rust-O2");
    ASSERT_NE(path, "") << "rust-O2 is not built";
    const Folder folder;
    const Ended ended = compile("-Og " + path + " -o " + (folder / "rust.aot"));
    EXPECT_EQ(ended.status, 0);
    const std::string line = "wdbg: compiling " + path + " …\n";
    EXPECT_TRUE(ended.output == line || ended.output.empty()) << ended.output; // a fast machine
}

/// What is in another file is found there: the code and what remains visible are the same.
TEST(CompiledDebugInformation, MayBeInAnotherFile) {
    const std::string whole = fixture("control-O0");
    if (whole.empty()) {
        GTEST_SKIP() << "control-O0 is not built";
    }
    const Folder folder;
    const std::string options = "-Og --coverage=";
    ASSERT_EQ(compile(options + (folder / "whole") + " " + whole + " -o " + (folder / "whole.aot"))
                  .status,
              0);
    for (const std::string name : {"external-O0", "control-O0-split", "packed"}) {
        const Ended ended = compile(options + (folder / "coverage") + " " + fixture(name) + " -o " +
                                    (folder / "elsewhere.aot"));
        EXPECT_EQ(ended.status, 0) << ended.output;
        EXPECT_EQ(read_bytes(folder / "elsewhere.aot"), read_bytes(folder / "whole.aot")) << name;
        EXPECT_EQ(read_bytes(folder / "coverage"), read_bytes(folder / "whole")) << name;
    }
}

TEST(CompiledDebugInformation, IsMissedByNameWhereItsFileIsGone) {
    const std::string path = fixture("external-O0");
    if (path.empty()) {
        GTEST_SKIP() << "external-O0 is not built";
    }
    const Folder folder;
    write_bytes(folder / "alone.wasm", read_bytes(path));
    const Ended ended = compile("-Og " + (folder / "alone.wasm") + " -o " + (folder / "a.aot"));
    EXPECT_EQ(ended.status, 0);
    EXPECT_NE(ended.output.find("external-O0.debug.wasm does not exist"), std::string::npos)
        << ended.output;
    // Where nothing is made by it, nobody misses it.
    const Ended plain = compile("-O3 " + (folder / "alone.wasm") + " -o " + (folder / "a.aot"));
    EXPECT_EQ(plain.output.find("does not exist"), std::string::npos) << plain.output;
}

/// So the same code can be made elsewhere, for a debug file that was not kept.
TEST(CompiledModules, TellTheProcessorThatTheyAreFor) {
    const Folder folder;
    ASSERT_EQ(compile("-O3 " + fixture("control-O2") + " -o " + (folder / "own.aot")).status, 0);
    const auto debug_bytes = read_bytes(folder / "own.aot.debug");
    const auto debug_file = dwarf::DebugFile::parse(debug_bytes);
    ASSERT_TRUE(debug_file);
    const std::string processor(debug_file->fact("cpu").value_or(""));
    ASSERT_NE(processor, "");
    const Ended named = compile("-O3 --cpu=" + processor + " " + fixture("control-O2") + " -o " +
                                (folder / "named.aot"));
    ASSERT_EQ(named.status, 0) << named.output;
    EXPECT_EQ(read_bytes(folder / "named.aot"), read_bytes(folder / "own.aot"));
}

TEST(CompiledTraps, CostNoRelocationEach) {
    const Folder folder;
    for (const char* const target : {"x86_64", "aarch64"}) {
        for (const char* const level : {"-O0", "-Og", "-O3"}) {
            const Ended ended = compile(std::string(level) + " --target=" + target + " " +
                                        fixture("control-O2") + " -o " + (folder / "one.aot"));
            ASSERT_EQ(ended.status, 0) << ended.output;
            const auto bytes = read_bytes(folder / "one.aot");
            const auto aot = dwarf::AotFile::parse(bytes);
            ASSERT_TRUE(aot);
            EXPECT_EQ(std::ranges::count(aot->text_relocations(), "aot_set_exception_with_id",
                                         &dwarf::AotRelocation::symbol),
                      1)
                << target << level;
        }
    }
}

/// Every trap site calls the runtime from a place of its own.
TEST(CompiledTraps, EachHaveAnInstructionOfTheirOwn) {
    const std::string path = fixture("traps-O2");
    if (path.empty()) {
        GTEST_SKIP() << "traps-O2 is not built";
    }
    const Folder folder;
    ASSERT_EQ(compile(path + " -o " + (folder / "own.aot")).status, 0);
    ASSERT_EQ(compile("--plain-code " + path + " -o " + (folder / "plain.aot")).status, 0);
    EXPECT_GT(read_bytes(folder / "own.aot").size(), read_bytes(folder / "plain.aot").size());
}

} // namespace
} // namespace wdbg::test
