// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_data.h"

#include <wdbg/dwarf/debug_summary.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>

#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/SHA256.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace wdbg::dwarf {
namespace {

std::string sha256(std::span<const std::byte> bytes) {
    llvm::SHA256 hash;
    hash.update(llvm::ArrayRef<std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                             bytes.size()));
    return llvm::toHex(hash.final(), true);
}

void add_units(DebugSummary& summary, const ModuleSource& module) {
    const auto data = DebugData::open(module);
    if (!data) {
        return;
    }
    summary.units = (*data)->unit_count();
    std::set<std::string> languages;
    for (std::size_t each = 0; each < (*data)->unit_count(); ++each) {
        const llvm::DWARFDie root = (*data)->unit(each).getUnitDIE();
        const auto language = root.isValid()
                                  ? llvm::dwarf::toUnsigned(root.find(llvm::dwarf::DW_AT_language))
                                  : std::nullopt;
        llvm::StringRef name =
            language ? llvm::dwarf::LanguageString(static_cast<unsigned>(*language)) : "";
        name.consume_front("DW_LANG_");
        if (!name.empty()) {
            languages.insert(name.str());
        }
    }
    summary.languages.assign(languages.begin(), languages.end());
}

void add_lines(DebugSummary& summary, const GuestDwarf& guest) {
    std::set<std::uint32_t> functions;
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> lines;
    for (const StatementRow& row : guest.rows) {
        functions.insert(row.function);
        lines.emplace(row.function, row.file, row.line);
    }
    summary.functions = functions.size();
    summary.lines = lines.size();
}

void add_coverage(DebugSummary& summary, const GuestDwarf& guest, const AotDebugSource& source) {
    const auto info = make_aot_debug_info(source);
    const Result<Coverage> coverage =
        info ? measure_coverage(guest, **info) : std::unexpected(info.error());
    if (coverage) {
        summary.coverage = *coverage;
    } else {
        summary.coverage_problem = coverage.error().message;
    }
}

} // namespace

Result<DebugSummary> summarize_debug_info(const ModuleSource& module,
                                          std::span<const std::byte> debug_file) {
    if (const auto parsed = wasm::Module::parse(module.bytes); !parsed) {
        return std::unexpected(parsed.error());
    }
    DebugSummary summary;
    summary.module_hash = sha256(module.bytes);
    const Result<GuestDwarf> guest = read_guest_dwarf(module);
    if (!guest) {
        summary.guest_problem = guest.error().message;
    } else {
        summary.guest_file = guest->file;
        summary.problems = guest->problems;
        add_units(summary, module);
        add_lines(summary, *guest);
    }
    if (guest && !debug_file.empty()) {
        add_coverage(summary, *guest, {.debug_file = debug_file, .module = module});
    }
    return summary;
}

} // namespace wdbg::dwarf
