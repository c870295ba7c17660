// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/machine_decoder.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <llvm/ADT/ArrayRef.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Triple.h>

#include <array>
#include <mutex>
#include <string>

namespace wdbg::dwarf {
namespace {

struct TargetRow {
    Machine machine;
    bool thumb;
    const char* triple;
    const char* features; ///< all that code may use
};

constexpr std::array targets{
    TargetRow{Machine::AArch64, false, "aarch64-unknown-linux-gnu", "+v8.2a,+lse"},
    TargetRow{Machine::Arm, false, "armv7-unknown-linux-gnueabihf", "+neon,+vfp4,+hwdiv-arm"},
    TargetRow{Machine::Arm, true, "thumbv8m.main-none-eabihf", "+dsp,+fp-armv8d16"},
    TargetRow{Machine::RiscV32, false, "riscv32-unknown-elf", "+m,+a,+f,+d,+c"},
    TargetRow{Machine::RiscV64, false, "riscv64-unknown-elf", "+m,+a,+f,+d,+c"},
};

class MachineDecoder final : public InstructionDecoder {
  public:
    [[nodiscard]] bool open(const TargetRow& row);

    [[nodiscard]] Result<DecodedInstruction> decode(std::span<const std::byte> bytes,
                                                    NativeAddress address) const override;

  private:
    [[nodiscard]] InstructionKind kind_of(const llvm::MCInst& inst, bool has_target) const;

    std::unique_ptr<llvm::MCRegisterInfo> registers_;
    std::unique_ptr<llvm::MCAsmInfo> asm_info_;
    std::unique_ptr<llvm::MCSubtargetInfo> subtarget_;
    std::unique_ptr<llvm::MCInstrInfo> instructions_;
    std::unique_ptr<llvm::MCInstrAnalysis> analysis_;
    std::unique_ptr<llvm::MCContext> context_;
    std::unique_ptr<llvm::MCDisassembler> disassembler_;
    mutable std::mutex mutex_; // LLVM does not say that getInstruction() may run in parallel
};

bool MachineDecoder::open(const TargetRow& row) {
#if LLVM_VERSION_MAJOR >= 22
    const llvm::Triple triple(row.triple);
#else
    const std::string triple = row.triple;
#endif
    std::string error;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple, error);
    if (target == nullptr) {
        return false;
    }
    registers_.reset(target->createMCRegInfo(triple));
    asm_info_.reset(target->createMCAsmInfo(*registers_, triple, llvm::MCTargetOptions()));
    subtarget_.reset(target->createMCSubtargetInfo(triple, "", row.features));
    instructions_.reset(target->createMCInstrInfo());
    analysis_.reset(target->createMCInstrAnalysis(instructions_.get()));
    context_ = std::make_unique<llvm::MCContext>(llvm::Triple(row.triple), asm_info_.get(),
                                                 registers_.get(), subtarget_.get());
    disassembler_.reset(target->createMCDisassembler(*subtarget_, *context_));
    return disassembler_ != nullptr && analysis_ != nullptr;
}

/// A branch that may not be taken and whose way is not known counts as indirect: it is looked at
/// when it has been executed.
InstructionKind MachineDecoder::kind_of(const llvm::MCInst& inst, bool has_target) const {
    if (analysis_->isCall(inst)) {
        return has_target ? InstructionKind::Call : InstructionKind::IndirectCall;
    }
    if (analysis_->isReturn(inst)) {
        return InstructionKind::Return;
    }
    if (analysis_->isConditionalBranch(inst) && has_target) {
        return InstructionKind::ConditionalJump;
    }
    if (analysis_->isUnconditionalBranch(inst) && has_target) {
        return InstructionKind::Jump;
    }
    if (analysis_->isBranch(inst) || analysis_->isIndirectBranch(inst) ||
        analysis_->mayAffectControlFlow(inst, *registers_)) {
        return InstructionKind::IndirectJump;
    }
    return instructions_->get(inst.getOpcode()).isTrap() ? InstructionKind::Trap
                                                         : InstructionKind::Plain;
}

Result<DecodedInstruction> MachineDecoder::decode(std::span<const std::byte> bytes,
                                                  NativeAddress address) const {
    const std::lock_guard lock(mutex_);
    llvm::MCInst inst;
    std::uint64_t size = 0;
    const llvm::ArrayRef<std::uint8_t> code(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            bytes.size());
    if (disassembler_->getInstruction(inst, size, code, address.value, llvm::nulls()) ==
            llvm::MCDisassembler::Fail ||
        size == 0) {
        return fail(ErrorCode::Malformed, "no instruction at this address");
    }
    DecodedInstruction result;
    result.length = static_cast<std::uint8_t>(size);
    const bool has_target =
        analysis_->evaluateBranch(inst, address.value, size, result.target.value);
    result.kind = kind_of(inst, has_target);
    return result;
}

void initialise_targets() {
    static std::once_flag once;
    std::call_once(once, [] {
        LLVMInitializeAArch64TargetInfo();
        LLVMInitializeAArch64TargetMC();
        LLVMInitializeAArch64Disassembler();
        LLVMInitializeARMTargetInfo();
        LLVMInitializeARMTargetMC();
        LLVMInitializeARMDisassembler();
        LLVMInitializeRISCVTargetInfo();
        LLVMInitializeRISCVTargetMC();
        LLVMInitializeRISCVDisassembler();
    });
}

} // namespace

Result<std::unique_ptr<InstructionDecoder>> make_machine_decoder(Machine machine, bool thumb) {
    if (machine == Machine::X86_64) {
        return make_x86_decoder();
    }
    initialise_targets();
    for (const TargetRow& row : targets) {
        if (row.machine == machine && row.thumb == thumb) {
            auto decoder = std::make_unique<MachineDecoder>();
            if (decoder->open(row)) {
                return decoder;
            }
        }
    }
    return fail(ErrorCode::Unsupported, "this LLVM library cannot decode the target's machine");
}

} // namespace wdbg::dwarf
