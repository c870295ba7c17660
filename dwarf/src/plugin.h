// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/debug_summary.h>
#include <wdbg/dwarf/host_file.h>
#include <wdbg/dwarf/source_info.h>
#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/model/instruction_decoder.h>

#include <memory>

/// What libwdbg-dwarf.so exports. Both sides are built together, with one compiler and one
/// standard library; the version is a guard against mixed installations.
namespace wdbg::dwarf {

/// Raised with every change of symbolizer.h, source_info.h, aot_debug_info.h,
/// instruction_decoder.h, host_file.h, debug_summary.h or of the types below.
inline constexpr int plugin_version = 10;
inline constexpr const char* plugin_version_symbol = "wdbg_dwarf_plugin_version";
inline constexpr const char* plugin_open_symbol = "wdbg_dwarf_open";
inline constexpr const char* plugin_decoder_symbol = "wdbg_dwarf_make_decoder";
inline constexpr const char* plugin_aot_symbol = "wdbg_dwarf_open_aot";

using SymbolizerResult = Result<std::unique_ptr<Symbolizer>>;

using DecoderResult = Result<std::unique_ptr<InstructionDecoder>>;

using AotDebugInfoResult = Result<std::unique_ptr<AotDebugInfo>>;

using PluginVersionFunction = int();
/// Assigns to `result`; never throws.
using PluginOpenFunction = void(const ModuleSource& source, SymbolizerResult& result);
using PluginDecoderFunction = void(Machine machine, bool thumb, DecoderResult& result);
using PluginAotFunction = void(const AotDebugSource& source, AotDebugInfoResult& result);

/// The source level's view of a module: source_info.h, types.h, location.h.
inline constexpr const char* plugin_source_info_symbol = "wdbg_dwarf_open_source_info";
using SourceInfoResult = Result<std::unique_ptr<SourceInfo>>;
using PluginSourceInfoFunction = void(const ModuleSource& source, SourceInfoResult& result);

/// Native code for people: instruction_printer.h.
inline constexpr const char* plugin_printer_symbol = "wdbg_dwarf_make_printer";
using PrinterResult = Result<std::unique_ptr<InstructionPrinter>>;
using PluginPrinterFunction = void(Machine machine, bool thumb, PrinterResult& result);

/// The runtime's own code: host_file.h.
inline constexpr const char* plugin_host_file_symbol = "wdbg_dwarf_open_host_file";
using HostFileResult = Result<std::unique_ptr<HostFile>>;
using PluginHostFileFunction = void(std::span<const std::byte> elf, HostFileResult& result);

/// What wdbg info tells: debug_summary.h.
inline constexpr const char* plugin_summary_symbol = "wdbg_dwarf_summarize";
using SummaryResult = Result<DebugSummary>;
using PluginSummaryFunction = void(const ModuleSource& module,
                                   std::span<const std::byte> debug_file, SummaryResult& result);

} // namespace wdbg::dwarf
