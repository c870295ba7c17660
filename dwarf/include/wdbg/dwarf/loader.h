// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/debug_summary.h>
#include <wdbg/dwarf/host_file.h>
#include <wdbg/dwarf/source_info.h>
#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/model/instruction_decoder.h>

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

/// A decoder of a machine's code from the same library, which is looked for in the same way (as
/// make_machine_decoder()). Unavailable if the library is missing.
[[nodiscard]] Result<std::unique_ptr<InstructionDecoder>>
load_instruction_decoder(Machine machine = Machine::X86_64, bool thumb = false,
                         const std::filesystem::path& directory = {});

/// Shows a machine's code, in the same way (as make_instruction_printer()).
[[nodiscard]] Result<std::unique_ptr<InstructionPrinter>>
load_instruction_printer(Machine machine = Machine::X86_64, bool thumb = false,
                         const std::filesystem::path& directory = {});

/// A reader of the runtime's own programs and libraries. Fails as make_host_file() does.
[[nodiscard]] Result<std::unique_ptr<HostFile>>
load_host_file(std::span<const std::byte> elf, const std::filesystem::path& directory = {});

/// A reader of AOT debug files from the same library, which is looked for in the same way. Fails
/// as make_aot_debug_info() does (llvm_aot_debug_info.h); Unavailable if the library is missing.
[[nodiscard]] Result<std::unique_ptr<AotDebugInfo>>
load_aot_debug_info(const AotDebugSource& source, const std::filesystem::path& directory = {});

/// The source-level view of a module, from the same library. Fails as load_symbolizer() does.
[[nodiscard]] Result<std::unique_ptr<SourceInfo>>
load_source_info(const ModuleSource& source, const std::filesystem::path& directory = {});

/// summarize_debug_info() of the same library. Unavailable if the library is missing.
[[nodiscard]] Result<DebugSummary> load_debug_summary(const ModuleSource& module,
                                                      std::span<const std::byte> debug_file,
                                                      const std::filesystem::path& directory = {});

} // namespace wdbg::dwarf
