// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <llvm/ADT/StringRef.h>

namespace wdbg::dwarf {

/// Walks the headers of .debug_line's tables (DWARF 5 §6.2.4) and checks the forms of their lists
/// of folders and files: LLVM 22 runs into undefined behaviour where it wants to tell of an unusual
/// one. Malformed, with the offset in the section, for what it must not be given.
[[nodiscard]] Result<void> check_debug_line(llvm::StringRef section);

} // namespace wdbg::dwarf
