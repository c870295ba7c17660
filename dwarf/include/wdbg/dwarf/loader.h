// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

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

/// A decoder of x86-64 code from the same library, which is looked for in the same way.
/// Unavailable if the library is missing, Unsupported if its LLVM cannot decode x86-64.
[[nodiscard]] Result<std::unique_ptr<InstructionDecoder>>
load_instruction_decoder(const std::filesystem::path& directory = {});

/// The source-level view of a module, from the same library. Fails as load_symbolizer() does.
[[nodiscard]] Result<std::unique_ptr<SourceInfo>>
load_source_info(const ModuleSource& source, const std::filesystem::path& directory = {});

} // namespace wdbg::dwarf
