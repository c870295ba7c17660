// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "jump_room.h"
#include "machine_function.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <string>

namespace wdbg::compile {
namespace {

constexpr const char* place = "    INLINEASM &\"\", 1 /* sideeffect */, 13 /* imm */, 5\n";

/// What the pass puts in front of `instruction`, which is behind a held place; without this if
/// `held` is false.
std::size_t prefixes(const std::string& instruction, bool held = true) {
    prepare_llvm();
    std::size_t count = 0;
    run_on_machine_code(function_of("  bb.0:\n" + std::string(held ? place : "") + "    " +
                                    instruction + "\n    RET64\n"),
                        {make_jump_room_pass()}, [&](llvm::MachineFunction& function) {
                            const auto& names = *function.getSubtarget().getInstrInfo();
                            for (const llvm::MachineInstr& each : function.front()) {
                                count += names.getName(each.getOpcode()) == "CS_PREFIX" ? 1 : 0;
                            }
                        });
    return count;
}

TEST(JumpRoom, AShortInstructionBehindAHeldPlaceIsMadeLonger) {
    EXPECT_EQ(prefixes("PUSH64r $rbx, implicit-def $rsp, implicit $rsp"), 4); // 53
    EXPECT_EQ(prefixes("$eax = MOV32rr $ecx"), 3);                            // 89 c8
    EXPECT_EQ(prefixes("$rax = MOV64rr $rcx"), 2);                            // 48 89 c8
    EXPECT_EQ(prefixes("$eax = MOV32rm $rcx, 1, $noreg, 8, $noreg"), 2);      // 8b 41 08
    EXPECT_EQ(prefixes("$ecx = LEA64_32r $rdx, 1, $noreg, 4, $noreg"), 2);    // 8d 4a 04
    EXPECT_EQ(prefixes("$r9d = LEA64_32r $rdi, 1, $noreg, -16, $noreg"), 1);  // 44 8d 4f f0
    EXPECT_EQ(prefixes("NOOP"), 4);                                           // 90
    EXPECT_EQ(prefixes("$eax = MOV32rm $rcx, 1, $rdx, 0, $noreg"), 2);        // 8b 04 11
}

TEST(JumpRoom, OneThatIsLongEnoughStays) {
    EXPECT_EQ(prefixes("$eax = MOV32ri 1000"), 0);                          // 6 or 5 bytes
    EXPECT_EQ(prefixes("$eax = MOV32rm $rcx, 1, $noreg, 1000, $noreg"), 0); // disp32
    EXPECT_EQ(prefixes("CALL64pcrel32 @g, implicit $rsp, implicit-def $rsp"), 0);
}

TEST(JumpRoom, OneThatIsBehindNoHeldPlaceStays) {
    EXPECT_EQ(prefixes("$eax = MOV32rr $ecx", false), 0);
}

TEST(JumpRoom, OneThatHasAPrefixOfThatKindOrMayBecomeTooLongStays) {
    EXPECT_EQ(prefixes("$eax = MOV32rm $rcx, 1, $noreg, 8, $fs"), 0);
    EXPECT_EQ(prefixes("LOCK_ADD32mi8 $rcx, 1, $noreg, 0, $noreg, 5, implicit-def $eflags"), 0);
}

} // namespace
} // namespace wdbg::compile
