// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/option_table.h>

#include <gtest/gtest.h>

#include <vector>

namespace wdbg::cli {
namespace {

struct Options {
    std::vector<std::string> values;
    bool flag = false;
};

using Row = OptionRow<Options>;

constexpr Row rows[] = {
    {{"-x", "--ex"},
     "VALUE",
     "takes a value",
     [](Options& options, std::string_view value) -> Result<void> {
         if (value == "bad") {
             return fail(ErrorCode::InvalidArgument, "expected good");
         }
         options.values.emplace_back(value);
         return {};
     }},
    {{"--flag"},
     "",
     "takes none",
     [](Options& options, std::string_view) -> Result<void> {
         options.flag = true;
         return {};
     }},
};

Result<std::size_t> parse(const std::vector<std::string>& arguments, Options& options) {
    return parse_options(std::span<const Row>(rows), std::span(arguments), options);
}

std::string error_of(const std::vector<std::string>& arguments) {
    Options options;
    const Result<std::size_t> used = parse(arguments, options);
    return used ? "" : used.error().message;
}

TEST(OptionTable, TakesEverySpellingOfAValue) {
    Options options;
    EXPECT_EQ(parse({"-xa", "-x=b", "-x", "c", "--ex=d", "--ex", "e", "-x=-f", "--ex=[::1]:0",
                     "--ex=", "--ex=k=v"},
                    options),
              11U);
    EXPECT_EQ(options.values,
              (std::vector<std::string>{"a", "b", "c", "d", "e", "-f", "[::1]:0", "", "k=v"}));
}

TEST(OptionTable, EndsAtTheFirstArgumentThatIsNoOption) {
    Options options;
    EXPECT_EQ(parse({"--flag", "module", "--flag", "--unknown"}, options), 1U);
    EXPECT_EQ(parse({"-", "--flag"}, options), 0U);
    EXPECT_EQ(parse({"--", "-x"}, options), 1U);
    EXPECT_EQ(parse({}, options), 0U);
}

TEST(OptionTable, NamesTheOptionInErrors) {
    EXPECT_EQ(error_of({"--exx"}), "unknown option --exx");
    EXPECT_EQ(error_of({"-y"}), "unknown option -y");
    EXPECT_EQ(error_of({"--flag=1"}), "--flag=1: --flag takes no value");
    EXPECT_EQ(error_of({"--ex"}), "--ex needs a value: --ex=VALUE");
    EXPECT_EQ(error_of({"-xbad"}), "-x=bad: expected good");
}

TEST(OptionTable, ShowsOneRowPerOption) {
    EXPECT_EQ(help_of(std::span<const Row>(rows)), "  -x, --ex=VALUE              takes a value\n"
                                                   "  --flag                      takes none\n");
}

} // namespace
} // namespace wdbg::cli
