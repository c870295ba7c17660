// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/aot/aot_debuggee.h>
#include <wdbg/dwarf/mapped_file.h>
#include <wdbg/wasm/module.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wdbg::aot {

using dwarf::MappedFile;

/// A range of compiled code with what its debug file says of it.
struct CodeModule {
    CodeRangeId id;
    CodeRange code;
    std::string wasm_path; ///< empty where the .wasm was not found
    std::string name;      ///< for people: the file's name
    MappedFile debug_file;
    MappedFile wasm_file;
    MappedFile aot_file;                       ///< only where reading the target takes long
    std::span<const std::byte> text;           ///< in `aot_file`
    std::optional<wasm::Module> wasm;          ///< where `is_bare`, a stand-in
    std::unique_ptr<dwarf::AotDebugInfo> info; ///< nullptr where nothing is known
    bool is_bare = false; ///< no debug file: `info` is what the code itself tells (bare_code.h)
    std::string note;     ///< what is missing and how to get it; may be empty
    /// Functions whose code is not what the debug file was made for (wdbg compile --debug-for).
    std::vector<std::uint32_t> differing;
    /// Where indirect jumps lead to (dwarf::AotFile::jump_targets()), if the .aot file is there.
    std::optional<std::vector<std::uint64_t>> jump_targets;

    /// The bytes of the .wasm or of its stand-in; an empty module's where there is neither.
    [[nodiscard]] std::span<const std::byte> wasm_bytes() const;

    /// nullopt outside of the text (e.g. in a jump table behind it).
    [[nodiscard]] std::optional<dwarf::TextOffset> text_offset(NativeAddress address) const;

    [[nodiscard]] NativeAddress native(dwarf::TextOffset offset) const {
        return {code.range.begin.value + offset.value};
    }

    /// The native function around `offset`; nullopt outside of all. Needs `info`.
    [[nodiscard]] std::optional<dwarf::TextRange> function_around(dwarf::TextOffset offset) const;

    /// Whether the code at `offset` is of that function (in wasm's index space).
    [[nodiscard]] bool is_in_function(CodeOffset offset, std::uint32_t function) const;
    /// The instruction behind the one at `offset`; itself where the function does not decode.
    [[nodiscard]] CodeOffset behind(CodeOffset offset) const;
    /// `offset` where there is a call, else the nearest call of `callee` in `function` (indirect
    /// ones if there is none); where there is none either, `offset` or the first instruction. For
    /// where the compiler has made one call of several: their places are lost.
    [[nodiscard]] CodeOffset call_near(CodeOffset offset, std::uint32_t function,
                                       std::uint32_t callee) const;
    /// "3 (main)"
    [[nodiscard]] std::string function_named(std::uint32_t function) const;
    /// Why nothing of the instruction at `offset` is in the native code.
    [[nodiscard]] std::string why_missing(CodeOffset offset) const;
    /// "module.field" of the host function that the call at `offset` leads to; empty if none.
    [[nodiscard]] std::string host_function_called_at(CodeOffset offset) const;
};

/// All code that the target has.
class CodeModules {
  public:
    CodeModules(NativeTarget& target, const AotOptions& options)
        : target_(target)
        , options_(options) {}

    void add(CodeRangeId id, const CodeRange& code);
    void remove(CodeRangeId id);

    /// nullptr where there is no known code.
    [[nodiscard]] CodeModule* at(NativeAddress address) const;
    [[nodiscard]] CodeModule* of(ModuleId module) const;

    [[nodiscard]] const std::vector<std::unique_ptr<CodeModule>>& all() const { return modules_; }

  private:
    [[nodiscard]] Result<void> open_debug_file(CodeModule& module) const;
    void open_text(CodeModule& module) const;
    [[nodiscard]] dwarf::NativeText text_of(const CodeModule& module) const;
    [[nodiscard]] Result<void> load_info(CodeModule& module) const;
    [[nodiscard]] Result<void> check_text(const CodeModule& module) const;
    [[nodiscard]] Result<void> open_bare_code(CodeModule& module) const;
    void read_jump_targets(CodeModule& module) const;
    void read_differing(CodeModule& module) const;
    void warn(const std::string& text) const;

    NativeTarget& target_;
    const AotOptions& options_;
    std::vector<std::unique_ptr<CodeModule>> modules_;
};

} // namespace wdbg::aot
