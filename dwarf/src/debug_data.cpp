// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_data.h"

#include "debug_info_check.h"
#include "line_check.h"

#include <llvm/DebugInfo/DWARF/DWARFCompileUnit.h>
#include <llvm/DebugInfo/DWARF/DWARFDebugAranges.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;
namespace fs = std::filesystem;

constexpr std::uint8_t wasm_address_size = 4;
constexpr unsigned offset_bits = 40;

constexpr std::array<std::string_view, 24> used_sections{
    ".debug_abbrev",      ".debug_addr",         ".debug_aranges",
    ".debug_info",        ".debug_line",         ".debug_line_str",
    ".debug_ranges",      ".debug_rnglists",     ".debug_str",
    ".debug_str_offsets", ".debug_loc",          ".debug_loclists",
    ".debug_types",       ".debug_info.dwo",     ".debug_abbrev.dwo",
    ".debug_str.dwo",     ".debug_line.dwo",     ".debug_str_offsets.dwo",
    ".debug_loc.dwo",     ".debug_loclists.dwo", ".debug_rnglists.dwo",
    ".debug_types.dwo",   ".debug_cu_index",     ".debug_tu_index"};

} // namespace

/// A .dwo or .dwp: a wasm object whose custom sections are DWARF.
struct DebugData::SplitFile {
    std::optional<wasm::Module> module;
    SectionMap sections;
    std::unique_ptr<llvm::DWARFContext> context;
    std::string problem;
};

llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> debug_sections_of(const wasm::Module& module) {
    llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>> sections;
    for (const wasm::Section& section : module.sections()) {
        if (std::ranges::find(used_sections, section.name) == used_sections.end()) {
            continue;
        }
        const auto bytes = module.payload(section);
        const llvm::StringRef contents(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        sections.try_emplace(llvm::StringRef(section.name.substr(1)),
                             llvm::MemoryBuffer::getMemBuffer(contents, "", false));
    }
    return sections;
}

DebugData::DebugData(ModuleImage image)
    : image_(std::move(image))
    , sections_(debug_sections_of(image_.debug_module())) {
    const auto report = [this](llvm::Error error) { note(std::move(error)); };
    context_ = llvm::DWARFContext::create(sections_, wasm_address_size, true, report, report);
}

DebugData::~DebugData() = default;

Result<std::unique_ptr<DebugData>> DebugData::open(const ModuleSource& source) {
    auto image = ModuleImage::open(source);
    if (!image) {
        return std::unexpected(image.error());
    }
    std::unique_ptr<DebugData> data(new DebugData(std::move(*image)));
    if (auto checked = data->check(); !checked) {
        return std::unexpected(checked.error());
    }
    return data;
}

llvm::StringRef DebugData::section(llvm::StringRef name) const {
    const auto found = sections_.find(name);
    return found == sections_.end() ? llvm::StringRef() : found->second->getBuffer();
}

std::unexpected<Error> DebugData::damaged(const std::string& what) const {
    return fail(ErrorCode::Malformed,
                image_.debug_file().string() + ": damaged debug information: " + what);
}

void DebugData::note(llvm::Error error) {
    std::string text = llvm::toString(std::move(error));
    if (problem_.empty()) {
        problem_ = std::move(text);
    }
}

Result<void> DebugData::check() {
    const auto abbreviations = section("debug_abbrev");
    auto raw = RawEntries::open(section("debug_info"), abbreviations);
    if (!raw) {
        return damaged(raw.error().message);
    }
    raw_ = std::move(*raw);
    if (const auto lines = check_debug_line(section("debug_line")); !lines) {
        return damaged(lines.error().message);
    }
    for (const auto& unit : context_->info_section_units()) {
        if (!unit->isTypeUnit()) {
            unit_by_offset_.emplace(unit->getOffset(), units_.size());
            units_.push_back({.skeleton = unit.get(), .full = unit.get()});
        }
    }
    if (units_.empty()) {
        return damaged("no compile unit " + problem_);
    }
    return {};
}

llvm::DWARFUnit& DebugData::unit(std::size_t index) {
    CompileUnit& unit = units_[index];
    if (!unit.split_loaded) {
        unit.split_loaded = true;
        load_split(unit);
    }
    return *unit.full;
}

std::optional<std::size_t> DebugData::unit_at(CodeOffset offset) {
    const auto at = image_.to_dwarf(offset);
    if (!at) {
        return std::nullopt;
    }
    const std::uint64_t unit_offset = context_->getDebugAranges()->findAddress(at->value);
    const auto found = unit_by_offset_.find(unit_offset);
    return found == unit_by_offset_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> DebugData::index_of(const llvm::DWARFUnit* unit) const {
    for (std::size_t i = 0; i < units_.size(); ++i) {
        if (units_[i].full == unit || units_[i].skeleton == unit) {
            return i;
        }
    }
    return std::nullopt;
}

std::uint32_t DebugData::number_of(llvm::DWARFUnit* unit) {
    const auto [found, is_new] = numbers_.try_emplace(unit, 0);
    if (is_new) {
        numbered_.push_back(unit);
        found->second = static_cast<std::uint32_t>(numbered_.size());
    }
    return found->second;
}

EntryId DebugData::id_of(const llvm::DWARFDie& die) {
    if (!die.isValid()) {
        return {};
    }
    return id_of(*die.getDwarfUnit(), die.getOffset());
}

EntryId DebugData::id_of(llvm::DWARFUnit& unit, std::uint64_t offset) {
    return EntryId{(std::uint64_t{number_of(&unit)} << offset_bits) | offset};
}

llvm::DWARFDie DebugData::die_of(EntryId id) {
    const std::uint64_t number = id.value >> offset_bits;
    if (number == 0 || number > numbered_.size()) {
        return {};
    }
    return numbered_[number - 1]->getDIEForOffset(id.value &
                                                  ((std::uint64_t{1} << offset_bits) - 1));
}

llvm::DWARFDie DebugData::reference(const llvm::DWARFDie& die, dw::Attribute name) {
    const auto value = die.findRecursively(name);
    if (!value) {
        return {};
    }
    // The form's own unit is the one the value was found in, which LLVM keeps with it.
    const llvm::DWARFDie target = die.getAttributeValueAsReferencedDie(*value);
    return target.isValid() ? target.resolveTypeUnitReference() : target;
}

std::optional<CodeRange> DebugData::to_code(std::uint64_t low, std::uint64_t high) const {
    if (low == 0 || low >= high) { // 0: tombstone of older linkers; no function begins there
        return std::nullopt;
    }
    const auto begin = image_.to_code(DwarfOffset{low});
    const auto end = image_.to_code(DwarfOffset{high});
    if (!begin || !end) {
        return std::nullopt;
    }
    return CodeRange{*begin, *end};
}

std::vector<CodeRange> DebugData::ranges_of(const llvm::DWARFDie& die) const {
    std::vector<CodeRange> ranges;
    auto found = die.getAddressRanges();
    if (!found) {
        llvm::consumeError(found.takeError());
        return ranges;
    }
    for (const llvm::DWARFAddressRange& range : *found) {
        if (const auto code = to_code(range.LowPC, range.HighPC)) {
            ranges.push_back(*code);
        }
    }
    return ranges;
}

bool DebugData::covers(const llvm::DWARFDie& die, CodeOffset offset) const {
    return std::ranges::any_of(ranges_of(die),
                               [&](const CodeRange& range) { return range.contains(offset); });
}

// --- Split DWARF (DWARF 5 §7.3.2) ---------------------------------------------------------------

std::shared_ptr<DebugData::SplitFile> DebugData::open_split(const std::string& path) {
    auto& cached = split_files_[path];
    if (cached != nullptr) {
        return cached;
    }
    cached = std::make_shared<SplitFile>();
    SplitFile& file = *cached;
    std::error_code error;
    const std::uintmax_t size = fs::file_size(path, error);
    if (error || size > ModuleImage::max_debug_file) {
        file.problem = path + " cannot be read";
        return cached;
    }
    std::vector<std::byte> bytes(size);
    std::ifstream stream(path, std::ios::binary);
    if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
        file.problem = path + " cannot be read";
        return cached;
    }
    auto module = wasm::Module::parse_owned(std::move(bytes));
    if (!module) {
        file.problem = path + ": " + module.error().message;
        return cached;
    }
    file.module = std::move(*module);
    file.sections = debug_sections_of(*file.module);
    const auto contents = [&](llvm::StringRef name) {
        const auto found = file.sections.find(name);
        return found == file.sections.end() ? llvm::StringRef() : found->second->getBuffer();
    };
    if (auto checked = check_debug_info(contents("debug_info.dwo"), contents("debug_abbrev.dwo"));
        !checked && contents("debug_cu_index").empty()) {
        file.problem = path + ": " + checked.error().message;
        return cached;
    }
    const auto report = [this](llvm::Error problem) { note(std::move(problem)); };
    file.context =
        llvm::DWARFContext::create(file.sections, wasm_address_size, true, report, report);
    return cached;
}

/// Beside the module as <module>.dwp, then what DW_AT_dwo_name says: relative to DW_AT_comp_dir,
/// then beside the module.
std::shared_ptr<DebugData::SplitFile> DebugData::find_split(llvm::DWARFUnit& skeleton,
                                                            std::string& problem) {
    const llvm::DWARFDie die = skeleton.getUnitDIE();
    const auto name = die.isValid()
                          ? dw::toStringRef(die.find({dw::DW_AT_dwo_name, dw::DW_AT_GNU_dwo_name}))
                          : llvm::StringRef();
    const char* directory = skeleton.getCompilationDir();
    const fs::path beside = image_.debug_file().parent_path();
    const fs::path named(name.str());
    const std::array<fs::path, 4> candidates{fs::path(image_.debug_file().string() + ".dwp"),
                                             directory != nullptr ? fs::path(directory) / named
                                                                  : named,
                                             beside / named, beside / named.filename()};
    for (const fs::path& path : candidates) {
        std::error_code error;
        if (!fs::is_regular_file(path, error)) {
            continue;
        }
        auto file = open_split(path.string());
        if (file->context != nullptr) {
            return file;
        }
        problem = file->problem;
    }
    if (problem.empty()) {
        problem = name.str() + " is missing";
    }
    return nullptr;
}

void DebugData::load_split(CompileUnit& unit) {
    llvm::DWARFUnit& skeleton = *unit.skeleton;
    const std::optional<std::uint64_t> id = skeleton.getDWOId();
    if (!id) {
        return;
    }
    const auto file = find_split(skeleton, unit.split_problem);
    llvm::DWARFCompileUnit* full =
        file == nullptr ? nullptr : file->context->getDWOCompileUnitForHash(*id);
    if (full == nullptr) {
        return;
    }
    full->setSkeletonUnit(&skeleton);
    if (const auto base = skeleton.getAddrOffsetSectionBase()) {
        full->setAddrOffsetSection(&context_->getDWARFObj().getAddrSection(), *base);
    }
    if (skeleton.getVersion() < 5) {
        const auto ranges = skeleton.getUnitDIE().getRangesBaseAttribute();
        full->setRangesSection(&context_->getDWARFObj().getRangesSection(), ranges.value_or(0));
    }
    unit.full = full;
}

} // namespace wdbg::dwarf
