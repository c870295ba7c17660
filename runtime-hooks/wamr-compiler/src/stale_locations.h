// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class FunctionPass;
} // namespace llvm

namespace wdbg::compile {

/// A pass for behind LLVM's LiveDebugValues. That one (by instruction references: x86-64) forgets
/// to forget: a variable whose register was overwritten with nothing else holding its value stays
/// listed as living there, and the next copy to this register moves the variable to wherever the
/// register's present value is found as well. This pass takes those locations out; the code stays
/// as it is. The caller owns the pass, or gives it to a pass manager.
[[nodiscard]] llvm::FunctionPass* make_stale_locations_pass();

} // namespace wdbg::compile
