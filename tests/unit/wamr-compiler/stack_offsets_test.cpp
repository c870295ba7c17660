// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_function.h"
#include "stack_offsets.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/MC/MCDwarf.h>

#include <string>

namespace wdbg::compile {
namespace {

/// The offsets of the canonical frame address that are told after each instruction, by block; `-`
/// where none is.
std::string offsets(const std::string& body) {
    prepare_llvm();
    std::string result;
    run_on_machine_code(
        function_of(body, "uwtable"), {make_stack_offsets_pass()},
        [&](llvm::MachineFunction& function) {
            for (const llvm::MachineBasicBlock& block : function) {
                for (const llvm::MachineInstr& each : block) {
                    if (!each.isCFIInstruction()) {
                        result += "- ";
                        continue;
                    }
                    const auto& rule =
                        function.getFrameInstructions()[each.getOperand(0).getCFIIndex()];
                    result.pop_back();
                    result.back() = ' ';
                    result += rule.getOperation() == llvm::MCCFIInstruction::OpDefCfaRegister
                                  ? std::string("register ")
                                  : std::to_string(rule.getOffset()) + " ";
                }
                result += "| ";
            }
        });
    return result;
}

TEST(StackOffsets, WhatWasMovedInFrontOfABranchIsToldThere) {
    EXPECT_EQ(offsets("  bb.0:\n"
                      "    $rsp = SUB64ri32 $rsp, 8, implicit-def $eflags\n"
                      "    JCC_1 %bb.2, 4, implicit $eflags\n"
                      "  bb.1:\n"
                      "    CFI_INSTRUCTION adjust_cfa_offset 8\n"
                      "    PUSH64r $rax, implicit-def $rsp, implicit $rsp\n"
                      "    CFI_INSTRUCTION adjust_cfa_offset 8\n"
                      "    $rsp = ADD64ri32 $rsp, 16, implicit-def $eflags\n"
                      "    CFI_INSTRUCTION adjust_cfa_offset -16\n"
                      "    RET64\n"
                      "  bb.2:\n"
                      "    CFI_INSTRUCTION adjust_cfa_offset 8\n"
                      "    $rsp = LEA64r $rsp, 1, $noreg, 8, $noreg\n"
                      "    CFI_INSTRUCTION adjust_cfa_offset -8\n"
                      "    RET64\n"),
              " 16 - |  24  8 - |  8 - | ");
}

constexpr const char* right = "  bb.0:\n"
                              "    PUSH64r $rbx, implicit-def $rsp, implicit $rsp\n"
                              "    CFI_INSTRUCTION def_cfa_offset 16\n"
                              "    $rbx = POP64r implicit-def $rsp, implicit $rsp\n"
                              "    CFI_INSTRUCTION def_cfa_offset 8\n"
                              "    RET64\n";

TEST(StackOffsets, WhatIsRightStays) {
    EXPECT_EQ(offsets(right), " 16  8 - | ");
}

TEST(StackOffsets, AFunctionThatMovesTheStackByAnUnknownAmountIsLeftAsItIs) {
    EXPECT_EQ(offsets("  bb.0:\n"
                      "    $rsp = SUB64ri32 $rsp, 8, implicit-def $eflags\n"
                      "    $rsp = SUB64rr $rsp, $rax, implicit-def $eflags\n"
                      "    RET64\n"),
              "- - - | ");
}

TEST(StackOffsets, AFrameOfAnotherRegisterIsLeftAsItIs) {
    EXPECT_EQ(offsets("  bb.0:\n"
                      "    PUSH64r $rbp, implicit-def $rsp, implicit $rsp\n"
                      "    CFI_INSTRUCTION def_cfa_register $rbp\n"
                      "    PUSH64r $rbx, implicit-def $rsp, implicit $rsp\n"
                      "    RET64\n"),
              " register - - | ");
}

} // namespace
} // namespace wdbg::compile
