// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/wasm/module.h>

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace wdbg::dwarf {

/// A code address as DWARF in wasm counts it: from the first byte behind the Code section's id and
/// size ("DWARF for WebAssembly", code addresses).
struct DwarfOffset {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(const DwarfOffset&, const DwarfOffset&) = default;
};

/// A module together with its debug information, wherever that is. The one place where offsets of
/// DWARF and offsets from the start of the .wasm file are converted.
class ModuleImage {
  public:
    /// Files of debug information above this size are refused.
    static constexpr std::uintmax_t max_debug_file = std::uintmax_t{2} << 30U;

    /// Reads the module and, where it has no .debug_* sections of its own, the file that its
    /// section external_debug_info names, if that lies in the module's folder or below.
    /// Unavailable if there is no debug information, NotFound or Io if its file cannot be read,
    /// Malformed if it is not a module or belongs to another build (build_id).
    [[nodiscard]] static Result<ModuleImage> open(const ModuleSource& source);

    [[nodiscard]] const wasm::Module& module() const { return module_; }

    /// The module whose custom sections hold the DWARF.
    [[nodiscard]] const wasm::Module& debug_module() const {
        return external_ ? *external_ : module_;
    }

    [[nodiscard]] const std::filesystem::path& debug_file() const { return debug_file_; }

    /// nullopt for an offset outside of the Code section.
    [[nodiscard]] std::optional<DwarfOffset> to_dwarf(CodeOffset offset) const;
    [[nodiscard]] std::optional<CodeOffset> to_code(DwarfOffset offset) const;

  private:
    explicit ModuleImage(wasm::Module module) : module_(std::move(module)) {}

    [[nodiscard]] Result<void> open_external(const std::filesystem::path& module_path);

    wasm::Module module_;
    std::optional<wasm::Module> external_;
    std::filesystem::path debug_file_;
};

} // namespace wdbg::dwarf
