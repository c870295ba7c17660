// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plugin.h"

#include <wdbg/dwarf/instruction_printer.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>
#include <wdbg/dwarf/llvm_source_info.h>
#include <wdbg/dwarf/llvm_symbolizer.h>
#include <wdbg/dwarf/machine_decoder.h>

#include <exception>

extern "C" {

[[gnu::visibility("default")]] int wdbg_dwarf_plugin_version() {
    return wdbg::dwarf::plugin_version;
}

[[gnu::visibility("default")]] void wdbg_dwarf_open(const wdbg::dwarf::ModuleSource& source,
                                                    wdbg::dwarf::SymbolizerResult& result) {
    try {
        result = wdbg::dwarf::make_symbolizer(source);
    } catch (const std::exception& exception) { // no exception crosses a library
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

[[gnu::visibility("default")]] void wdbg_dwarf_make_decoder(wdbg::Machine machine, bool thumb,
                                                            wdbg::dwarf::DecoderResult& result) {
    try {
        result = wdbg::dwarf::make_machine_decoder(machine, thumb);
    } catch (const std::exception& exception) {
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

[[gnu::visibility("default")]] void wdbg_dwarf_make_printer(wdbg::Machine machine, bool thumb,
                                                            wdbg::dwarf::PrinterResult& result) {
    try {
        result = wdbg::dwarf::make_instruction_printer(machine, thumb);
    } catch (const std::exception& exception) {
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

[[gnu::visibility("default")]] void wdbg_dwarf_open_aot(const wdbg::dwarf::AotDebugSource& source,
                                                        wdbg::dwarf::AotDebugInfoResult& result) {
    try {
        result = wdbg::dwarf::make_aot_debug_info(source);
    } catch (const std::exception& exception) {
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

[[gnu::visibility("default")]] void
wdbg_dwarf_open_source_info(const wdbg::dwarf::ModuleSource& source,
                            wdbg::dwarf::SourceInfoResult& result) {
    try {
        result = wdbg::dwarf::make_source_info(source);
    } catch (const std::exception& exception) {
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

[[gnu::visibility("default")]] void wdbg_dwarf_open_host_file(std::span<const std::byte> elf,
                                                              wdbg::dwarf::HostFileResult& result) {
    try {
        result = wdbg::dwarf::make_host_file(elf);
    } catch (const std::exception& exception) {
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

[[gnu::visibility("default")]] void wdbg_dwarf_summarize(const wdbg::dwarf::ModuleSource& module,
                                                         std::span<const std::byte> debug_file,
                                                         wdbg::dwarf::SummaryResult& result) {
    try {
        result = wdbg::dwarf::summarize_debug_info(module, debug_file);
    } catch (const std::exception& exception) {
        result = wdbg::fail(wdbg::ErrorCode::Internal, exception.what());
    }
}

} // extern "C"
