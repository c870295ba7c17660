// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace wdbg::dwarf {

struct SourceLocation {
    std::string file;         ///< absolute where DW_AT_comp_dir makes it so; empty if not known
    std::uint32_t line = 0;   ///< from 1; 0: no line of the source (compiler-made code)
    std::uint32_t column = 0; ///< from 1; 0: not known
};

/// A function at an address, as the source has it.
struct SourceFrame {
    std::string function; ///< demangled; empty if not known
    SourceLocation location;
    bool inlined = false; ///< its code was inlined into the next frame's function
};

/// What an address stands for.
enum class AddressKind : std::uint8_t {
    Instruction,   ///< this instruction: frame 0, traps, breakpoints
    ReturnAddress, ///< the instruction before this one: the call of a calling frame
};

/// Source positions of one module. Safe to use from several threads.
class Symbolizer {
  public:
    virtual ~Symbolizer() = default;

    /// The functions at `offset` (from the start of the .wasm file), innermost inlined one first;
    /// empty where the debug information says nothing (DWARF 5 §3.3.8, §6.2). Malformed if it is
    /// damaged there.
    [[nodiscard]] virtual Result<std::vector<SourceFrame>>
    lookup(CodeOffset offset, AddressKind kind = AddressKind::Instruction) = 0;

    /// Where the debug information was read: the module itself or the file of external_debug_info.
    [[nodiscard]] virtual const std::filesystem::path& debug_file() const = 0;
};

/// A module to be symbolized. The bytes must stay alive and unchanged as long as the Symbolizer.
struct ModuleSource {
    std::span<const std::byte> bytes; ///< of the .wasm file
    std::filesystem::path path;       ///< where it is; external debug information lies beside it
};

} // namespace wdbg::dwarf
