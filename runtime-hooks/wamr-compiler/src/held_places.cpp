// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "held_places.h"

#include "held_place.h"
#include "machine_pass.h"

#include <wdbg/dwarf/debug_file.h>

#include <llvm/ADT/SmallVector.h>
#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/MC/MCInst.h>
#include <llvm/Target/TargetMachine.h>

#include <iterator>

namespace wdbg::compile {
namespace {

using Place = llvm::MachineBasicBlock::instr_iterator;

/// The held places behind the last instruction of the block that has bytes.
llvm::SmallVector<llvm::MachineInstr*> places_at_end(llvm::MachineBasicBlock& block) {
    llvm::SmallVector<llvm::MachineInstr*> places;
    for (llvm::MachineInstr& instruction : block.instrs()) {
        if (has_bytes(instruction)) {
            places.clear();
        } else if (is_held_place(instruction)) {
            places.push_back(&instruction);
        }
    }
    return places;
}

/// Whether the code behind the block's end is reached by others as well, before there is an
/// instruction.
bool others_come_behind(const llvm::MachineBasicBlock& block) {
    for (const llvm::MachineBasicBlock* next = block.getNextNode(); next != nullptr;
         next = next->getNextNode()) {
        if (next->pred_size() != 1 || next->hasAddressTaken()) {
            return true;
        }
        for (const llvm::MachineInstr& instruction : next->instrs()) {
            if (has_bytes(instruction)) {
                return false;
            }
        }
    }
    return false;
}

/// The machine's instruction that does nothing (TargetInstrInfo::getNop()), in front of `before`.
void insert_nop(llvm::MachineBasicBlock& block, Place before, const llvm::DebugLoc& location) {
    const llvm::TargetInstrInfo& instructions = *block.getParent()->getSubtarget().getInstrInfo();
    const llvm::MCInst nop = instructions.getNop();
    llvm::MachineInstrBuilder made = llvm::BuildMI(block, llvm::MachineBasicBlock::iterator(before),
                                                   location, instructions.get(nop.getOpcode()));
    for (const llvm::MCOperand& operand : nop) {
        if (operand.isReg()) {
            const bool is_result = made->getNumExplicitOperands() < made->getDesc().getNumDefs();
            made.addReg(operand.getReg(), is_result ? llvm::RegState::Define : 0);
        } else {
            made.addImm(operand.getImm());
        }
    }
}

/// An instruction that LLVM puts in front of a held place takes its location; the statement does
/// not begin there.
bool take_column(llvm::MachineInstr& instruction) {
    const llvm::DILocation* const location = instruction.getDebugLoc().get();
    if (location == nullptr || location->getColumn() != dwarf::begins_here ||
        !has_bytes(instruction)) {
        return false;
    }
    instruction.setDebugLoc(llvm::DILocation::get(location->getContext(), location->getLine(), 0,
                                                  location->getScope(), location->getInlinedAt()));
    return true;
}

/// At -O0, statements do not share an address, and values on the operand stack are there until the
/// instruction behind the place has taken them.
bool separate_places(llvm::MachineBasicBlock& block) {
    const llvm::MachineInstr* place = nullptr;
    bool changed = false;
    for (llvm::MachineInstr& instruction : block.instrs()) {
        const bool is_place = is_held_place(instruction);
        if (place != nullptr && (is_place || instruction.isUndefDebugValue())) {
            insert_nop(block, instruction.getIterator(), place->getDebugLoc());
            changed = true;
            place = nullptr;
        }
        if (is_place) {
            place = &instruction;
        } else if (has_bytes(instruction)) {
            place = nullptr;
        }
    }
    return changed;
}

class HeldPlaces : public MachinePass<HeldPlaces> {
  public:
    bool runOnMachineFunction(llvm::MachineFunction& function) override {
        const bool is_optimised = function.getTarget().getOptLevel() != llvm::CodeGenOptLevel::None;
        bool changed = false;
        for (llvm::MachineBasicBlock& block : function) {
            for (llvm::MachineInstr& instruction : block.instrs()) {
                changed = take_column(instruction) || changed;
            }
            const auto places = places_at_end(block);
            if (!places.empty() && others_come_behind(block)) {
                insert_nop(block, std::next(places.back()->getIterator()),
                           places.back()->getDebugLoc());
                changed = true;
            }
            changed |= !is_optimised && separate_places(block);
        }
        return changed;
    }
};

} // namespace

llvm::FunctionPass* make_held_places_pass() {
    return new HeldPlaces;
}

} // namespace wdbg::compile
