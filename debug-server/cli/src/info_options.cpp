// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/info_options.h>
#include <wdbg/cli/option_table.h>

namespace wdbg::cli {
namespace {

using Row = OptionRow<InfoOptions>;

constexpr Row rows[] = {
    {{"--debug-file"},
     "PATH",
     "the debug file, where it is not found beside MODULE",
     [](InfoOptions& options, std::string_view value) -> Result<void> {
         options.debug_file = value;
         return {};
     }},
    {{"--json"},
     "",
     "for programs: one JSON object on stdout",
     [](InfoOptions& options, std::string_view) -> Result<void> {
         options.json = true;
         return {};
     }},
    {{"-h", "--help"},
     "",
     "this text",
     [](InfoOptions& options, std::string_view) -> Result<void> {
         options.help = true;
         return {};
     }},
};

} // namespace

Result<InfoOptions> parse_info_options(std::span<const std::string> arguments) {
    InfoOptions options;
    while (!arguments.empty()) {
        const Result<std::size_t> used =
            parse_options(std::span<const Row>(rows), arguments, options);
        if (!used) {
            return std::unexpected(used.error());
        }
        arguments = arguments.subspan(*used);
        if (arguments.empty()) {
            break;
        }
        if (!options.module.empty()) {
            return fail(ErrorCode::InvalidArgument,
                        "unexpected argument " + arguments.front() + "; expected one MODULE");
        }
        options.module = arguments.front();
        arguments = arguments.subspan(1);
    }
    if (options.module.empty() && !options.help) {
        return fail(ErrorCode::InvalidArgument,
                    "no module given; expected wdbg info MODULE (.wasm, .aot or .aot.debug)");
    }
    return options;
}

std::string info_help() {
    return "usage: wdbg info [options] MODULE\n\n"
           "Tells what MODULE (.wasm, .aot or .aot.debug) is, which files belong to it, and what "
           "a\n"
           "debugger can see in it.\n\n" +
           help_of(std::span<const Row>(rows));
}

} // namespace wdbg::cli
