// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "options.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace wdbg::compile {
namespace {

Result<void> invalid(std::string message) {
    return fail(ErrorCode::InvalidArgument, std::move(message));
}

Result<void> set_level(Options& options, std::string_view value) {
    if (value.size() != 1 || std::string_view("0123g").find(value) == std::string_view::npos) {
        return invalid("expected -O0, -O1, -O2, -O3 or -Og");
    }
    options.debuggable = value == "g";
    options.level = options.debuggable ? 1 : static_cast<std::uint32_t>(value[0] - '0');
    return {};
}

Result<void> set_bounds_checks(Options& options, std::string_view value) {
    if (value != "0" && value != "1") {
        return invalid("expected 0 (by guard pages) or 1 (in the code)");
    }
    options.bounds_checks = value == "1";
    return {};
}

Result<void> set_size_level(Options& options, std::string_view value) {
    if (value.size() != 1 || value[0] < '0' || value[0] > '3') {
        return invalid("expected 0 (large code model) to 3 (small)");
    }
    options.size_level = static_cast<std::uint32_t>(value[0] - '0');
    return {};
}

Result<void> set_slots(Options& options, std::string_view value) {
    constexpr std::array<std::string_view, 4> known{"auto", "none", "frame", "all"};
    if (std::ranges::find(known, value) == known.end()) {
        return invalid("expected auto, none, frame or all");
    }
    options.slots = value;
    return {};
}

template <std::string Options::* Member>
Result<void> set_text(Options& options, std::string_view value) {
    if (value.empty()) {
        return invalid("expected a value");
    }
    options.*Member = value;
    return {};
}

template <bool Options::* Member>
Result<void> set_flag(Options& options, std::string_view /*value*/) {
    options.*Member = true;
    return {};
}

struct Row {
    std::string_view name;
    std::string_view value; ///< empty for a flag
    std::string_view help;
    Result<void> (*apply)(Options& options, std::string_view value);
};

constexpr std::array<Row, 20> rows{{
    {"-o", "OUT.aot", "the file to make", set_text<&Options::output>},
    {"-O", "LEVEL", "0 to 3 (default 3), or g: all variables readable, runs near -O3", set_level},
    {"--plain-code", "", "machine code as without debug information",
     set_flag<&Options::plain_code>},
    {"--target", "ARCH", "x86_64, aarch64, thumbv7em, riscv32, … (default: this machine's)",
     set_text<&Options::target>},
    {"--target-abi", "ABI", "eabi, gnueabihf, ilp32d, lp64, …", set_text<&Options::target_abi>},
    {"--cpu", "NAME", "processor of the target", set_text<&Options::cpu>},
    {"--cpu-features", "LIST", "+feature,-feature", set_text<&Options::cpu_features>},
    {"--debug-file", "PATH", "default: OUT.aot.debug", set_text<&Options::debug_file>},
    {"--no-debug-file", "", "only the .aot", set_flag<&Options::no_debug_file>},
    {"--debug-for", "DEPLOYED.aot",
     "make the debug file of an .aot that exists, from the same module with the same options",
     set_text<&Options::debug_for>},
    {"--enable-multi-thread", "", "for modules with threads", set_flag<&Options::multi_thread>},
    {"--xip", "", "code that runs in place, from flash", set_flag<&Options::xip>},
    {"--bounds-checks", "0|1", "of memory accesses in the code (default: as the target needs)",
     set_bounds_checks},
    {"--size-level", "0…3", "code model, as wamrc has it (default 3)", set_size_level},
    {"--slots", "WHICH", "-Og: locals kept in memory: auto, none, frame, all", set_slots},
    {"--coverage", "FILE", "write what remains visible as JSON (\"-\": stdout)",
     set_text<&Options::coverage>},
    {"-v", "", "show what WAMR has to say", set_flag<&Options::verbose>},
    {"--verbose", "", "the same", set_flag<&Options::verbose>},
    {"-h", "", "this text", set_flag<&Options::help>},
    {"--help", "", "this text", set_flag<&Options::help>},
}};

struct Split {
    std::string_view name;
    std::string_view value;
    bool has_value = false;
};

/// "--name=value", "-nVALUE".
Split split(std::string_view argument) {
    constexpr std::size_t short_length = 2;
    std::size_t length = std::min(argument.size(), short_length);
    if (argument.starts_with("--")) {
        length = std::min(argument.find('='), argument.size());
    }
    Split result{.name = argument.substr(0, length),
                 .value = argument.substr(length),
                 .has_value = length < argument.size()};
    if (result.value.starts_with('=')) {
        result.value.remove_prefix(1);
    }
    return result;
}

/// Applies the option at `next` and returns how many arguments it took.
Result<std::size_t> apply_option(Options& options, std::span<const std::string> rest) {
    auto [name, value, has_value] = split(rest[0]);
    const auto* const row = std::ranges::find(rows, name, &Row::name);
    if (row == rows.end()) {
        return fail(ErrorCode::InvalidArgument,
                    "unknown option " + rest[0] + " (see wdbg compile --help)");
    }
    if (row->value.empty() && has_value) {
        return fail(ErrorCode::InvalidArgument,
                    rest[0] + ": " + std::string(name) + " takes no value");
    }
    std::size_t taken = 1;
    if (!row->value.empty() && !has_value) {
        if (rest.size() < 2) {
            return fail(ErrorCode::InvalidArgument,
                        rest[0] + " needs a value: " + rest[0] + " " + std::string(row->value));
        }
        value = rest[1];
        taken = 2;
    }
    if (Result<void> applied = row->apply(options, value); !applied) {
        return fail(applied.error().code, std::string(name) + (name == "-O" ? "" : " ") +
                                              std::string(value) + ": " + applied.error().message);
    }
    return taken;
}

Result<void> check(const Options& options) {
    if (options.module.empty()) {
        return invalid("no module given; expected wdbg compile [options] MODULE.wasm -o OUT.aot");
    }
    if (options.output.empty() && options.debug_for.empty()) {
        return invalid("no output given; expected -o OUT.aot");
    }
    if (!options.debug_for.empty() && (!options.output.empty() || options.no_debug_file)) {
        return invalid("--debug-for makes a debug file only: expected neither -o nor "
                       "--no-debug-file with it");
    }
    if (options.no_debug_file && !options.debug_file.empty()) {
        return invalid("--debug-file and --no-debug-file exclude each other");
    }
    if (options.plain_code && options.debuggable) {
        return invalid("--plain-code and -Og exclude each other: -Og changes the code");
    }
    return {};
}

} // namespace

std::string Options::code_options() const {
    std::string text = "-O" + (debuggable ? "g" : std::to_string(level));
    const auto add = [&text](std::string_view name, const std::string& value) {
        text += value.empty() ? "" : " " + std::string(name) + "=" + value;
    };
    add("--target", target);
    add("--target-abi", target_abi);
    add("--cpu", cpu);
    add("--cpu-features", cpu_features);
    text += plain_code ? " --plain-code" : "";
    text += multi_thread ? " --enable-multi-thread" : "";
    text += xip ? " --xip" : "";
    if (bounds_checks) {
        text += *bounds_checks ? " --bounds-checks=1" : " --bounds-checks=0";
    }
    if (size_level) {
        text += " --size-level=" + std::to_string(*size_level);
    }
    if (debuggable && slots != "auto") {
        text += " --slots=" + slots;
    }
    return text;
}

std::string Options::debug_path() const {
    return debug_file.empty() ? (debug_for.empty() ? output : debug_for) + ".debug" : debug_file;
}

Result<Options> parse_options(std::span<const std::string> arguments) {
    Options options;
    for (std::size_t next = 0; next < arguments.size();) {
        const std::string& argument = arguments[next];
        if (argument.size() < 2 || argument[0] != '-') {
            if (!options.module.empty()) {
                return fail(ErrorCode::InvalidArgument,
                            "more than one module: " + options.module + " and " + argument);
            }
            options.module = argument;
            ++next;
            continue;
        }
        const Result<std::size_t> taken = apply_option(options, arguments.subspan(next));
        if (!taken) {
            return std::unexpected(taken.error());
        }
        next += *taken;
    }
    if (!options.help) {
        if (Result<void> good = check(options); !good) {
            return std::unexpected(good.error());
        }
    }
    return options;
}

std::string help_text() {
    std::string text = "usage: wdbg compile [options] MODULE.wasm -o OUT.aot\n"
                       "       wdbg compile [options] MODULE.wasm --debug-for=DEPLOYED.aot\n\n"
                       "Compiles MODULE.wasm ahead of time for WAMR and writes a debug file beside "
                       "it.\n\n";
    constexpr std::size_t help_column = 26;
    for (const Row& row : rows) {
        std::string line = "  " + std::string(row.name);
        if (!row.value.empty()) {
            line += (row.name.size() > 2 ? "="
                     : row.name == "-O"  ? ""
                                         : " ") +
                    std::string(row.value);
        }
        line.resize(std::max(help_column, line.size() + 1), ' ');
        text += line + std::string(row.help) + "\n";
    }
    return text;
}

} // namespace wdbg::compile
