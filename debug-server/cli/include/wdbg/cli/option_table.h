// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// A command's options as a table: one row gives the spellings, the help text and what to do.
///
/// CLI11 does not fit here: it lets `--env=` swallow MODULE, splits values in brackets such as
/// `[::1]:0`, and goes on looking for options behind MODULE.
namespace wdbg::cli {

template <class Options>
struct OptionRow {
    std::array<std::string_view, 3> names; ///< "-g", "--listen"; unused ones are empty
    std::string_view value;                ///< what the value is called in help; empty for a flag
    std::string_view help;
    /// Takes the value ("" for a flag). An error's message says what would be right; the option
    /// itself is named by the caller.
    Result<void> (*apply)(Options& options, std::string_view value);
};

/// The spelling of an option and the value in the same argument.
struct SplitArgument {
    std::string_view name;
    std::string_view value;
    bool has_value = false;
};

/// `--name=value`, `--name`, `-n`, `-nVALUE`, `-n=VALUE`.
[[nodiscard]] SplitArgument split_argument(std::string_view argument);

/// "--name needs a value: --name=VALUE".
[[nodiscard]] std::string missing_value(std::string_view name, std::string_view value);

/// "--name=value: MESSAGE".
[[nodiscard]] std::string about_option(std::string_view name, std::string_view value,
                                       std::string_view message);

/// Two columns for one row of help.
[[nodiscard]] std::string help_line(std::span<const std::string_view> names, std::string_view value,
                                    std::string_view help);

template <class Options>
std::string help_of(std::span<const OptionRow<Options>> rows) {
    std::string text;
    for (const OptionRow<Options>& row : rows) {
        text += help_line(row.names, row.value, row.help);
    }
    return text;
}

/// Applies options up to the first argument that is none (or behind `--`) and returns how many
/// arguments that took. InvalidArgument names the option.
template <class Options>
Result<std::size_t> parse_options(std::span<const OptionRow<Options>> rows,
                                  std::span<const std::string> arguments, Options& options) {
    std::size_t next = 0;
    while (next < arguments.size() && arguments[next].size() > 1 && arguments[next][0] == '-') {
        const std::string& argument = arguments[next++];
        if (argument == "--") {
            break;
        }
        auto [name, value, has_value] = split_argument(argument);
        const auto row = std::ranges::find_if(rows, [name = name](const OptionRow<Options>& each) {
            return std::ranges::find(each.names, name) != each.names.end();
        });
        if (row == rows.end()) {
            return fail(ErrorCode::InvalidArgument, "unknown option " + argument);
        }
        if (row->value.empty() && has_value) {
            return fail(ErrorCode::InvalidArgument,
                        argument + ": " + std::string(name) + " takes no value");
        }
        if (!row->value.empty() && !has_value) {
            if (next == arguments.size()) {
                return fail(ErrorCode::InvalidArgument, missing_value(argument, row->value));
            }
            value = arguments[next++];
        }
        if (Result<void> applied = row->apply(options, value); !applied) {
            return fail(applied.error().code, about_option(name, value, applied.error().message));
        }
    }
    return next;
}

} // namespace wdbg::cli
