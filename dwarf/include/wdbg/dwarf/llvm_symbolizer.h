// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/symbolizer.h>

#include <memory>

namespace wdbg::dwarf {

/// The symbolizer on LLVM's DWARF reader, for those who link LLVM; others use load_symbolizer().
/// Fails as ModuleImage::open() does, and with Malformed if no compile unit can be read.
[[nodiscard]] Result<std::unique_ptr<Symbolizer>> make_symbolizer(const ModuleSource& source);

} // namespace wdbg::dwarf
