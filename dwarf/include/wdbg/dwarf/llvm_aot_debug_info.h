// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>

#include <memory>

namespace wdbg::dwarf {

/// The reader on LLVM's DWARF library, for those who link LLVM; others use load_aot_debug_info().
/// Opening reads no table: each is read when first needed. Fails as DebugFile::parse() does, with
/// NotFound if the module is not the one the file belongs to, Unsupported for an unknown machine,
/// Malformed if the module cannot be read.
[[nodiscard]] Result<std::unique_ptr<AotDebugInfo>>
make_aot_debug_info(const AotDebugSource& source);

} // namespace wdbg::dwarf
