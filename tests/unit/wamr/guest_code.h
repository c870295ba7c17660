// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/ids.h>
#include <wdbg/wasm/module.h>

#include <string>
#include <string_view>
#include <vector>

namespace wdbg::test {

/// Path of a guest of this folder, by name without extension.
[[nodiscard]] std::string guest_path(std::string_view name);

/// Finds instructions of a guest by function name and mnemonic, so that tests hold no offsets.
class GuestCode {
  public:
    explicit GuestCode(std::string_view guest);

    /// Instruction offsets of a function, or of all functions.
    [[nodiscard]] std::vector<CodeOffset> instructions(std::string_view function) const;
    [[nodiscard]] std::vector<CodeOffset> all_instructions() const;
    [[nodiscard]] CodeOffset first(std::string_view function) const;
    /// The `nth` (from 0) instruction with this mnemonic.
    [[nodiscard]] CodeOffset at(std::string_view function, std::string_view mnemonic,
                                std::size_t nth = 0) const;
    /// The instruction behind the one at `offset`.
    [[nodiscard]] CodeOffset behind(CodeOffset offset) const;
    [[nodiscard]] const wasm::FunctionBody& body(std::string_view function) const;
    [[nodiscard]] std::string function_at(CodeOffset offset) const;
    [[nodiscard]] std::string_view mnemonic(CodeOffset offset) const;

    [[nodiscard]] const wasm::Module& module() const { return module_; }

  private:
    [[nodiscard]] std::vector<CodeOffset> instructions_of(const wasm::FunctionBody& body) const;

    wasm::Module module_;
};

} // namespace wdbg::test
