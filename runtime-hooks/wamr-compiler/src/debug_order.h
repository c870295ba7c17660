// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class FunctionPass;
} // namespace llvm

namespace wdbg::compile {

/// Two passes, for in front of a scheduler of machine code and for behind it. LLVM's schedulers
/// move debug instructions along with the instruction before them (DBG_VALUE) or leave them behind,
/// at the beginning of what they schedule (DBG_INSTR_REF: post-RA-sched, which runs for AMD's Zen):
/// so an older value of a variable may come behind the newer one, and stays. The second pass puts
/// each behind the instruction that it was behind, those of one variable in their old order; the
/// code stays as it is. The caller owns the passes, or gives them to a pass manager.
struct DebugOrderPasses {
    llvm::FunctionPass* remember;
    llvm::FunctionPass* restore;
};

[[nodiscard]] DebugOrderPasses make_debug_order_passes();

/// For -O0, behind the selection of instructions, which puts some debug instructions in front of
/// instructions of earlier lines: those of a function's first block at its beginning, if FastISel
/// leaves the instruction behind them to SelectionDAG, and those behind a comparison that goes into
/// the branch. WAMR's code comes in the order of the wasm module within a block: each is put where
/// its line begins. The caller owns the pass, or gives it to a pass manager.
[[nodiscard]] llvm::FunctionPass* make_line_order_pass();

} // namespace wdbg::compile
