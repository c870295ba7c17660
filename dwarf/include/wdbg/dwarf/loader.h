// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/symbolizer.h>

#include <memory>

namespace wdbg::dwarf {

/// A symbolizer of libwdbg-dwarf.so, which is loaded when this is first called: it brings libLLVM
/// (some 50 MB resident), and most runs never need it.
///
/// The library is looked for in `directory` if that is not empty, else in the folders lib/,
/// lib/wdbg/ and . relative to the program's own folder and to its parent. Unavailable if it is
/// missing or belongs to another version of wdbg, and if the module has no debug information;
/// Malformed if that cannot be read.
[[nodiscard]] Result<std::unique_ptr<Symbolizer>>
load_symbolizer(const ModuleSource& source, const std::filesystem::path& directory = {});

} // namespace wdbg::dwarf
