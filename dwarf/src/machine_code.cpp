// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_code.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Triple.h>

#include <array>
#include <mutex>

namespace wdbg::dwarf {
namespace {

struct TargetRow {
    Machine machine;
    bool thumb;
    const char* triple;
    const char* features; ///< all that code may use
};

constexpr std::array targets{
    TargetRow{Machine::X86_64, false, "x86_64-unknown-linux-gnu", ""},
    TargetRow{Machine::AArch64, false, "aarch64-unknown-linux-gnu", "+v8.2a,+lse"},
    TargetRow{Machine::Arm, false, "armv7-unknown-linux-gnueabihf", "+neon,+vfp4,+hwdiv-arm"},
    TargetRow{Machine::Arm, true, "thumbv8m.main-none-eabihf", "+dsp,+fp-armv8d16"},
    TargetRow{Machine::RiscV32, false, "riscv32-unknown-elf", "+m,+a,+f,+d,+c"},
    TargetRow{Machine::RiscV64, false, "riscv64-unknown-elf", "+m,+a,+f,+d,+c"},
};

void initialise_x86() {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86Disassembler();
}

void initialise_others() {
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64Disassembler();
    LLVMInitializeARMTargetInfo();
    LLVMInitializeARMTargetMC();
    LLVMInitializeARMDisassembler();
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVDisassembler();
}

void initialise(Machine machine) {
    static std::once_flag x86;
    static std::once_flag others;
    if (machine == Machine::X86_64) {
        std::call_once(x86, initialise_x86);
    } else {
        std::call_once(others, initialise_others);
    }
}

const TargetRow* find_row(Machine machine, bool thumb) {
    for (const TargetRow& row : targets) {
        if (row.machine == machine && row.thumb == thumb) {
            return &row;
        }
    }
    return nullptr;
}

} // namespace

bool MachineCode::open(Machine machine, bool thumb) {
    const TargetRow* const row = find_row(machine, thumb);
    if (row == nullptr) {
        return false;
    }
    initialise(machine);
    triple = row->triple;
#if LLVM_VERSION_MAJOR >= 22
    const llvm::Triple name(triple);
#else
    const std::string& name = triple;
#endif
    std::string error;
    const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(name, error);
    if (target == nullptr) {
        return false;
    }
    registers.reset(target->createMCRegInfo(name));
    asm_info.reset(target->createMCAsmInfo(*registers, name, llvm::MCTargetOptions()));
    subtarget.reset(target->createMCSubtargetInfo(name, "", row->features));
    instructions.reset(target->createMCInstrInfo());
    analysis.reset(target->createMCInstrAnalysis(instructions.get()));
    context = std::make_unique<llvm::MCContext>(llvm::Triple(triple), asm_info.get(),
                                                registers.get(), subtarget.get());
    disassembler.reset(target->createMCDisassembler(*subtarget, *context));
    return disassembler != nullptr && analysis != nullptr;
}

Result<MachineCode::Read> MachineCode::read(std::span<const std::byte> bytes,
                                            NativeAddress address) const {
    Read result;
    const llvm::ArrayRef<std::uint8_t> code(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            bytes.size());
    const auto status =
        disassembler->getInstruction(result.inst, result.size, code, address.value, llvm::nulls());
    if (status == llvm::MCDisassembler::Fail || result.size == 0) {
        return fail(ErrorCode::Malformed, "no instruction at this address");
    }
    return result;
}

} // namespace wdbg::dwarf
