// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_function.h"
#include "stale_locations.h"

#include <gtest/gtest.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <string>
#include <vector>

namespace wdbg::compile {
namespace {

constexpr const char* begin = "    liveins: $ecx, $r9d, $rdi, $ebx\n"
                              "    DBG_PHI $ecx, 1\n";
constexpr const char* is_in_ecx =
    "DBG_INSTR_REF !6, !DIExpression(DW_OP_LLVM_arg, 0), dbg-instr-ref(1, 0)";
constexpr const char* is_what_is_made_by_2 =
    "DBG_INSTR_REF !6, !DIExpression(DW_OP_LLVM_arg, 0), dbg-instr-ref(2, 0)";

using Instructions = std::vector<std::string>;

/// The registers in which the function's variable is said to be, one after the other.
std::string locations(const Instructions& body, bool with_ours) {
    prepare_llvm();
    std::vector<llvm::Pass*> passes{llvm::Pass::createPass(&llvm::LiveDebugValuesID)};
    if (with_ours) {
        passes.push_back(make_stale_locations_pass());
    }
    std::string result;
    run_on_machine_code(
        function_with_variable(begin, body), passes, [&](llvm::MachineFunction& function) {
            const auto& registers = *function.getSubtarget().getRegisterInfo();
            for (const llvm::MachineInstr& each : function.front()) {
                if (each.isDebugValue()) {
                    const llvm::Register place = each.getDebugOperand(0).getReg();
                    result += place == 0 ? "none " : registers.getName(place) + std::string(" ");
                }
            }
        });
    return result;
}

std::string llvm_says(const Instructions& body) {
    return locations(body, false);
}

std::string we_say(const Instructions& body) {
    return locations(body, true);
}

/// If LLVM's answer changes here, its error is mended and the pass has no use any more.
TEST(StaleLocations, AreTakenOut) {
    const Instructions body{is_in_ecx, "$ecx = LEA64_32r $rdi, 1, $noreg, -1, $noreg",
                            "$ecx = MOV32ri 5", "$esi = MOV32rr $ecx", "$ecx = MOV32rr $r9d"};
    EXPECT_EQ(llvm_says(body), "ECX ESI ");
    EXPECT_EQ(we_say(body), "ECX ");
}

TEST(StaleLocations, VariablesThatMoveAreKept) {
    const Instructions body{is_in_ecx, "$ebx = MOV32rr killed $ecx", "$ecx = MOV32ri 5"};
    EXPECT_EQ(llvm_says(body), "ECX EBX ");
    EXPECT_EQ(we_say(body), llvm_says(body));
}

TEST(StaleLocations, AValueThatIsElsewhereAsWellIsKept) {
    const Instructions body{is_in_ecx, "$esi = MOV32rr $ecx", "$ecx = MOV32ri 5",
                            "$esi = MOV32ri 6"};
    EXPECT_EQ(llvm_says(body), "ECX ESI ");
    EXPECT_EQ(we_say(body), llvm_says(body));
}

TEST(StaleLocations, ACopyToItselfOverwritesNothing) {
    const Instructions body{is_in_ecx, "$ecx = MOV32rr killed $ecx, implicit-def $rcx",
                            "$edi = MOV32ri 5", "$ebx = MOV32rr killed $ecx",
                            "$ecx = MOV32rr $r9d"};
    EXPECT_EQ(llvm_says(body), "ECX EBX ");
    EXPECT_EQ(we_say(body), llvm_says(body));
}

TEST(StaleLocations, AReferenceGivesALostVariableAValue) {
    const Instructions body{is_in_ecx, "$ecx = MOV32ri 5, debug-instr-number 2", "$edi = MOV32ri 6",
                            is_what_is_made_by_2};
    EXPECT_EQ(llvm_says(body), "ECX ECX ");
    EXPECT_EQ(we_say(body), llvm_says(body));
}

TEST(StaleLocations, AReferenceToALaterValueIsKept) {
    const Instructions body{is_in_ecx, "$edi = MOV32ri 6", is_what_is_made_by_2, "$ecx = MOV32ri 5",
                            "$esi = MOV32ri 7, debug-instr-number 2"};
    EXPECT_EQ(llvm_says(body), "ECX none ESI ");
    EXPECT_EQ(we_say(body), llvm_says(body));
}

} // namespace
} // namespace wdbg::compile
