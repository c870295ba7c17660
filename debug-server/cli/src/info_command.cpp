// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "info_command.h"

#include "info_report.h"

#include <wdbg/cli/report.h>

#include <cstdio>

namespace wdbg::cli {

int info_command(std::span<const std::string> arguments) {
    const Result<InfoOptions> options = parse_info_options(arguments);
    if (!options) {
        report("info: " + options.error().message + " (see wdbg info --help)");
        return ExitStatus::Usage;
    }
    if (options->help) {
        std::fputs(info_help().c_str(), stdout);
        return ExitStatus::Success;
    }
    const Result<InfoJson> told = info_report(*options);
    if (!told) {
        report("info: " + told.error().message);
        return ExitStatus::Failure;
    }
    constexpr int indent = 2;
    // What is no UTF-8 (names from outside) is replaced.
    const std::string text =
        options->json ? told->dump(indent, ' ', false, InfoJson::error_handler_t::replace) + "\n"
                      : info_text(*told);
    std::fputs(text.c_str(), stdout);
    return ExitStatus::Success;
}

} // namespace wdbg::cli
