// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/report.h>

#include <algorithm>
#include <cstdio>

namespace wdbg::cli {
namespace {

std::string hex(std::uint32_t value) {
    constexpr std::size_t longest = 16;
    char text[longest];
    std::snprintf(text, sizeof text, "0x%x", value);
    return text;
}

} // namespace

void report(std::string_view message) {
    std::string line = "wdbg: " + std::string(message);
    std::ranges::replace(line, '\n', ' ');
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string trap_line(std::string_view trap, const TrapPlace& place) {
    std::string line = "trap: " + std::string(trap);
    if (!place.file.empty()) {
        line += ", at " + place.file + ":" + std::to_string(place.line);
    } else if (!place.module.empty()) {
        line += ", at " + place.module;
        if (place.offset.value != 0) {
            line += "+" + hex(place.offset.value);
        }
    }
    if (!place.function.empty()) {
        line += " (" + place.function + ")";
    }
    return line;
}

} // namespace wdbg::cli
