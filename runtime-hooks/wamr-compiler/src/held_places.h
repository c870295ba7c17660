// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

namespace llvm {
class FunctionPass;
} // namespace llvm

namespace wdbg::compile {

/// A pass for behind LLVM's last one that moves blocks, and in front of those that count how far
/// a jump must reach. A held place (DebugInfo::hold_places()) has no bytes: where nothing follows
/// it in its block, its address is that of the next block, and a breakpoint there would be hit by
/// those, too, that come from elsewhere. This pass gives such places one instruction of their own
/// that does nothing; at -O0, all that would share their address with the next one. It also takes
/// the column dwarf::begins_here from all other instructions, which LLVM gave the locations of held
/// places. The caller owns the pass, or gives it to a pass manager.
[[nodiscard]] llvm::FunctionPass* make_held_places_pass();

} // namespace wdbg::compile
