// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "debug_data.h"
#include "line_index.h"
#include "name_index.h"

#include <vector>

namespace wdbg::dwarf {

/// Functions and variables at code offsets.
class ScopeReader {
  public:
    ScopeReader(DebugData& data, LineIndex& lines) : data_(data), lines_(lines) {}

    /// Entries of the functions at an offset, innermost inlined first.
    [[nodiscard]] std::vector<llvm::DWARFDie> chain_at(CodeOffset offset);
    [[nodiscard]] std::vector<ScopeFrame> frames_at(CodeOffset offset);
    [[nodiscard]] std::vector<Variable> variables_at(CodeOffset offset, std::uint32_t level);
    [[nodiscard]] std::vector<Variable> unit_globals(CodeOffset offset);
    [[nodiscard]] FunctionInfo function_info(const llvm::DWARFDie& die);
    [[nodiscard]] Variable variable(const llvm::DWARFDie& die, std::uint32_t depth);
    [[nodiscard]] FileIndex file_attribute(const llvm::DWARFDie& die, llvm::dwarf::Attribute name);

  private:
    void collect(const llvm::DWARFDie& block, CodeOffset offset, std::uint32_t depth,
                 std::vector<Variable>& into);
    void add_missing(const llvm::DWARFDie& function, std::vector<Variable>& into);
    void collect_globals(const llvm::DWARFDie& scope, unsigned depth, std::vector<Variable>& into);
    [[nodiscard]] std::string display_name(const llvm::DWARFDie& die, SourceLanguage language,
                                           const std::string& linkage);

    DebugData& data_;
    LineIndex& lines_;
};

/// The instruction that an address stands for: the one before a return address.
[[nodiscard]] inline CodeOffset effective(CodeOffset offset, AddressKind kind) {
    const bool is_return = kind == AddressKind::ReturnAddress && offset.value > 0;
    return CodeOffset{is_return ? offset.value - 1 : offset.value};
}

} // namespace wdbg::dwarf
