// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The debug file that `wdbg compile` writes beside an .aot: an ELF file with DWARF and a section
/// ".wdbg" that says what it belongs to (docs/aot.md, "The debug file"). Bytes come from outside:
/// nothing here trusts an offset or a count before it is checked.
namespace wdbg::dwarf {

/// The column (.debug_line) of a row of the native line table whose line, a wasm statement, is
/// known to begin at the row's address; other rows have 0.
inline constexpr std::uint32_t begins_here = 1;

using Sha256 = std::array<std::uint8_t, 32>;

/// Native code of one function that the module defines.
struct NativeFunction {
    std::uint32_t function = 0; ///< in the function index space, imports included
    bool internal = false;      ///< the body behind an entry that checks the stack
    std::uint32_t offset = 0;   ///< from the start of the text
    std::uint32_t size = 0;
    std::uint64_t hash = 0; ///< of its masked bytes; equal for equal code
};

/// Bytes of the text that the loader fills in.
struct TextMask {
    std::uint32_t offset = 0; ///< from the start of the text
    std::uint32_t size = 0;
};

/// A view of the caller's bytes, which must outlive it.
class DebugFile {
  public:
    /// Malformed names what is wrong; Unsupported a version this build does not know.
    [[nodiscard]] static Result<DebugFile> parse(std::span<const std::byte> bytes);

    /// For code that has none: what is known of its functions, by offset.
    [[nodiscard]] static DebugFile of_functions(std::vector<NativeFunction> functions,
                                                std::uint32_t text_size) {
        DebugFile file;
        file.functions_ = std::move(functions);
        file.text_size_ = text_size;
        return file;
    }

    [[nodiscard]] std::uint16_t machine() const { return machine_; } ///< ELF e_machine

    [[nodiscard]] bool is_64() const { return is_64_; }

    [[nodiscard]] std::span<const std::byte> build_id() const { return build_id_; }

    [[nodiscard]] const Sha256& module_hash() const { return module_hash_; }

    /// Of the text with zeros in the masks.
    [[nodiscard]] const Sha256& text_hash() const { return text_hash_; }

    [[nodiscard]] std::uint32_t text_size() const { return text_size_; }

    /// What the DWARF's native addresses count from: native address = load address + (address here
    /// − text_address()).
    [[nodiscard]] std::uint64_t text_address() const { return text_address_; }

    /// Of the Code section's contents from the start of the .wasm file. Line numbers in the native
    /// line table are offsets from the start of the file; DWARF of the guest counts from here.
    [[nodiscard]] std::uint32_t code_section_start() const { return code_section_start_; }

    [[nodiscard]] std::uint32_t imported_function_count() const { return imported_functions_; }

    /// By offset.
    [[nodiscard]] std::span<const NativeFunction> functions() const { return functions_; }

    [[nodiscard]] std::span<const TextMask> masks() const { return masks_; }

    /// "options", "module", "wdbg", "llvm", "wamr", "differing" ("3,17": functions).
    [[nodiscard]] std::optional<std::string_view> fact(std::string_view key) const;
    /// Contents of an ELF section; empty where there is none.
    [[nodiscard]] std::span<const std::byte> section(std::string_view name) const;
    /// Address of an ELF section as the file has it; 0 where there is none.
    [[nodiscard]] std::uint64_t section_address(std::string_view name) const;

    /// NotFound with both hashes if this is not the debug file of code made from `wasm`.
    [[nodiscard]] Result<void> check_module(std::span<const std::byte> wasm) const;
    /// The indices of the functions whose code differs; empty if the text is this file's. `text`
    /// may be loaded (relocated) or not, and longer than text_size().
    [[nodiscard]] std::vector<std::uint32_t>
    differing_functions(std::span<const std::byte> text) const;
    /// NotFound with both hashes, and the first functions that differ.
    [[nodiscard]] Result<void> check_text(std::span<const std::byte> text) const;
    /// Whether `text`, this file's, still has what the .aot file has at every place that a loader
    /// fills in: nobody has loaded it yet. False where there are no such places, or `aot` is none.
    [[nodiscard]] bool is_not_loaded(std::span<const std::byte> text,
                                     std::span<const std::byte> aot) const;
    /// Where text like this file's may begin in `memory` (loaded code and whatever is around it),
    /// in bytes: found by the hashes of a few of its functions, so check_text() has the last word.
    [[nodiscard]] std::vector<std::size_t> find_text(std::span<const std::byte> memory) const;

  private:
    friend class DebugFileParser;

    struct Section {
        std::string_view name{};
        std::span<const std::byte> bytes{};
        std::uint64_t address = 0;
    };

    DebugFile() = default;

    std::uint16_t machine_ = 0;
    bool is_64_ = false;
    std::span<const std::byte> build_id_{};
    Sha256 module_hash_{};
    Sha256 text_hash_{};
    std::uint32_t text_size_ = 0;
    std::uint64_t text_address_ = 0;
    std::uint32_t code_section_start_ = 0;
    std::uint32_t imported_functions_ = 0;
    std::vector<NativeFunction> functions_{};
    std::vector<TextMask> masks_{};
    std::vector<std::string_view> facts_{};
    std::vector<Section> sections_{};
};

} // namespace wdbg::dwarf
