// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "operands.h"

#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/wasm/module.h>

#include <cstdint>
#include <span>
#include <string>
#include <unordered_set>

struct AOTCompContext;
struct AOTCompData;
struct AOTFuncContext;

namespace llvm {
class DIBuilder;
class DICompileUnit;
class DIFile;
class DILocation;
class DISubprogram;
class IRBuilderBase;
} // namespace llvm

namespace wdbg::compile {

/// What WAMR's compiler is told of the module's debug information: every native instruction gets
/// the wasm instruction that it comes from, as a line number. WAMR asks through the functions of
/// its debug/dwarf_extractor.h, which find the object in AOTCompData::extractor.
class DebugInfo {
  public:
    /// `module` is the original file's; WAMR rewrites its own copy while it loads. It and `data`
    /// must outlive this object.
    DebugInfo(const wasm::Module& module, AOTCompData& data, std::string path, bool optimised);
    DebugInfo(const DebugInfo&) = delete;
    DebugInfo& operator=(const DebugInfo&) = delete;
    ~DebugInfo();

    [[nodiscard]] llvm::DIFile* make_file(llvm::DIBuilder& builder);
    [[nodiscard]] llvm::DICompileUnit* make_unit(llvm::DIBuilder& builder,
                                                 llvm::DIFile* file) const;
    /// The subprogram of a function, by its wasm name; also attached to the LLVM function.
    [[nodiscard]] llvm::DISubprogram* make_function(llvm::DIBuilder& builder,
                                                    const AOTFuncContext& function) const;
    /// The location of the instruction at `offset`, which counts from WAMR's copy of the Code
    /// section's contents.
    [[nodiscard]] llvm::DILocation* make_location(const AOTFuncContext& function,
                                                  std::uint64_t offset) const;
    /// From now on values on the operand stack are told where `variables` need them.
    void note_operands(std::span<const dwarf::GuestVariable> variables, bool with_slots);
    /// WAMR is about to compile the instruction at `location`.
    void visit(const AOTCompContext& context, const AOTFuncContext& function,
               llvm::DILocation& location);
    /// From now on each of these rows keeps a place of its own in the code, see hold_place().
    void hold_places(std::span<const dwarf::StatementRow> rows);
    /// If a statement row begins at `location`, puts an empty assembly statement with side effects
    /// where `builder` stands: it emits no byte, is never moved or removed, and gives its location
    /// a row in the native line table.
    void hold_place(llvm::IRBuilderBase& builder, llvm::DILocation& location);

    [[nodiscard]] const wasm::Module& module() const { return module_; }

    /// nullptr if WAMR and we do not agree on where the function is.
    [[nodiscard]] const wasm::FunctionBody* body_of(const AOTFuncContext& function) const;

  private:
    const wasm::Module& module_;
    AOTCompData& data_;
    std::string path_;
    bool optimised_;
    std::uint32_t code_start_; ///< of the Code section's contents, from the start of the .wasm file
    llvm::DIFile* file_ = nullptr;
    std::unordered_set<std::uint32_t> held_{}; ///< offsets
    std::uint32_t last_held_ = 0;
    Operands operands_{};
};

} // namespace wdbg::compile
