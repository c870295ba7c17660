// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler.h"
#include "debug_writer.h"
#include "options.h"
#include "output_file.h"

#include <wdbg/dwarf/coverage.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/version.h>

#include <llvm/Config/llvm-config.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace wdbg::compile {
namespace {

constexpr int failure = 1;
constexpr int usage = 2;

void report(const std::string& message) {
    std::string line = "wdbg: " + message;
    for (char& each : line) {
        each = each == '\n' ? ' ' : each;
    }
    std::fprintf(stderr, "%s\n", line.c_str());
}

/// Says so, once, when the work takes longer than a second.
class Progress {
  public:
    explicit Progress(std::string message)
        : message_(std::move(message))
        , thread_([this](const std::stop_token& stop) { wait(stop); }) {}

  private:
    void wait(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        if (!ended_.wait_for(lock, stop, std::chrono::seconds(1),
                             [&stop] { return stop.stop_requested(); })) {
            report(message_);
        }
    }

    std::string message_;
    std::mutex mutex_{};
    std::condition_variable_any ended_{};
    std::jthread thread_; ///< last: it uses the others
};

Result<std::vector<std::byte>> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(ErrorCode::Io, "cannot read " + path + ": " + std::strerror(errno));
    }
    const std::vector<char> text((std::istreambuf_iterator<char>(file)), {});
    if (file.bad()) {
        return fail(ErrorCode::Io, "cannot read " + path);
    }
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    return std::vector<std::byte>(begin, begin + text.size());
}

Result<wasm::Module> read_module(const std::string& path) {
    Result<std::vector<std::byte>> bytes = read_file(path);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    constexpr std::string_view aot_magic("\0aot", 4);
    if (bytes->size() >= aot_magic.size() &&
        std::memcmp(bytes->data(), aot_magic.data(), aot_magic.size()) == 0) {
        return fail(ErrorCode::Malformed,
                    path + " is compiled already; expected the .wasm it was made from");
    }
    Result<wasm::Module> module = wasm::Module::parse_owned(std::move(*bytes));
    if (!module) {
        return fail(module.error().code, path + ": " + module.error().message);
    }
    return module;
}

std::vector<std::string> facts_of(const Options& options) {
    std::vector<std::string> facts;
    facts.push_back("options=" + options.code_options());
    facts.push_back("module=" + options.module);
    facts.push_back("wdbg=" + std::string(version));
    facts.emplace_back("llvm=" LLVM_VERSION_STRING);
    facts.emplace_back("wamr=" WDBG_WAMR_VERSION);
    return facts;
}

Result<void> write_coverage(const Options& options, const dwarf::GuestDwarf& guest,
                            const Compiled& compiled, std::span<const std::byte> debug_file) {
    Result<dwarf::Coverage> coverage = dwarf::measure_coverage(guest, debug_file);
    if (!coverage) {
        return std::unexpected(coverage.error());
    }
    coverage->text_size = compiled.object.text.size();
    const std::string json = coverage->json();
    if (options.coverage == "-") {
        std::fputs(json.c_str(), stdout);
        return {};
    }
    Result<OutputFile> file = OutputFile::write(options.coverage, std::as_bytes(std::span(json)));
    if (!file) {
        return std::unexpected(file.error());
    }
    return file->commit();
}

Result<void> write_outputs(const Options& options, const wasm::Module& module,
                           const dwarf::GuestDwarf& guest, const Compiled& compiled) {
    Result<OutputFile> aot = OutputFile::write(options.output, compiled.aot);
    if (!aot) {
        return std::unexpected(aot.error());
    }
    if (compiled.object.text.empty()) {
        return aot->commit();
    }
    const std::vector<std::byte> bytes =
        write_debug_file(compiled.object, module, facts_of(options));
    if (!options.coverage.empty()) {
        if (Result<void> done = write_coverage(options, guest, compiled, bytes); !done) {
            return done;
        }
    }
    if (options.no_debug_file) {
        return aot->commit();
    }
    Result<OutputFile> debug = OutputFile::write(options.debug_path(), bytes);
    if (!debug) {
        return std::unexpected(debug.error());
    }
    // The debug file first: an .aot never stands beside the debug file of another.
    if (Result<void> done = debug->commit(); !done) {
        return done;
    }
    return aot->commit();
}

/// What the code is made by, or its coverage told by. A guest whose debug information cannot be
/// read is compiled without it, and the user told.
dwarf::GuestDwarf read_guest(const Options& options, const wasm::Module& module) {
    if (!options.debuggable && options.level != 0 && options.coverage.empty()) {
        return {};
    }
    Result<dwarf::GuestDwarf> guest =
        dwarf::read_guest_dwarf({.bytes = module.bytes(), .path = options.module});
    if (!guest) {
        if (guest.error().code != ErrorCode::Unavailable) {
            report(options.module + ": compiled without its debug information: " +
                   guest.error().message);
        }
        return {};
    }
    for (const std::string& problem : guest->problems) {
        report(options.module + ": debug information is missing: " + problem);
    }
    return std::move(*guest);
}

Result<void> run(const Options& options) {
    const Progress progress("compiling " + options.module + " …");
    Result<wasm::Module> module = read_module(options.module);
    if (!module) {
        return std::unexpected(module.error());
    }
    const dwarf::GuestDwarf guest = read_guest(options, *module);
    Result<Compiled> compiled = compile(*module, guest, options);
    if (!compiled) {
        return std::unexpected(compiled.error());
    }
    return write_outputs(options, *module, guest, *compiled);
}

int run_main(std::span<const std::string> arguments) {
    const Result<Options> options = parse_options(arguments);
    if (!options) {
        report(options.error().message);
        return usage;
    }
    if (options->help) {
        std::fputs(help_text().c_str(), stdout);
        return 0;
    }
    if (Result<void> done = run(*options); !done) {
        report(done.error().message);
        return failure;
    }
    return 0;
}

} // namespace
} // namespace wdbg::compile

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const int status = wdbg::compile::run_main(arguments);
    std::fflush(nullptr);
    std::_Exit(
        status); // tearing LLVM down takes time and gives nothing back that the system would not
}
