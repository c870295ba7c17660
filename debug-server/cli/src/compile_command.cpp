// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compile_command.h"

#include <wdbg/cli/report.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace wdbg::cli {

int compile_command(std::span<const std::string> arguments) {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    std::string program = (self.parent_path() / "wdbg-compile").string();
    std::vector<std::string> copies(arguments.begin(), arguments.end());
    std::vector<char*> argv{program.data()};
    for (std::string& argument : copies) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    report("compile: cannot start " + program + ": " + std::strerror(errno));
    return ExitStatus::Failure;
}

} // namespace wdbg::cli
