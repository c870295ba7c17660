// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/report.h>
#include <wdbg/model/hex.h>

#include <algorithm>
#include <cstdio>

namespace wdbg::cli {

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
            line += "+0x" + hex_of(place.offset.value);
        }
    }
    if (!place.function.empty()) {
        line += " (" + place.function + ")";
    }
    return line;
}

} // namespace wdbg::cli
