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

} // namespace
} // namespace wdbg::compile
