// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/model/error.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace wdbg::dwarf {

/// One row of the guest's line table that begins a statement, or of a line that has none, with the
/// end of its entry (the next row of another address). One in front of the function's first
/// instruction begins with that. Offsets are from the start of the .wasm file.
struct StatementRow {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::uint32_t function = 0; ///< offset of its body (wasm::FunctionBody::begin)
    std::uint32_t line = 0;
    std::uint32_t file = 0; ///< number of this file among all of the module's
};

/// A variable or parameter of the guest, one entry per range of its location.
struct GuestVariable {
    std::uint32_t begin = 0;      ///< code offsets where the location holds
    std::uint32_t end = 0;        ///< … until a value that it needs is taken from the operand stack
    std::uint32_t listed_end = 0; ///< … by the guest's DWARF, which ends such ranges late
    std::uint32_t function = 0;   ///< offset of its body
    /// What the location needs, frame base included: wasm locals, and values on the operand stack
    /// (0 is its bottom).
    std::set<std::uint32_t> locals{};
    std::set<std::uint32_t> operands{};
};

/// What the guest's own DWARF says that matters to its compilation.
struct GuestDwarf {
    std::vector<StatementRow> rows; ///< by begin
    std::vector<GuestVariable> variables;
    /// By body offset: locals that are the frame base, and that any location needs.
    std::map<std::uint32_t, std::set<std::uint32_t>> frame_locals;
    std::map<std::uint32_t, std::set<std::uint32_t>> named_locals;
    std::filesystem::path file;        ///< where it was read: the module or its external file
    std::vector<std::string> problems; ///< what of it could not be read: a .dwo that is missing
};

/// Reads it in the module, in the file that its section external_debug_info names, and in the
/// .dwo or .dwp files that belong to it. Unavailable if there is none, NotFound or Io if its file
/// cannot be read, Malformed if it is damaged.
[[nodiscard]] Result<GuestDwarf> read_guest_dwarf(const ModuleSource& source);

} // namespace wdbg::dwarf
