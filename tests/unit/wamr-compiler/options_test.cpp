// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wdbg::compile {
namespace {

using Arguments = std::vector<std::string>;

TEST(CompileOptions, TakesModuleAndOptionsInAnyOrder) {
    for (const Arguments& arguments :
         {Arguments{"a.wasm", "-o", "a.aot", "-O2"}, Arguments{"-O2", "-o", "a.aot", "a.wasm"},
          Arguments{"-oa.aot", "a.wasm", "-O", "2"}}) {
        const Result<Options> options = parse_options(arguments);
        ASSERT_TRUE(options) << options.error().message;
        EXPECT_EQ(options->module, "a.wasm");
        EXPECT_EQ(options->output, "a.aot");
        EXPECT_EQ(options->level, 2U);
        EXPECT_EQ(options->debug_path(), "a.aot.debug");
    }
}

TEST(CompileOptions, DefaultsToLevelThree) {
    const Result<Options> options = parse_options(Arguments{"a.wasm", "-o", "a.aot"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->code_options(), "-O3");
}

TEST(CompileOptions, KeepsWhatDecidesTheCode) {
    const Result<Options> options =
        parse_options(Arguments{"--target=aarch64", "--cpu-features=+a,-b", "--plain-code", "--xip",
                                "--bounds-checks=1", "a.wasm", "-o", "a.aot", "--debug-file=d"});
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->code_options(), "-O3 --target=aarch64 --cpu-features=+a,-b --plain-code "
                                       "--xip --bounds-checks=1");
    EXPECT_EQ(options->debug_path(), "d");
}

TEST(CompileOptions, TakesADeployedFileInPlaceOfAnOutput) {
    const Result<Options> options = parse_options(Arguments{"a.wasm", "--debug-for=old/b.aot"});
    ASSERT_TRUE(options) << options.error().message;
    EXPECT_EQ(options->debug_path(), "old/b.aot.debug");
}

struct Bad {
    Arguments arguments;
    std::string message;
};

TEST(CompileOptions, NameWhatIsWrongAndWhatWouldBeRight) {
    const std::vector<Bad> rows{
        {{}, "no module given; expected wdbg compile [options] MODULE.wasm -o OUT.aot"},
        {{"a.wasm"}, "no output given; expected -o OUT.aot"},
        {{"a.wasm", "b.wasm", "-o", "c"}, "more than one module: a.wasm and b.wasm"},
        {{"a.wasm", "-o"}, "-o needs a value: -o OUT.aot"},
        {{"a.wasm", "-o", "b", "-O7"}, "-O7: expected -O0, -O1, -O2, -O3 or -Og"},
        {{"a.wasm", "-o", "b", "--frob"}, "unknown option --frob (see wdbg compile --help)"},
        {{"a.wasm", "-o", "b", "--xip=1"}, "--xip=1: --xip takes no value"},
        {{"a.wasm", "-o", "b", "-Og", "--plain-code"},
         "--plain-code and -Og exclude each other: -Og changes the code"},
        {{"a.wasm", "-o", "b", "--debug-for=c"},
         "--debug-for makes a debug file only: expected neither -o nor --no-debug-file with it"},
        {{"a.wasm", "-o", "b", "--no-debug-file", "--debug-file=x"},
         "--debug-file and --no-debug-file exclude each other"},
    };
    for (const Bad& row : rows) {
        const Result<Options> options = parse_options(row.arguments);
        ASSERT_FALSE(options) << row.message;
        EXPECT_EQ(options.error().message, row.message);
    }
}

} // namespace
} // namespace wdbg::compile
