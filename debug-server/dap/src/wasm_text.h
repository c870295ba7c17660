// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/module.h>

#include <string>

namespace wdbg::dap {

/// An instruction as the text format writes it (wasm core §6.5): "i32.load offset=12",
/// "call $add", "local.get 2". Names come from the module's name section.
[[nodiscard]] std::string instruction_text(const wasm::Module& module,
                                           const wasm::Instruction& instruction);

[[nodiscard]] std::string_view type_text(ValueType type);

/// "(func $add (param i32 i32) (result i32)".
[[nodiscard]] std::string function_header(const wasm::Module& module, std::uint32_t function);

} // namespace wdbg::dap
