// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler.h"
#include "debug_writer.h"
#include "options.h"
#include "output_file.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/coverage.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>
#include <wdbg/version.h>

#include <llvm/Config/llvm-config.h>

#include <algorithm>
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

std::vector<std::string> facts_of(const Options& options, const wasm::Module& module,
                                  const Compiled& compiled) {
    std::vector<std::string> facts;
    facts.push_back("options=" + options.code_options());
    if (options.cpu.empty() && !compiled.processor.empty()) {
        facts.push_back("cpu=" + compiled.processor);
    }
    facts.push_back("module=" + options.module);
    facts.push_back("wdbg=" + std::string(version));
    facts.emplace_back("llvm=" LLVM_VERSION_STRING);
    facts.emplace_back("wamr=" WDBG_WAMR_VERSION);
    if (!compiled.differing.empty()) {
        std::string differing;
        for (const std::uint32_t each : compiled.differing) {
            differing += (differing.empty() ? "" : ",") +
                         std::to_string(module.imported_function_count() + each);
        }
        facts.push_back("differing=" + differing);
    }
    return facts;
}

Result<void> write_coverage(const Options& options, const wasm::Module& module,
                            const dwarf::GuestDwarf& guest, std::span<const std::byte> debug_file) {
    const auto info = dwarf::make_aot_debug_info(
        {.debug_file = debug_file, .module = {.bytes = module.bytes(), .path = options.module}});
    const Result<dwarf::Coverage> coverage =
        info ? dwarf::measure_coverage(guest, **info) : std::unexpected(info.error());
    if (!coverage) {
        return std::unexpected(coverage.error());
    }
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

/// "3 of 40 functions differ: 7 (main), 8, 9"
std::string told_differing(const wasm::Module& module, const Compiled& compiled) {
    constexpr std::size_t most = 10;
    std::string text = std::to_string(compiled.differing.size()) + " of " +
                       std::to_string(module.bodies().size()) + " functions differ: ";
    for (std::size_t each = 0; each < std::min(most, compiled.differing.size()); ++each) {
        const std::uint32_t index = module.imported_function_count() + compiled.differing[each];
        text += (each == 0 ? "" : ", ") + std::to_string(index) + " (" +
                module.function_name(index) + ")";
    }
    return text + (compiled.differing.size() > most ? ", …" : "");
}

/// For --debug-for: nothing but the debug file is written.
Result<void> write_debug_file_only(const Options& options, const wasm::Module& module,
                                   const dwarf::GuestDwarf& guest, const Compiled& compiled) {
    if (compiled.differing.size() == module.bodies().size() && !module.bodies().empty()) {
        return fail(ErrorCode::NotFound,
                    options.debug_for + " has other code for each function; are " +
                        options.code_options() + " the options that it was compiled with, and " +
                        options.module + " the module?");
    }
    if (!compiled.differing.empty()) {
        report(options.debug_for + ": " + told_differing(module, compiled) +
               "; they have no debug information");
    }
    const std::vector<std::byte> bytes =
        write_debug_file(compiled.object, module, facts_of(options, module, compiled));
    if (!options.coverage.empty()) {
        if (Result<void> done = write_coverage(options, module, guest, bytes); !done) {
            return done;
        }
    }
    Result<OutputFile> debug = OutputFile::write(options.debug_path(), bytes);
    return debug ? debug->commit() : std::unexpected(debug.error());
}

Result<void> write_outputs(const Options& options, const wasm::Module& module,
                           const dwarf::GuestDwarf& guest, const Compiled& compiled) {
    if (!options.debug_for.empty()) {
        return write_debug_file_only(options, module, guest, compiled);
    }
    Result<OutputFile> aot = OutputFile::write(options.output, compiled.aot);
    if (!aot) {
        return std::unexpected(aot.error());
    }
    if (compiled.object.text.empty()) {
        return aot->commit();
    }
    const std::vector<std::byte> bytes =
        write_debug_file(compiled.object, module, facts_of(options, module, compiled));
    if (!options.coverage.empty()) {
        if (Result<void> done = write_coverage(options, module, guest, bytes); !done) {
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
            report(options.module +
                   ": compiled without its debug information: " + guest.error().message);
        }
        return {};
    }
    for (const std::string& problem : guest->problems) {
        report(options.module + ": debug information is missing: " + problem);
    }
    return std::move(*guest);
}

Result<void> read_deployed(const Options& options, std::vector<std::byte>& bytes,
                           std::optional<dwarf::AotFile>& deployed) {
    Result<std::vector<std::byte>> read = read_file(options.debug_for);
    if (!read) {
        return std::unexpected(read.error());
    }
    bytes = std::move(*read);
    Result<dwarf::AotFile> file = dwarf::AotFile::parse(bytes);
    if (!file) {
        return fail(file.error().code, options.debug_for + ": " + file.error().message);
    }
    deployed = std::move(*file);
    return {};
}

Result<void> run(const Options& options) {
    const Progress progress("compiling " + options.module + " …");
    Result<wasm::Module> module = read_module(options.module);
    if (!module) {
        return std::unexpected(module.error());
    }
    const dwarf::GuestDwarf guest = read_guest(options, *module);
    std::vector<std::byte> deployed_bytes;
    std::optional<dwarf::AotFile> deployed;
    if (!options.debug_for.empty()) {
        if (Result<void> read = read_deployed(options, deployed_bytes, deployed); !read) {
            return read;
        }
    }
    Result<Compiled> compiled = compile(*module, guest, options, deployed ? &*deployed : nullptr);
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
