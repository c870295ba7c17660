// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_info_check.h"

#include "raw_entries.h"

namespace wdbg::dwarf {

Result<void> check_debug_info(llvm::StringRef info, llvm::StringRef abbreviations) {
    const auto entries = RawEntries::open(info, abbreviations);
    return entries ? Result<void>() : std::unexpected(entries.error());
}

} // namespace wdbg::dwarf
