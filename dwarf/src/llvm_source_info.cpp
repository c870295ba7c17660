// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_data.h"
#include "demangle.h"
#include "entry_names.h"
#include "line_index.h"
#include "location_reader.h"
#include "name_index.h"
#include "scope_reader.h"
#include "type_reader.h"

#include <wdbg/dwarf/llvm_source_info.h>

#include <algorithm>
#include <map>

namespace wdbg::dwarf {

namespace {

class LlvmSourceInfo final : public SourceInfo {
  public:
    explicit LlvmSourceInfo(std::unique_ptr<DebugData> data)
        : data_(std::move(data))
        , lines_(*data_)
        , names_(*data_)
        , types_(*data_, names_)
        , scopes_(*data_, lines_) {}

    [[nodiscard]] const std::vector<SourceFile>& files() override { return lines_.files(); }

    [[nodiscard]] std::vector<FileIndex> find_files(std::string_view path) override {
        return lines_.find_files(path);
    }

    [[nodiscard]] std::vector<LineLocation> find_line(FileIndex file, std::uint32_t line,
                                                      std::uint32_t column) override;
    [[nodiscard]] std::vector<LineLocation> line_locations(FileIndex file, std::uint32_t first,
                                                           std::uint32_t last) override;

    [[nodiscard]] std::optional<LineRow> row_at(CodeOffset offset) override {
        return lines_.row_at(offset);
    }

    [[nodiscard]] std::vector<LineRow> rows_in(CodeRange range) override {
        return lines_.rows_in(range);
    }

    [[nodiscard]] std::optional<CodeRange> step_range(CodeOffset offset) override {
        return lines_.step_range(offset);
    }

    [[nodiscard]] std::vector<ScopeFrame> frames_at(CodeOffset offset, AddressKind kind) override {
        return scopes_.frames_at(effective(offset, kind));
    }

    [[nodiscard]] std::vector<FunctionInfo> find_functions(std::string_view name) override;
    [[nodiscard]] std::optional<FunctionInfo> function_at(CodeOffset offset) override;
    [[nodiscard]] std::vector<CodeOffset> function_entries() override;

    [[nodiscard]] std::vector<Variable> variables_at(CodeOffset offset, AddressKind kind,
                                                     std::uint32_t inline_level) override {
        return scopes_.variables_at(effective(offset, kind), inline_level);
    }

    [[nodiscard]] std::vector<Variable> unit_globals(CodeOffset offset) override {
        return scopes_.unit_globals(offset);
    }

    [[nodiscard]] std::vector<Variable> find_globals(std::string_view name,
                                                     std::optional<CodeOffset> near) override;
    [[nodiscard]] std::optional<Variable> global_at(std::uint64_t address) override;
    [[nodiscard]] Result<Location> locate(EntryId variable, CodeOffset offset, AddressKind kind,
                                          const FrameState& state) override;

    [[nodiscard]] Result<TypePointer> type(TypeId id) override { return types_.type(id); }

    [[nodiscard]] std::optional<TypeId> find_type(std::string_view name) override {
        return types_.find(name);
    }

    [[nodiscard]] std::optional<EnumeratorInfo> find_enumerator(std::string_view name) override;

    [[nodiscard]] SourceLanguage language_at(CodeOffset offset) override {
        const auto unit = data_->unit_at(offset);
        return unit ? language_of(data_->line_unit(*unit).getUnitDIE()) : SourceLanguage::Unknown;
    }

    [[nodiscard]] std::string demangle(const std::string& linkage_name) const override {
        return demangled(linkage_name);
    }

    [[nodiscard]] const std::filesystem::path& debug_file() const override {
        return data_->image().debug_file();
    }

  private:
    [[nodiscard]] std::uint32_t line_with_code(FileIndex file, std::uint32_t line);
    [[nodiscard]] LineLocation location_behind_prologue(const LineRow& row,
                                                        const std::vector<llvm::DWARFDie>& chain);
    [[nodiscard]] Variable global_variable(const llvm::DWARFDie& die);

    std::unique_ptr<DebugData> data_;
    LineIndex lines_;
    NameIndex names_;
    TypeReader types_;
    ScopeReader scopes_;
};

/// The first line from `line` on that has a statement; 0 if there is none.
std::uint32_t LlvmSourceInfo::line_with_code(FileIndex file, std::uint32_t line) {
    std::uint32_t best = 0;
    for (const std::size_t unit : lines_.units_of(file)) {
        for (const LineRow& row : lines_.rows_of(unit)) {
            if (row.file == file && row.is_statement && row.line >= line &&
                (best == 0 || row.line < best)) {
                best = row.line;
            }
        }
    }
    return best;
}

LineLocation LlvmSourceInfo::location_behind_prologue(const LineRow& row,
                                                      const std::vector<llvm::DWARFDie>& chain) {
    LineLocation location{
        .offset = row.range.begin, .file = row.file, .line = row.line, .column = row.column};
    if (chain.size() != 1) {
        return location;
    }
    for (const CodeRange& range : data_->ranges_of(chain.front())) {
        const CodeOffset entry = lines_.entry_of(range);
        if (!range.contains(row.range.begin) || row.range.begin >= entry) {
            continue;
        }
        location.offset = entry;
        // What comes first may be inlined from elsewhere: the call is what the file has of it.
        const auto frames = scopes_.frames_at(entry);
        const auto here = std::ranges::find_if(frames, [&row](const ScopeFrame& frame) {
            return frame.file == row.file && frame.line != 0;
        });
        if (here != frames.end()) {
            location.line = here->line;
            location.column = here->column;
        }
    }
    return location;
}

std::vector<LineLocation> LlvmSourceInfo::find_line(FileIndex file, std::uint32_t line,
                                                    std::uint32_t column) {
    std::vector<LineLocation> found;
    const std::uint32_t real = line_with_code(file, line);
    if (real == 0) {
        return found;
    }
    std::map<EntryId, LineRow> first; // by innermost function or inlined copy
    for (const std::size_t unit : lines_.units_of(file)) {
        for (const LineRow& row : lines_.rows_of(unit)) {
            if (row.file != file || row.line != real || !row.is_statement) {
                continue;
            }
            const auto chain = scopes_.chain_at(row.range.begin);
            const EntryId scope = chain.empty() ? EntryId{} : data_->id_of(chain.front());
            const auto [entry, is_new] = first.try_emplace(scope, row);
            const bool better =
                column != 0 && entry->second.column < column && row.column >= column;
            if (!is_new && better) {
                entry->second = row;
            }
        }
    }
    for (const auto& [scope, row] : first) {
        const auto chain = scopes_.chain_at(row.range.begin);
        const LineLocation location = location_behind_prologue(row, chain);
        if (std::ranges::find(found, location.offset, &LineLocation::offset) == found.end()) {
            found.push_back(location);
        }
    }
    std::ranges::sort(found, {}, &LineLocation::offset);
    return found;
}

std::vector<LineLocation> LlvmSourceInfo::line_locations(FileIndex file, std::uint32_t first,
                                                         std::uint32_t last) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, LineLocation> found;
    for (const std::size_t unit : lines_.units_of(file)) {
        for (const LineRow& row : lines_.rows_of(unit)) {
            if (row.file == file && row.is_statement && first <= row.line && row.line <= last) {
                found.try_emplace({row.line, row.column}, LineLocation{.offset = row.range.begin,
                                                                       .file = file,
                                                                       .line = row.line,
                                                                       .column = row.column});
            }
        }
    }
    std::vector<LineLocation> locations;
    locations.reserve(found.size());
    for (const auto& [key, location] : found) {
        locations.push_back(location);
    }
    return locations;
}

std::vector<FunctionInfo> LlvmSourceInfo::find_functions(std::string_view name) {
    std::vector<FunctionInfo> found;
    const std::string_view plain = without_parameters(name);
    for (const NameKind kind : {NameKind::Function, NameKind::InlinedCopy}) {
        for (const std::string_view key : {last_component(plain), name}) {
            for (const llvm::DWARFDie& die : names_.find(kind, key)) {
                FunctionInfo info = scopes_.function_info(die);
                const std::string full = data_->image().debug_file().empty()
                                             ? std::string()
                                             : demangled(info.linkage_name);
                const bool match = info.linkage_name == name ||
                                   ends_with_component(info.name, plain) ||
                                   ends_with_component(without_template(info.name), plain) ||
                                   ends_with_component(qualified_name_of(*data_, die), plain);
                const bool parameters_match =
                    plain == name || ends_with_component(without_inline_namespaces(full), name);
                const bool known =
                    std::ranges::find(found, info.entry, &FunctionInfo::entry) != found.end();
                if (match && parameters_match && !known && !info.ranges.empty()) {
                    found.push_back(std::move(info));
                }
            }
        }
    }
    return found;
}

std::optional<FunctionInfo> LlvmSourceInfo::function_at(CodeOffset offset) {
    const auto chain = scopes_.chain_at(offset);
    return chain.empty() ? std::nullopt : std::optional(scopes_.function_info(chain.back()));
}

std::vector<CodeOffset> LlvmSourceInfo::function_entries() {
    std::vector<CodeOffset> entries;
    for (const CodeRange& range : names_.functions()) {
        entries.push_back(range.begin);
    }
    return entries;
}

Variable LlvmSourceInfo::global_variable(const llvm::DWARFDie& die) {
    Variable global = scopes_.variable(die, 0);
    global.kind = global.kind == VariableKind::Constant ? global.kind : VariableKind::Global;
    global.qualified_name = qualified_name_of(*data_, die);
    return global;
}

std::vector<Variable> LlvmSourceInfo::find_globals(std::string_view name,
                                                   std::optional<CodeOffset> near) {
    const auto near_unit = near ? data_->unit_at(*near) : std::nullopt;
    std::vector<Variable> here;
    std::vector<Variable> elsewhere;
    for (const llvm::DWARFDie& die : names_.find(NameKind::Global, last_component(name))) {
        Variable global = global_variable(die);
        if (!ends_with_component(global.qualified_name, name) && global.linkage_name != name) {
            continue;
        }
        const auto unit = data_->index_of(die.getDwarfUnit());
        (near_unit && unit == near_unit ? here : elsewhere).push_back(std::move(global));
    }
    here.insert(here.end(), elsewhere.begin(), elsewhere.end());
    return here;
}

std::optional<Variable> LlvmSourceInfo::global_at(std::uint64_t address) {
    const llvm::DWARFDie die = names_.global_at(address);
    return die.isValid() ? std::optional(global_variable(die)) : std::nullopt;
}

std::optional<EnumeratorInfo> LlvmSourceInfo::find_enumerator(std::string_view name) {
    for (const llvm::DWARFDie& die : names_.find(NameKind::Enumerator, last_component(name))) {
        const std::string scoped = qualified_name_of(*data_, die);
        const llvm::DWARFDie parent = die.getParent();
        const llvm::DWARFDie outer = parent.isValid() ? parent.getParent() : parent;
        std::string unscoped = name_of(die); // C and unscoped enums: beside their enum
        if (outer.isValid() && outer.getTag() == llvm::dwarf::DW_TAG_namespace) {
            unscoped.insert(0, qualified_name_of(*data_, outer).append("::"));
        }
        if (!ends_with_component(scoped, name) && !ends_with_component(unscoped, name)) {
            continue;
        }
        const TypeId id = data_->id_of(parent);
        const auto type = types_.type(id);
        const std::string own = name_of(die);
        for (std::size_t i = 0; type && i < (*type)->enumerators.size(); ++i) {
            if ((*type)->enumerators[i].name == own) {
                return EnumeratorInfo{.type = id, .value = (*type)->enumerators[i].value};
            }
        }
    }
    return std::nullopt;
}

Result<Location> LlvmSourceInfo::locate(EntryId variable, CodeOffset offset, AddressKind kind,
                                        const FrameState& state) {
    const llvm::DWARFDie die = data_->die_of(variable);
    if (!die.isValid()) {
        return fail(ErrorCode::InvalidArgument, "no such variable in the debug information");
    }
    const CodeOffset at = effective(offset, kind);
    const auto chain = scopes_.chain_at(at);
    return locate_entry(*data_, die, chain.empty() ? llvm::DWARFDie() : chain.back(), at, state);
}

} // namespace

Result<std::unique_ptr<SourceInfo>> make_source_info(const ModuleSource& source) {
    auto data = DebugData::open(source);
    if (!data) {
        return std::unexpected(data.error());
    }
    return std::make_unique<LlvmSourceInfo>(std::move(*data));
}

} // namespace wdbg::dwarf
