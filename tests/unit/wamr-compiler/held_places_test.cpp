// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "held_places.h"
#include "machine_function.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <string>

namespace wdbg::compile {
namespace {

constexpr const char* header = R"(--- |
  target triple = "x86_64-unknown-linux-gnu"
  define void @f() {
    ret void
  }
...
---
name: f
tracksRegLiveness: false
body: |
)";

constexpr const char* place = "    INLINEASM &\"\", 1 /* sideeffect */, 13 /* imm */, 5\n";

/// The instructions behind the pass, by block.
std::string instructions(const std::string& body) {
    prepare_llvm();
    std::string result;
    run_on_machine_code(header + body + "...\n", {make_held_places_pass()},
                        [&](llvm::MachineFunction& function) {
                            const auto& names = *function.getSubtarget().getInstrInfo();
                            for (const llvm::MachineBasicBlock& block : function) {
                                for (const llvm::MachineInstr& each : block) {
                                    result += names.getName(each.getOpcode()).str() + " ";
                                }
                                result += "| ";
                            }
                        });
    return result;
}

const std::string branch = "  bb.0:\n"
                           "    successors: %bb.1, %bb.2\n"
                           "    JCC_1 %bb.2, 4, implicit $eflags\n"
                           "  bb.1:\n"
                           "    successors: %bb.2\n";

TEST(HeldPlaces, OneThatWouldShareItsAddressWithOthersGetsAnInstruction) {
    EXPECT_EQ(instructions(branch + place + place + "  bb.2:\n    RET64\n"),
              "JCC_1 | INLINEASM INLINEASM NOOP | RET64 | ");
}

TEST(HeldPlaces, OneWithAnInstructionBehindItHasItsOwnAddress) {
    EXPECT_EQ(instructions(branch + place + "    PUSH64r $rbx, implicit-def $rsp, implicit $rsp\n" +
                           "  bb.2:\n    RET64\n"),
              "JCC_1 | INLINEASM PUSH64r | RET64 | ");
}

TEST(HeldPlaces, ABlockThatNobodyElseEntersIsAsGood) {
    EXPECT_EQ(instructions(std::string("  bb.0:\n    successors: %bb.1\n") + place +
                           "  bb.1:\n    RET64\n"),
              "INLINEASM | RET64 | ");
}

TEST(HeldPlaces, AnEmptyBlockInBetweenHidesNobody) {
    EXPECT_EQ(instructions("  bb.0:\n"
                           "    successors: %bb.1, %bb.3\n"
                           "    JCC_1 %bb.3, 4, implicit $eflags\n"
                           "  bb.1:\n"
                           "    successors: %bb.2\n" +
                           std::string(place) +
                           "  bb.2:\n"
                           "    successors: %bb.3\n"
                           "  bb.3:\n"
                           "    RET64\n"),
              "JCC_1 | INLINEASM NOOP | | RET64 | ");
}

} // namespace
} // namespace wdbg::compile
