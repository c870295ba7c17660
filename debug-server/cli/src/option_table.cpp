// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/option_table.h>

namespace wdbg::cli {

SplitArgument split_argument(std::string_view argument) {
    constexpr std::size_t short_length = 2; // "-g"
    std::size_t name_length = argument.size();
    if (!argument.starts_with("--")) {
        name_length = std::min(argument.size(), short_length);
    } else if (const std::size_t equals = argument.find('='); equals != std::string_view::npos) {
        name_length = equals;
    }
    SplitArgument split{.name = argument.substr(0, name_length),
                        .value = argument.substr(name_length),
                        .has_value = name_length < argument.size()};
    if (split.value.starts_with('=')) {
        split.value.remove_prefix(1);
    }
    return split;
}

std::string missing_value(std::string_view name, std::string_view value) {
    std::string message(name);
    return message.append(" needs a value: ").append(name).append("=").append(value);
}

std::string about_option(std::string_view name, std::string_view value, std::string_view message) {
    std::string result(name);
    if (!value.empty()) {
        result.append("=").append(value);
    }
    return result.append(": ").append(message);
}

std::string help_line(std::span<const std::string_view> names, std::string_view value,
                      std::string_view help) {
    constexpr std::size_t help_column = 30;
    std::string line = "  ";
    for (std::string_view name : names) {
        if (name.empty()) {
            continue;
        }
        line += (line.size() > 2 ? ", " : "") + std::string(name);
    }
    if (!value.empty()) {
        line += "=" + std::string(value);
    }
    if (line.size() + 2 > help_column) {
        line += "\n" + std::string(help_column, ' ');
    } else {
        line.resize(help_column, ' ');
    }
    return line + std::string(help) + "\n";
}

} // namespace wdbg::cli
