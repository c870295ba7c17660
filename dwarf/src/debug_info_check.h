// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <llvm/ADT/StringRef.h>

namespace wdbg::dwarf {

/// Walks every entry of .debug_info (DWARF 5 §7.5) and checks that each attribute lies within its
/// unit. LLVM skips attributes without that check: a wrong length of a block makes it read far
/// outside of the section. Malformed, with the offset in .debug_info, for what it must not be
/// given. Linear in the size of the sections: some milliseconds for each megabyte.
[[nodiscard]] Result<void> check_debug_info(llvm::StringRef info, llvm::StringRef abbreviations);

} // namespace wdbg::dwarf
