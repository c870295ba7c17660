// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/source_info.h>

#include <memory>

namespace wdbg::dwarf {

/// SourceInfo on LLVM's DWARF reader, for those who link LLVM; others use load_source_info().
/// Fails as make_symbolizer() does.
[[nodiscard]] Result<std::unique_ptr<SourceInfo>> make_source_info(const ModuleSource& source);

} // namespace wdbg::dwarf
