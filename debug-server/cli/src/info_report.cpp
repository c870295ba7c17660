// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "info_report.h"

#include "module_files.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/loader.h>
#include <wdbg/model/hex.h>
#include <wdbg/wasm/module.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>

namespace wdbg::cli {
namespace {

namespace fs = std::filesystem;

using Bytes = std::vector<std::byte>;

double percent(std::uint64_t part, std::uint64_t whole) {
    constexpr double tenths = 1000.0;
    const double share = whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
    return std::round(share * tenths) / 10.0;
}

// --- The parts of a report -----------------------------------------------------------------------

InfoJson wasm_part(const wasm::Module& module) {
    InfoJson part;
    part["functions"] = module.bodies().size();
    part["imported_functions"] = module.imported_function_count();
    if (!module.build_id().empty()) {
        part["build_id"] = hex_of(module.build_id());
    }
    InfoJson producers = InfoJson::array();
    for (const auto& producer : module.producers()) {
        producers.push_back(std::string(producer.name) + " " + std::string(producer.version));
    }
    part["producers"] = std::move(producers);
    InfoJson sections = InfoJson::object();
    static constexpr std::array<std::string_view, 14> names{
        "custom", "type",  "import",   "function", "table", "memory",     "global",
        "export", "start", "elements", "code",     "data",  "data count", "tag"};
    for (const wasm::Section& section : module.sections()) {
        const auto id = static_cast<std::size_t>(section.id);
        const std::string name(section.name.empty() && id < names.size() ? names.at(id)
                                                                         : section.name);
        sections[name] = section.end.value - section.contents.value;
    }
    part["section_sizes"] = std::move(sections);
    return part;
}

InfoJson debug_part(const dwarf::DebugSummary& summary) {
    InfoJson part;
    part["found"] = !summary.guest_file.empty();
    if (!summary.guest_problem.empty()) {
        part["problem"] = summary.guest_problem;
        return part;
    }
    part["file"] = summary.guest_file.string();
    part["languages"] = summary.languages;
    part["units"] = summary.units;
    part["functions"] = summary.functions;
    part["lines"] = summary.lines;
    if (!summary.problems.empty()) {
        part["problems"] = summary.problems;
    }
    return part;
}

InfoJson coverage_part(const dwarf::Coverage& coverage) {
    InfoJson part;
    part["lines"] = coverage.lines;
    part["lines_exact"] = coverage.lines_exact;
    part["lines_by_range"] = coverage.lines_by_range;
    part["lines_breakable"] = coverage.lines_breakable;
    part["variables"] = coverage.variables;
    part["variables_readable"] = coverage.variables_readable;
    part["variables_on_stack"] = coverage.variables_on_stack;
    part["text_size"] = coverage.text_size;
    part["lines_exact_percent"] = percent(coverage.lines_exact, coverage.lines);
    part["lines_by_range_percent"] = percent(coverage.lines_by_range, coverage.lines);
    part["lines_breakable_percent"] = percent(coverage.lines_breakable, coverage.lines);
    part["variables_readable_percent"] = percent(coverage.variables_readable, coverage.variables);
    return part;
}

InfoJson code_part(const dwarf::AotFile& aot) {
    static constexpr std::array<std::string_view, 14> features{
        "simd",       "bulk-memory",         "threads",      "reference-types",
        "gc",         "exceptions",          "tiny-frames",  "multi-memory",
        "linking",    "component-model",     "relaxed-simd", "flexible-vectors",
        "frame-each", "frames-without-index"};
    InfoJson part;
    part["target"] = aot.architecture();
    part["bits"] = aot.is_64() ? 64 : 32;
    part["endian"] = aot.is_little_endian() ? "little" : "big";
    part["aot_version"] = aot.version();
    part["xip"] = aot.is_xip();
    InfoJson needed = InfoJson::array();
    for (std::size_t bit = 0; bit < features.size(); ++bit) {
        if (((aot.features() >> bit) & 1U) != 0) {
            needed.push_back(features.at(bit));
        }
    }
    part["features"] = std::move(needed);
    part["functions"] = aot.functions().size();
    part["exports"] = aot.exports().size();
    part["text_size"] = aot.text().size();
    part["text_relocations"] = aot.text_relocations().size();
    InfoJson sections = InfoJson::object();
    static constexpr std::array<std::string_view, 6> names{"target",    "data",    "text",
                                                           "functions", "exports", "relocations"};
    for (const dwarf::AotSection& section : aot.sections()) {
        const std::string name(section.type < names.size() ? names.at(section.type) : "custom");
        sections[name] = sections.value(name, 0U) + section.size;
    }
    part["section_sizes"] = std::move(sections);
    return part;
}

InfoJson debug_file_part(const dwarf::AotDebugInfo& info, const fs::path& path) {
    const dwarf::DebugFile& file = info.file();
    InfoJson part;
    part["path"] = path.string();
    for (const char* const fact : {"options", "cpu", "module", "wdbg", "llvm", "wamr"}) {
        if (const auto value = info.fact(fact)) {
            part[fact] = *value;
        }
    }
    part["machine"] = file.machine();
    part["build_id"] = hex_of(file.build_id());
    part["module_sha256"] = hex_of(std::as_bytes(std::span(file.module_hash())));
    part["text_sha256"] = hex_of(std::as_bytes(std::span(file.text_hash())));
    part["text_size"] = file.text_size();
    part["functions"] = file.functions().size();
    if (const auto differing = info.fact("differing")) {
        part["functions_that_differ"] = *differing;
    }
    return part;
}

void tell_if_belongs(InfoJson& part, const char* what, const Result<void>& belongs) {
    part[std::string("belongs_to_") + what] = belongs.has_value();
    if (!belongs) {
        part[std::string("why_not_") + what] = belongs.error().message;
    }
}

// --- The report ----------------------------------------------------------------------------------

class Reporter {
  public:
    explicit Reporter(const InfoOptions& options) : options_(options) {}

    Result<InfoJson> run() {
        auto bytes = read_file(options_.module);
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        report_["file"] = options_.module.string();
        report_["size"] = bytes->size();
        const Result<void> done = dwarf::is_aot_file(*bytes) ? tell_aot(std::move(*bytes))
                                  : is_elf(*bytes)           ? tell_debug_file(std::move(*bytes))
                                                             : tell_wasm(*bytes);
        if (!done) {
            return fail(done.error().code, options_.module.string() + ": " + done.error().message);
        }
        return std::move(report_);
    }

  private:
    static bool is_elf(std::span<const std::byte> bytes) {
        static constexpr std::array magic{std::byte{0x7f}, std::byte{'E'}, std::byte{'L'},
                                          std::byte{'F'}};
        return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), magic);
    }

    Result<void> tell_wasm(const Bytes& bytes) {
        const auto module = wasm::Module::parse(bytes);
        if (!module) {
            return fail(module.error().code,
                        module.error().message + "; expected a .wasm, .aot or .aot.debug file");
        }
        report_["format"] = "wasm";
        report_["module"] = wasm_part(*module);
        if (!options_.debug_file.empty()) {
            auto named = read_file(options_.debug_file);
            if (!named) {
                return std::unexpected(named.error());
            }
            if (Result<void> read = open_debug_file(std::move(*named), options_.debug_file);
                !read) {
                return read;
            }
        }
        return tell_guest(bytes, options_.module);
    }

    Result<void> tell_aot(Bytes bytes) {
        const auto aot = dwarf::AotFile::parse(bytes);
        if (!aot) {
            return std::unexpected(aot.error());
        }
        report_["format"] = "aot";
        report_["code"] = code_part(*aot);
        const bool is_named = !options_.debug_file.empty();
        const fs::path path =
            is_named ? options_.debug_file : fs::path(options_.module.string() + ".debug");
        auto debug_file = read_file(path);
        if (!debug_file) {
            report_["debug_file"] = {
                {"problem", debug_file.error().message},
                {"hint", "make it from the .wasm: wdbg compile MODULE.wasm --debug-for=" +
                             options_.module.string()}};
            return {};
        }
        if (Result<void> read = open_debug_file(std::move(*debug_file), path); !read) {
            report_["debug_file"] = {{"path", path.string()}, {"problem", read.error().message}};
            return {};
        }
        tell_if_belongs(report_["debug_file"], "code", info_->check_text(aot->text()));
        return tell_found_wasm(options_.module);
    }

    Result<void> tell_debug_file(Bytes bytes) {
        report_["format"] = "debug file";
        if (Result<void> read = open_debug_file(std::move(bytes), options_.module); !read) {
            return read;
        }
        const fs::path aot = fs::path(options_.module).replace_extension();
        if (const auto code = read_file(aot)) {
            const auto file = dwarf::AotFile::parse(*code);
            report_["debug_file"]["code"] = aot.string();
            tell_if_belongs(report_["debug_file"], "code",
                            file ? info_->check_text(file->text())
                                 : Result<void>(std::unexpected(file.error())));
        }
        return tell_found_wasm(aot);
    }

    Result<void> open_debug_file(Bytes bytes, const fs::path& path) {
        debug_file_ = std::move(bytes);
        auto info = dwarf::load_aot_debug_info({.debug_file = debug_file_, .module = {}});
        if (!info) {
            return std::unexpected(info.error());
        }
        info_ = std::move(*info);
        report_["debug_file"] = debug_file_part(*info_, path);
        return {};
    }

    Result<void> tell_found_wasm(const fs::path& aot) {
        const fs::path wasm = find_wasm(aot, *info_);
        const auto bytes = read_file(wasm);
        if (wasm.empty() || !bytes) {
            report_["module"] = {{"problem", "the .wasm it was made from was not found"}};
            return {};
        }
        const auto module = wasm::Module::parse(*bytes);
        if (!module) {
            return std::unexpected(module.error());
        }
        report_["module"] = wasm_part(*module);
        return tell_guest(*bytes, wasm);
    }

    /// What a debugger can see, in the guest and of it in the code.
    Result<void> tell_guest(const Bytes& bytes, const fs::path& path) {
        const auto belongs = info_ == nullptr ? Result<void>() : info_->check_module(bytes);
        if (info_ != nullptr) {
            tell_if_belongs(report_["debug_file"], "module", belongs);
        }
        const auto summary = dwarf::load_debug_summary(
            {.bytes = bytes, .path = path},
            belongs ? std::span<const std::byte>(debug_file_) : std::span<const std::byte>{});
        if (!summary) {
            return std::unexpected(summary.error());
        }
        report_["module"]["path"] = path.string();
        report_["module"]["sha256"] = summary->module_hash;
        report_["debug_information"] = debug_part(*summary);
        if (summary->coverage) {
            report_["coverage"] = coverage_part(*summary->coverage);
        } else if (!summary->coverage_problem.empty()) {
            report_["coverage"] = {{"problem", summary->coverage_problem}};
        }
        return {};
    }

    const InfoOptions& options_;
    Bytes debug_file_{};
    std::unique_ptr<dwarf::AotDebugInfo> info_{}; ///< of debug_file_
    InfoJson report_{};
};

std::string plain(const InfoJson& value) {
    if (value.is_string()) {
        std::string text = value.get<std::string>();
        std::ranges::replace_if(
            text, [](char each) { return static_cast<unsigned char>(each) < ' '; }, '?');
        return text;
    }
    return value.dump();
}

// NOLINTNEXTLINE(misc-no-recursion): the report's own depth
void add_lines(std::string& text, const InfoJson& object, std::size_t depth) {
    for (const auto& [key, value] : object.items()) {
        std::string name = key;
        if (depth < 2) { // deeper ones are names of sections
            std::ranges::replace(name, '_', ' ');
        }
        text += std::string(2 * depth, ' ') + name + ":";
        if (value.is_object()) {
            text += "\n";
            add_lines(text, value, depth + 1);
            continue;
        }
        if (value.is_array()) {
            for (std::size_t each = 0; each < value.size(); ++each) {
                text += (each == 0 ? " " : ", ") + plain(value[each]);
            }
            text += "\n";
            continue;
        }
        text += " " + plain(value) + "\n";
    }
}

} // namespace

Result<InfoJson> info_report(const InfoOptions& options) {
    return Reporter(options).run();
}

std::string info_text(const InfoJson& report) {
    std::string text;
    add_lines(text, report, 0);
    return text;
}

} // namespace wdbg::cli
