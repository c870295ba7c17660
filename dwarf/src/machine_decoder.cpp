// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_code.h"

#include <wdbg/dwarf/machine_decoder.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <mutex>

namespace wdbg::dwarf {
namespace {

class MachineDecoder final : public InstructionDecoder {
  public:
    [[nodiscard]] bool open(Machine machine, bool thumb) { return code_.open(machine, thumb); }

    [[nodiscard]] Result<DecodedInstruction> decode(std::span<const std::byte> bytes,
                                                    NativeAddress address) const override;

  private:
    [[nodiscard]] InstructionKind kind_of(const llvm::MCInst& inst, bool has_target) const;

    MachineCode code_;
    mutable std::mutex mutex_; // LLVM does not say that getInstruction() may run in parallel
};

/// A branch that may not be taken and whose way is not known counts as indirect: it is looked at
/// when it has been executed.
InstructionKind MachineDecoder::kind_of(const llvm::MCInst& inst, bool has_target) const {
    if (code_.analysis->isCall(inst)) {
        return has_target ? InstructionKind::Call : InstructionKind::IndirectCall;
    }
    if (code_.analysis->isReturn(inst)) {
        return InstructionKind::Return;
    }
    if (code_.analysis->isConditionalBranch(inst) && has_target) {
        return InstructionKind::ConditionalJump;
    }
    if (code_.analysis->isUnconditionalBranch(inst) && has_target) {
        return InstructionKind::Jump;
    }
    if (code_.analysis->isBranch(inst) || code_.analysis->isIndirectBranch(inst) ||
        code_.analysis->mayAffectControlFlow(inst, *code_.registers)) {
        return InstructionKind::IndirectJump;
    }
    return code_.instructions->get(inst.getOpcode()).isTrap() ? InstructionKind::Trap
                                                              : InstructionKind::Plain;
}

Result<DecodedInstruction> MachineDecoder::decode(std::span<const std::byte> bytes,
                                                  NativeAddress address) const {
    const std::lock_guard lock(mutex_);
    const auto read = code_.read(bytes, address);
    if (!read) {
        return std::unexpected(read.error());
    }
    const auto& [inst, size] = *read;
    DecodedInstruction result;
    result.length = static_cast<std::uint8_t>(size);
    const bool has_target =
        code_.analysis->evaluateBranch(inst, address.value, size, result.target.value);
    result.kind = kind_of(inst, has_target);
    return result;
}

} // namespace

Result<std::unique_ptr<InstructionDecoder>> make_machine_decoder(Machine machine, bool thumb) {
    if (machine == Machine::X86_64) {
        return make_x86_decoder();
    }
    auto decoder = std::make_unique<MachineDecoder>();
    if (!decoder->open(machine, thumb)) {
        return fail(ErrorCode::Unsupported, "this LLVM library cannot decode the target's machine");
    }
    return decoder;
}

} // namespace wdbg::dwarf
