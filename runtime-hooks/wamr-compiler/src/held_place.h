// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/ADT/StringRef.h>
#include <llvm/CodeGen/MachineInstr.h>
#include <llvm/IR/InlineAsm.h>

/// How DebugInfo::hold_places() looks in machine code.
namespace wdbg::compile {

[[nodiscard]] inline bool is_held_place(const llvm::MachineInstr& instruction) {
    return instruction.isInlineAsm() && instruction.getNumOperands() != 0 &&
           instruction.getOperand(llvm::InlineAsm::MIOp_AsmString).isSymbol() &&
           llvm::StringRef(instruction.getOperand(llvm::InlineAsm::MIOp_AsmString).getSymbolName())
               .empty();
}

[[nodiscard]] inline bool has_bytes(const llvm::MachineInstr& instruction) {
    return !instruction.isMetaInstruction() && !is_held_place(instruction);
}

} // namespace wdbg::compile
