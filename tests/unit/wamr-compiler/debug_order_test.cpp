// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_order.h"
#include "machine_function.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <string>
#include <vector>

namespace wdbg::compile {
namespace {

constexpr const char* begin = "    liveins: $rdi, $esi, $ecx, $r8d\n";
constexpr const char* zen = R"("target-cpu"="znver4")"; // scheduled behind register allocation

const std::string load = "renamable $eax = MOV32rm renamable $rdi, 1, $noreg, 8, $noreg";
const std::string other = "renamable $esi = ADD32rr killed renamable $esi, renamable $ecx, "
                          "implicit-def dead $eflags, debug-instr-number 1";
const std::string use = "renamable $eax = IMUL32rr killed renamable $eax, renamable $esi, "
                        "implicit-def dead $eflags";
const std::string zero = "DBG_VALUE 0, $noreg, !6, !DIExpression()";
const std::string made = "DBG_INSTR_REF !6, !DIExpression(DW_OP_LLVM_arg, 0), dbg-instr-ref(1, 0)";

using Instructions = std::vector<std::string>;

/// Names of the instructions behind the scheduler.
Instructions scheduled(const Instructions& body, bool with_ours) {
    prepare_llvm();
    const DebugOrderPasses order = make_debug_order_passes();
    std::vector<llvm::Pass*> passes{order.remember,
                                    llvm::Pass::createPass(&llvm::PostRASchedulerID)};
    if (with_ours) {
        passes.push_back(order.restore);
    } else {
        delete order.restore;
    }
    Instructions result;
    run_on_machine_code(function_with_variable(begin, body, zen), passes,
                        [&result](llvm::MachineFunction& function) {
                            const auto& names = *function.getSubtarget().getInstrInfo();
                            for (const llvm::MachineInstr& each : function.front()) {
                                result.push_back(names.getName(each.getOpcode()).str());
                            }
                        });
    return result;
}

/// Without it, the variable would be 0 for good.
TEST(DebugOrder, AnOlderValueDoesNotComeBehindANewerOne) {
    const Instructions body{load, zero, other, made, use};
    EXPECT_EQ(scheduled(body, false), (Instructions{"DBG_INSTR_REF", "MOV32rm", "DBG_VALUE",
                                                    "ADD32rr", "IMUL32rr", "RET64"}));
    EXPECT_EQ(scheduled(body, true), (Instructions{"MOV32rm", "DBG_VALUE", "ADD32rr",
                                                   "DBG_INSTR_REF", "IMUL32rr", "RET64"}));
}

TEST(DebugOrder, ValuesFollowTheInstructionsBeforeThem) {
    EXPECT_EQ(
        scheduled({other, made, load, zero, use}, true),
        (Instructions{"MOV32rm", "ADD32rr", "DBG_INSTR_REF", "DBG_VALUE", "IMUL32rr", "RET64"}));
}

TEST(DebugOrder, WhatComesFirstStaysFirst) {
    EXPECT_EQ(
        scheduled({zero, made, load, other, use}, true),
        (Instructions{"DBG_VALUE", "DBG_INSTR_REF", "MOV32rm", "ADD32rr", "IMUL32rr", "RET64"}));
}

/// Of the code that instruction selection leaves at -O0, behind our pass: the instructions' names,
/// with the line of each that has one.
Instructions by_line(const Instructions& code, llvm::CodeGenOptLevel level) {
    prepare_llvm();
    std::string body = "    liveins: $edi, $esi\n";
    for (const std::string& each : code) {
        body += "    " + each + "\n";
    }
    Instructions result;
    run_on_machine_code(
        function_with_variable(body, {}), {make_line_order_pass()},
        [&result](llvm::MachineFunction& function) {
            const auto& names = *function.getSubtarget().getInstrInfo();
            for (const llvm::MachineInstr& each : function.front()) {
                const llvm::DebugLoc& location = each.getDebugLoc();
                result.push_back(names.getName(each.getOpcode()).str() +
                                 (location ? " " + std::to_string(location.getLine()) : ""));
            }
        },
        level);
    return result;
}

std::string at_line(const std::string& instruction, int line) {
    return instruction + ", debug-location !DILocation(line: " + std::to_string(line) +
           ", scope: !4)";
}

const std::string slot = "DBG_VALUE $rsp, 0, !6, !DIExpression()";
const std::string nothing = "DBG_VALUE $noreg, $noreg, !6, !DIExpression()";
const std::string add = "$edi = ADD32ri $edi, 1, implicit-def $eflags";
const std::string compare = "CMP32rr $edi, $esi, implicit-def $eflags";
const std::string store = "PUSH64r $rdi, implicit-def $rsp, implicit $rsp"; // of no line

/// In a function's first block: a value is told behind the store to its slot.
TEST(LineOrder, AValueInFrontOfAllGoesToItsLine) {
    const Instructions code{at_line(slot, 7),    store,          at_line(add, 5), store,
                            at_line(compare, 7), at_line(add, 9)};
    EXPECT_EQ(by_line(code, llvm::CodeGenOptLevel::None),
              (Instructions{"PUSH64r", "ADD32ri 5", "PUSH64r", "DBG_VALUE 7", "CMP32rr 7",
                            "ADD32ri 9", "RET64"}));
    EXPECT_EQ(by_line(code, llvm::CodeGenOptLevel::Default).front(), "DBG_VALUE 7")
        << "optimised code has an order of its own";
}

/// Behind a comparison that goes into the branch; the next value of the place comes later.
TEST(LineOrder, AValueEndsBehindTheInstructionThatTakesIt) {
    EXPECT_EQ(by_line({at_line(slot, 4), at_line(nothing, 6), at_line(compare, 5), store,
                       at_line(slot, 6), at_line(add, 6)},
                      llvm::CodeGenOptLevel::None),
              (Instructions{"DBG_VALUE 4", "CMP32rr 5", "DBG_VALUE 6", "PUSH64r", "DBG_VALUE 6",
                            "ADD32ri 6", "RET64"}));
}

TEST(LineOrder, WhatIsInOrderStays) {
    EXPECT_EQ(
        by_line(
            {at_line(nothing, 3), at_line(add, 3), store, at_line(slot, 8), at_line(compare, 9)},
            llvm::CodeGenOptLevel::None),
        (Instructions{"DBG_VALUE 3", "ADD32ri 3", "PUSH64r", "DBG_VALUE 8", "CMP32rr 9", "RET64"}));
}

} // namespace
} // namespace wdbg::compile
