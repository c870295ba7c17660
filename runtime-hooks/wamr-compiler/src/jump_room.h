// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class FunctionPass;
} // namespace llvm

namespace wdbg::compile {

/// A pass for x86-64, behind all that insert or replace instructions. A near jump takes 5 bytes,
/// and a debugger may put one only in place of one instruction; so a shorter one behind a held
/// place (DebugInfo::hold_places()) is made longer by prefixes that do nothing (CS, Intel SDM
/// volume 2, 2.1.1). Elsewhere it does nothing. The caller owns the pass, or gives it to a pass
/// manager.
[[nodiscard]] llvm::FunctionPass* make_jump_room_pass();

} // namespace wdbg::compile
