// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <string>

namespace wdbg::dwarf {

/// A linkage name as the source writes it (Itanium, Rust v0 and legacy, D); others unchanged.
[[nodiscard]] std::string demangled(const std::string& linkage_name);

} // namespace wdbg::dwarf
