// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace wdbg::dwarf {

/// What LLVM knows of the instructions of one machine.
struct MachineCode {
    std::unique_ptr<llvm::MCRegisterInfo> registers;
    std::unique_ptr<llvm::MCAsmInfo> asm_info;
    std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
    std::unique_ptr<llvm::MCInstrInfo> instructions;
    std::unique_ptr<llvm::MCInstrAnalysis> analysis;
    std::unique_ptr<llvm::MCContext> context;
    std::unique_ptr<llvm::MCDisassembler> disassembler;

    std::string triple;

    /// `thumb`: Arm's Thumb instructions. False if this LLVM library does not have the machine.
    [[nodiscard]] bool open(Machine machine, bool thumb);

    struct Read {
        llvm::MCInst inst;
        std::uint64_t size = 0; ///< bytes
    };

    /// The instruction at the start of `bytes`; Malformed for none. LLVM does not say that its
    /// disassemblers may run in parallel: callers see to that.
    [[nodiscard]] Result<Read> read(std::span<const std::byte> bytes, NativeAddress address) const;
};

} // namespace wdbg::dwarf
