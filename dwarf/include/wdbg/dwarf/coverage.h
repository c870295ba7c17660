// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <string>

namespace wdbg::dwarf {

/// What a debugger can still see of the guest in its native code.
struct Coverage {
    std::uint64_t lines = 0;           ///< distinct function, file and line that begin a statement
    std::uint64_t lines_exact = 0;     ///< of these: a native instruction has a row's own offset
    std::uint64_t lines_by_range = 0;  ///< … or the next mapped offset within the row's entry
    std::uint64_t lines_breakable = 0; ///< AotDebugInfo::breakpoint() has a place, by OnlyWay
    std::uint64_t variables = 0; ///< pairs of a native place of a row and a variable located there
    std::uint64_t variables_readable = 0; ///< of these: every wasm value that its location needs is
    std::uint64_t variables_on_stack = 0; ///< of `variables`: on wasm's operand stack
    std::uint64_t text_size = 0;          ///< bytes

    [[nodiscard]] std::string json() const;
};

/// What `info` shows of `guest`; text_size is its text's. Malformed if its DWARF is damaged.
[[nodiscard]] Result<Coverage> measure_coverage(const GuestDwarf& guest, const AotDebugInfo& info);

} // namespace wdbg::dwarf
