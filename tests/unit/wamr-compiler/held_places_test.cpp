// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "held_places.h"
#include "machine_function.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <string>
#include <utility>
#include <vector>

namespace wdbg::compile {
namespace {

constexpr const char* place = "    INLINEASM &\"\", 1 /* sideeffect */, 13 /* imm */, 5\n";

/// The instructions behind the pass, by block.
std::string instructions(const std::string& body,
                         llvm::CodeGenOptLevel level = llvm::CodeGenOptLevel::Default) {
    prepare_llvm();
    std::string result;
    run_on_machine_code(
        function_of(body), {make_held_places_pass()},
        [&](llvm::MachineFunction& function) {
            const auto& names = *function.getSubtarget().getInstrInfo();
            for (const llvm::MachineBasicBlock& block : function) {
                for (const llvm::MachineInstr& each : block) {
                    result += names.getName(each.getOpcode()).str() + " ";
                }
                result += "| ";
            }
        },
        level);
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

TEST(HeldPlaces, EachHasAnInstructionOfItsOwnAtO0) {
    const std::string body = std::string("  bb.0:\n") + place + place + "    RET64\n";
    EXPECT_EQ(instructions(body), "INLINEASM INLINEASM RET64 | ");
    EXPECT_EQ(instructions(body, llvm::CodeGenOptLevel::None), "INLINEASM NOOP INLINEASM RET64 | ");
}

/// LLVM puts instructions in front of a held place, with its location.
TEST(HeldPlaces, NoOtherInstructionHasTheirColumn) {
    prepare_llvm();
    const std::string column = ", debug-location !DILocation(line: 1, column: 1, scope: !4)\n";
    const std::string begin = "    $ecx = MOV32rr $edi" + column +
                              "    INLINEASM &\"\", 1 /* sideeffect */, 13 /* imm */, 5" + column;
    std::vector<std::pair<unsigned, unsigned>> places; // line and column
    run_on_machine_code(
        function_with_variable("    liveins: $edi\n" + begin, {"$edx = MOV32rr $edi"}),
        {make_held_places_pass()}, [&](llvm::MachineFunction& function) {
            for (const llvm::MachineInstr& each : function.front()) {
                if (const llvm::DebugLoc& location = each.getDebugLoc()) {
                    places.emplace_back(location.getLine(), location.getCol());
                }
            }
        });
    EXPECT_EQ(places, (decltype(places){{1, 0}, {1, 1}, {1, 0}}));
}

} // namespace
} // namespace wdbg::compile
