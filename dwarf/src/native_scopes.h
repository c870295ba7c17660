// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "dwarf_sections.h"
#include "expression.h"

#include <wdbg/dwarf/aot_debug_info.h>

#include <llvm/DebugInfo/DWARF/DWARFContext.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wdbg::dwarf {

/// Where a variable is for a part of the text.
struct VariablePlace {
    TextRange range;
    std::vector<std::uint8_t> expression;
};

/// A wasm local, a value on wasm's operand stack, or exec_env in one function or inlined copy of
/// it.
struct NativeVariable {
    std::uint32_t index = 0; ///< of the wasm local; from the bottom of the operand stack
    std::optional<ValueType> type{};
    /// One place for all of the function, which is true from the end of the prologue on.
    bool whole_function = false;
    std::vector<VariablePlace> places{};
    std::optional<ComputedPlace> constant{};
};

/// Native code of one wasm function: of its own or a copy inlined into another.
struct NativeScope {
    std::uint32_t function = 0; ///< in the function index space
    CodeOffset begin{};         ///< of the body
    std::optional<std::uint32_t> parent{};
    CodeOffset call{}; ///< the call instruction in the parent that was inlined
    std::vector<TextRange> ranges{};
    std::vector<NativeVariable> locals{};   ///< by index
    std::vector<NativeVariable> operands{}; ///< by index, several of one: one for each type
    std::optional<NativeVariable> environment{};
};

/// All scopes of one native function; the first is its own, parents come before children.
struct FunctionScopes {
    TextRange range{};
    std::vector<std::uint8_t> frame_base{}; ///< expression
    std::vector<NativeScope> scopes{};

    struct Segment {
        TextOffset begin;
        std::uint32_t scope = 0;
    };

    std::vector<Segment> segments{}; ///< innermost scope from here on; by address

    /// The innermost scope at `pc`, which must be in `range`.
    [[nodiscard]] std::uint32_t scope_at(TextOffset pc) const;
};

/// The debugging information entries of a debug file, read function by function when first needed.
/// Safe to use from several threads.
class NativeScopes {
  public:
    explicit NativeScopes(const DebugFile& file);

    /// nullptr where no function with debug information is. The pointer lives as long as this.
    [[nodiscard]] const FunctionScopes* at(TextOffset pc) const;
    /// The type at an offset from the start of the unit (DW_OP_convert).
    [[nodiscard]] std::optional<BaseType> base_type(std::uint64_t offset) const;
    /// Where the bodies of all functions that have an entry begin; sorted.
    [[nodiscard]] std::span<const std::uint32_t> body_begins() const;

  private:
    struct Function {
        TextRange range;
        llvm::DWARFDie die;
    };

    void read() const;
    void add_function(const llvm::DWARFDie& die) const;
    [[nodiscard]] std::unique_ptr<FunctionScopes> make_scopes(const Function& function) const;

    const DebugFile& file_;
    mutable std::mutex mutex_; ///< guards what follows
    mutable bool is_read_ = false;
    mutable SectionMap sections_;
    mutable std::unique_ptr<llvm::DWARFContext> context_;
    mutable std::vector<Function> functions_; ///< by address
    mutable std::vector<std::uint32_t> begins_;
    mutable std::map<TextOffset, std::unique_ptr<FunctionScopes>> scopes_;
};

} // namespace wdbg::dwarf
