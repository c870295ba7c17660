// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "operand_history.h"
#include "raw_entries.h"

#include <wdbg/dwarf/module_image.h>
#include <wdbg/dwarf/source_info.h>

#include <llvm/ADT/StringMap.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Support/MemoryBuffer.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace wdbg::dwarf {

/// Entries nested deeper than this are not looked at: no compiler makes them.
inline constexpr unsigned max_nesting = 200;

/// One compile unit: the part in the module, and where the entries are (the same one unless DWARF
/// is split and the .dwo was found).
struct CompileUnit {
    llvm::DWARFUnit* skeleton = nullptr;
    llvm::DWARFUnit* full = nullptr;
    bool split_loaded = false;
    std::string split_problem{}; ///< why the .dwo is not there
};

/// The DWARF of one module under LLVM's reader, checked before LLVM sees it; gives entries their
/// ids and converts addresses.
class DebugData {
  public:
    [[nodiscard]] static Result<std::unique_ptr<DebugData>> open(const ModuleSource& source);

    DebugData(const DebugData&) = delete;
    DebugData& operator=(const DebugData&) = delete;
    ~DebugData();

    [[nodiscard]] const ModuleImage& image() const { return image_; }

    [[nodiscard]] llvm::DWARFContext& context() { return *context_; }

    [[nodiscard]] std::size_t unit_count() const { return units_.size(); }

    /// The unit without its .dwo, for line tables.
    [[nodiscard]] llvm::DWARFUnit& line_unit(std::size_t index) { return *units_[index].skeleton; }

    [[nodiscard]] OperandHistory& operand_history() { return operand_history_; }

    /// The module's own .debug_info.
    [[nodiscard]] const RawEntries& raw() const { return *raw_; }

    /// The unit with its entries; loads a .dwo when first asked.
    [[nodiscard]] llvm::DWARFUnit& unit(std::size_t index);

    /// Why the unit's .dwo was not found or read, once unit() was asked; empty if there is none.
    [[nodiscard]] const std::string& split_problem(std::size_t index) const {
        return units_[index].split_problem;
    }

    /// Index of the compile unit with code at the address.
    [[nodiscard]] std::optional<std::size_t> unit_at(CodeOffset offset);
    /// Of the unit that an entry belongs to; nullopt for type units.
    [[nodiscard]] std::optional<std::size_t> index_of(const llvm::DWARFUnit* unit) const;

    [[nodiscard]] EntryId id_of(const llvm::DWARFDie& die);
    [[nodiscard]] EntryId id_of(llvm::DWARFUnit& unit, std::uint64_t offset);
    /// An invalid DIE for an id that was not given out.
    [[nodiscard]] llvm::DWARFDie die_of(EntryId id);
    /// Follows DW_AT_type and other references, type signatures included.
    [[nodiscard]] llvm::DWARFDie reference(const llvm::DWARFDie& die, llvm::dwarf::Attribute name);

    /// The code ranges of an entry, without those of code that the linker removed.
    [[nodiscard]] std::vector<CodeRange> ranges_of(const llvm::DWARFDie& die) const;
    [[nodiscard]] bool covers(const llvm::DWARFDie& die, CodeOffset offset) const;
    [[nodiscard]] std::optional<CodeRange> to_code(std::uint64_t low, std::uint64_t high) const;

    /// Forgets what LLVM complained about; used to keep it from stderr.
    void note(llvm::Error error);
    [[nodiscard]] std::unexpected<Error> damaged(const std::string& what) const;

    [[nodiscard]] llvm::StringRef section(llvm::StringRef name) const;

  private:
    using SectionMap = llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>>;
    struct SplitFile;

    explicit DebugData(ModuleImage image);
    [[nodiscard]] Result<void> check();
    void load_split(CompileUnit& unit);
    [[nodiscard]] std::shared_ptr<SplitFile> open_split(const std::string& path);
    [[nodiscard]] std::shared_ptr<SplitFile> find_split(llvm::DWARFUnit& skeleton,
                                                        std::string& problem);
    [[nodiscard]] std::uint32_t number_of(llvm::DWARFUnit* unit);

    ModuleImage image_;
    SectionMap sections_;
    std::optional<RawEntries> raw_;
    std::string problem_;
    std::unordered_map<std::string, std::shared_ptr<SplitFile>> split_files_;
    std::unique_ptr<llvm::DWARFContext> context_;
    std::vector<CompileUnit> units_;
    std::unordered_map<std::uint64_t, std::size_t> unit_by_offset_;
    std::vector<llvm::DWARFUnit*> numbered_; ///< ids name units by their place here, from 1
    std::unordered_map<const llvm::DWARFUnit*, std::uint32_t> numbers_;
    OperandHistory operand_history_;
};

/// The sections of a module that DWARF readers use, under LLVM's names (without the dot), as views.
[[nodiscard]] llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>>
debug_sections_of(const wasm::Module& module);

} // namespace wdbg::dwarf
