// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_code.h"

#include <llvm/Config/llvm-config.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/TargetParser/Triple.h>

#include <string>

namespace wdbg::dwarf {

bool MachineCode::open(const char* name, const char* features) {
#if LLVM_VERSION_MAJOR >= 22
    const llvm::Triple triple(name);
#else
    const std::string triple = name;
#endif
    std::string error;
    const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (target == nullptr) {
        return false;
    }
    registers.reset(target->createMCRegInfo(triple));
    asm_info.reset(target->createMCAsmInfo(*registers, triple, llvm::MCTargetOptions()));
    subtarget.reset(target->createMCSubtargetInfo(triple, "", features));
    instructions.reset(target->createMCInstrInfo());
    analysis.reset(target->createMCInstrAnalysis(instructions.get()));
    context = std::make_unique<llvm::MCContext>(llvm::Triple(name), asm_info.get(), registers.get(),
                                                subtarget.get());
    disassembler.reset(target->createMCDisassembler(*subtarget, *context));
    return disassembler != nullptr && analysis != nullptr;
}

} // namespace wdbg::dwarf
