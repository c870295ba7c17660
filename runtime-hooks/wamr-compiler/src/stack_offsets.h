// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class FunctionPass;
} // namespace llvm

namespace wdbg::compile {

/// A pass for behind LLVM's last one that moves code. Where the same `sub rsp` begins both sides of
/// a branch (calls with arguments on the stack), LLVM moves it in front of the branch, but what
/// it says of the canonical frame address stays behind; a thread that stops in between cannot be
/// unwound. This pass says it anew, after each instruction that moves the stack pointer, in
/// functions where that is necessary: x86-64 without frame pointer. The code stays as it is. The
/// caller owns the pass, or gives it to a pass manager.
[[nodiscard]] llvm::FunctionPass* make_stack_offsets_pass();

} // namespace wdbg::compile
