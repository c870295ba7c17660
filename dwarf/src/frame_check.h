// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <llvm/ADT/StringRef.h>

namespace wdbg::dwarf {

/// Walks the entries of .eh_frame (`is_eh`; LSB 5.0 §10.6) or .debug_frame (DWARF 5 §6.4.1) and
/// checks that each lies within the section, that each FDE names a CIE before it, and that a CIE's
/// address size is one that exists: LLVM follows all that without looking. Malformed, with the
/// offset in the section, for what it must not be given.
[[nodiscard]] Result<void> check_frames(llvm::StringRef section, bool is_eh);

} // namespace wdbg::dwarf
