// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/location.h>
#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/dwarf/types.h>
#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a source-level debugger asks of one module's DWARF. No LLVM in here: load_source_info()
/// brings the implementation. All offsets are from the start of the .wasm file.
namespace wdbg::dwarf {

/// begin <= offset < end.
struct CodeRange {
    CodeOffset begin;
    CodeOffset end;

    [[nodiscard]] constexpr bool contains(CodeOffset offset) const {
        return begin <= offset && offset < end;
    }

    friend constexpr auto operator<=>(const CodeRange&, const CodeRange&) = default;
};

/// Number of a source file in SourceInfo::files().
using FileIndex = std::uint32_t;
inline constexpr FileIndex no_file = UINT32_MAX;

struct SourceFile {
    /// Normalised ("..", "." and "//" resolved); absolute where DW_AT_comp_dir makes it so.
    std::string path;
};

/// One row of a line table with the code that it covers (DWARF 5 §6.2).
struct LineRow {
    CodeRange range;
    FileIndex file = no_file;
    std::uint32_t line = 0;   ///< 0: code that belongs to no line
    std::uint32_t column = 0; ///< 0: not known
    bool is_statement = false;
    bool prologue_end = false;
};

/// A place where a breakpoint for a line can go.
struct LineLocation {
    CodeOffset offset{};
    FileIndex file = no_file;
    std::uint32_t line = 0; ///< the line it really is on
    std::uint32_t column = 0;
};

/// A function that has code, or one inlined copy of it.
struct FunctionInfo {
    EntryId entry;                 ///< of the DIE with the code (subprogram or inlined subroutine)
    std::string name;              ///< as a stack trace shows it: "geometry::Square::area"
    std::string base_name;         ///< "area"
    std::string linkage_name;      ///< may be empty
    std::vector<CodeRange> ranges; ///< at least one; the first contains the function's begin
    CodeOffset entry_offset;       ///< first instruction behind the prologue: where to stop
    FileIndex file = no_file;      ///< of the declaration
    std::uint32_t line = 0;
    bool inlined = false;
    SourceLanguage language = SourceLanguage::Unknown;
};

/// One function at an address: the innermost inlined one first, the real one last.
struct ScopeFrame {
    FunctionInfo function;
    /// Where this function stands: frame 0 by the line table, outer ones at their inlined call.
    FileIndex file = no_file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

enum class VariableKind : std::uint8_t { Parameter, Local, StaticLocal, Global, Constant };

struct Variable {
    EntryId entry;
    std::string name;
    VariableKind kind = VariableKind::Local;
    TypeId type;
    FileIndex file = no_file;
    std::uint32_t line = 0;
    /// Nesting of its block: 0 the function's parameters and outermost block.
    std::uint32_t depth = 0;
    bool artificial = false; ///< compiler-made; `this` is one too
    /// Another variable of this name in a block further in hides it at this offset.
    bool shadowed = false;
    std::string linkage_name{};
    std::string qualified_name{}; ///< of globals: "geometry::detail::offset"
};

struct EnumeratorInfo {
    TypeId type;
    std::int64_t value = 0;
};

/// Read-only view of one module's debug information. Not thread-safe: it belongs to the event loop.
/// Damaged bytes give Malformed or less information, never a crash.
class SourceInfo {
  public:
    virtual ~SourceInfo() = default;

    // --- Files and lines ------------------------------------------------------------------------
    /// All source files, in order of first mention; grows never.
    [[nodiscard]] virtual const std::vector<SourceFile>& files() = 0;
    /// Files whose path is `path`, or else those that have the longest common end with it, of at
    /// least the file's name: "/old/src/a.c" for "/new/src/a.c".
    [[nodiscard]] virtual std::vector<FileIndex> find_files(std::string_view path) = 0;
    /// Where a breakpoint on `line` goes: one location for each function and inlined copy that has
    /// code of the line, behind the function's prologue. A line without code takes the next one
    /// that has some. Empty if there is none. `column` 0: any.
    [[nodiscard]] virtual std::vector<LineLocation> find_line(FileIndex file, std::uint32_t line,
                                                              std::uint32_t column = 0) = 0;
    /// All statements of a file in [first, last], for DAP's breakpointLocations.
    [[nodiscard]] virtual std::vector<LineLocation>
    line_locations(FileIndex file, std::uint32_t first, std::uint32_t last) = 0;
    /// The row that covers the offset; nullopt without line information.
    [[nodiscard]] virtual std::optional<LineRow> row_at(CodeOffset offset) = 0;
    /// Rows within a range, ordered.
    [[nodiscard]] virtual std::vector<LineRow> rows_in(CodeRange range) = 0;
    /// The code around `offset` that one step over its line runs through: neighbouring rows of the
    /// same file and line, with rows of line 0 between and behind them. nullopt without line
    /// information.
    [[nodiscard]] virtual std::optional<CodeRange> step_range(CodeOffset offset) = 0;

    // --- Functions ------------------------------------------------------------------------------
    /// Functions at an address; empty where there is no subprogram.
    [[nodiscard]] virtual std::vector<ScopeFrame> frames_at(CodeOffset offset,
                                                            AddressKind kind) = 0;
    /// Functions called `name`: the base name, any end of the qualified name at a `::`, the linkage
    /// name, or one of these with its parameters "(int, char)". With inlined copies.
    [[nodiscard]] virtual std::vector<FunctionInfo> find_functions(std::string_view name) = 0;
    /// The function whose code contains `offset` (not an inlined copy).
    [[nodiscard]] virtual std::optional<FunctionInfo> function_at(CodeOffset offset) = 0;
    /// Begins of all functions that have line information, for stepping through those that do not.
    [[nodiscard]] virtual std::vector<CodeOffset> function_entries() = 0;

    // --- Variables ------------------------------------------------------------------------------
    /// Variables that are in scope at `offset` in the `inline_level`-th function there (0 is the
    /// innermost, as in frames_at()): parameters first, then by block and line.
    [[nodiscard]] virtual std::vector<Variable> variables_at(CodeOffset offset, AddressKind kind,
                                                             std::uint32_t inline_level) = 0;
    /// Globals and file statics of the compile unit that has the code at `offset`.
    [[nodiscard]] virtual std::vector<Variable> unit_globals(CodeOffset offset) = 0;
    /// Globals of any unit by name (as find_functions()); those of `near`'s unit first.
    [[nodiscard]] virtual std::vector<Variable> find_globals(std::string_view name,
                                                             std::optional<CodeOffset> near) = 0;
    /// The global that begins at this address of memory 0 (Rust's vtables, for instance).
    [[nodiscard]] virtual std::optional<Variable> global_at(std::uint64_t address) = 0;
    /// Where a variable is while the frame stands at `offset`. An object that has no location there
    /// gives a Place of kind Unavailable with its reason; Malformed for damaged expressions.
    [[nodiscard]] virtual Result<Location> locate(EntryId variable, CodeOffset offset,
                                                  AddressKind kind, const FrameState& state) = 0;

    // --- Types ----------------------------------------------------------------------------------
    /// The node; declarations are replaced by their definition where the module has one. Of a
    /// function's entry its own type, of kind Function. Malformed for an id that is no type.
    [[nodiscard]] virtual Result<TypePointer> type(TypeId id) = 0;
    /// By name as it is written: "geometry::Square", "unsigned int", "Pair<int>"; base names too.
    [[nodiscard]] virtual std::optional<TypeId> find_type(std::string_view name) = 0;
    /// An enumerator by name, with as much of its enum's scope as is given.
    [[nodiscard]] virtual std::optional<EnumeratorInfo> find_enumerator(std::string_view name) = 0;
    [[nodiscard]] virtual SourceLanguage language_at(CodeOffset offset) = 0;

    // --- Names ----------------------------------------------------------------------------------
    [[nodiscard]] virtual std::string demangle(const std::string& linkage_name) const = 0;
    /// Where the debug information was read.
    [[nodiscard]] virtual const std::filesystem::path& debug_file() const = 0;
};

} // namespace wdbg::dwarf
