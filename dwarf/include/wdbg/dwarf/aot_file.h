// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// WAMR's .aot files (version 6), as far as a debugger needs them. Bytes come from outside: nothing
/// here trusts an offset or a count before it is checked.
namespace wdbg::dwarf {

/// A part of the file, by WAMR's numbering of section types.
struct AotSection {
    std::uint32_t type = 0;   ///< 0 target, 1 data, 2 text, 3 functions, 4 exports, 5 relocations
    std::uint32_t offset = 0; ///< of its contents, from the start of the file
    std::uint32_t size = 0;   ///< of its contents
};

/// What the loader fills in within the text.
struct AotRelocation {
    std::uint64_t offset = 0; ///< from the start of the text
    std::int64_t addend = 0;
    std::uint32_t type = 0; ///< ELF's, of the target's machine
    std::string_view symbol{};
};

struct AotExport {
    std::uint32_t index = 0; ///< in the index space of its kind, imports included
    std::uint8_t kind = 0;   ///< as in wasm: 0 is a function
    std::string_view name{};
};

/// Of the wasm name section, which WAMR's compiler copies into the file when it is told to
/// (`wamrc --emit-custom-sections=name`).
struct AotFunctionName {
    std::uint32_t function = 0; ///< in the function index space
    std::string_view name{};
};

/// A view of the caller's bytes, which must outlive it.
class AotFile {
  public:
    /// Malformed names what is wrong or where it is cut short; Unsupported another version.
    [[nodiscard]] static Result<AotFile> parse(std::span<const std::byte> bytes);

    [[nodiscard]] std::uint32_t version() const { return version_; }

    /// "x86_64", "aarch64v8", …
    [[nodiscard]] std::string_view architecture() const { return architecture_; }

    [[nodiscard]] std::uint16_t machine() const { return machine_; } ///< ELF e_machine

    [[nodiscard]] bool is_64() const { return is_64_; }

    [[nodiscard]] bool is_little_endian() const { return is_little_endian_; }

    /// Made with --xip: runs in place.
    [[nodiscard]] bool is_xip() const { return is_xip_; }

    /// What it needs of the runtime: bits of WAMR's WASM_FEATURE_*.
    [[nodiscard]] std::uint64_t features() const { return features_; }

    [[nodiscard]] std::span<const AotSection> sections() const { return sections_; }

    /// The native code as it stands there, not relocated. It may end in padding.
    [[nodiscard]] std::span<const std::byte> text() const { return text_; }

    /// Where the code of each function that the module defines begins, from the start of the text.
    [[nodiscard]] std::span<const std::uint64_t> functions() const { return functions_; }

    [[nodiscard]] std::span<const AotExport> exports() const { return exports_; }

    /// Empty where the file has no names, or damaged ones: they are a help, never a reason to
    /// refuse.
    [[nodiscard]] std::span<const AotFunctionName> names() const { return names_; }

    /// In the order of the file.
    [[nodiscard]] std::span<const AotRelocation> text_relocations() const { return relocations_; }

    /// Where indirect jumps within a function may lead to: all places of the text whose addresses
    /// the code or its data (jump tables) has, as offsets from its start, ascending. nullopt: not
    /// known (x86-64 only).
    [[nodiscard]] const std::optional<std::vector<std::uint64_t>>& jump_targets() const {
        return jump_targets_;
    }

  private:
    friend class AotFileParser;

    AotFile() = default;

    std::uint32_t version_ = 0;
    std::string_view architecture_{};
    std::uint16_t machine_ = 0;
    bool is_64_ = false;
    bool is_little_endian_ = true;
    bool is_xip_ = false;
    std::uint64_t features_ = 0;
    std::vector<AotSection> sections_{};
    std::span<const std::byte> text_{};
    std::vector<std::uint64_t> functions_{};
    std::vector<AotExport> exports_{};
    std::vector<AotFunctionName> names_{};
    std::vector<AotRelocation> relocations_{};
    std::optional<std::vector<std::uint64_t>> jump_targets_{};
};

/// Whether a file's first bytes are those of an .aot file.
[[nodiscard]] bool is_aot_file(std::span<const std::byte> bytes);

} // namespace wdbg::dwarf
