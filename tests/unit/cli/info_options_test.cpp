// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/info_options.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace wdbg::cli {
namespace {

using Arguments = std::vector<std::string>;

TEST(InfoOptions, MayStandBeforeAndBehindTheModule) {
    for (const Arguments& arguments : {Arguments{"--json", "--debug-file=d", "a.aot"},
                                       Arguments{"a.aot", "--debug-file", "d", "--json"}}) {
        const Result<InfoOptions> options = parse_info_options(arguments);
        ASSERT_TRUE(options) << options.error().message;
        EXPECT_EQ(options->module, "a.aot");
        EXPECT_EQ(options->debug_file, "d");
        EXPECT_TRUE(options->json);
    }
}

TEST(InfoOptions, NameWhatIsWrong) {
    EXPECT_EQ(parse_info_options({}).error().message,
              "no module given; expected wdbg info MODULE (.wasm, .aot or .aot.debug)");
    EXPECT_EQ(parse_info_options(Arguments{"a", "b"}).error().message,
              "unexpected argument b; expected one MODULE");
    EXPECT_EQ(parse_info_options(Arguments{"a", "--frob"}).error().message,
              "unknown option --frob");
}

} // namespace
} // namespace wdbg::cli
