// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/symbolizer.h>

#include <memory>

/// What libwdbg-dwarf.so exports. Both sides are built together, with one compiler and one
/// standard library; the version is a guard against mixed installations.
namespace wdbg::dwarf {

/// Raised with every change of symbolizer.h or of the types below.
inline constexpr int plugin_version = 1;
inline constexpr const char* plugin_version_symbol = "wdbg_dwarf_plugin_version";
inline constexpr const char* plugin_open_symbol = "wdbg_dwarf_open";

using SymbolizerResult = Result<std::unique_ptr<Symbolizer>>;

using PluginVersionFunction = int();
/// Assigns to `result`; never throws.
using PluginOpenFunction = void(const ModuleSource& source, SymbolizerResult& result);

} // namespace wdbg::dwarf
