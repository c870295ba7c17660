// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <string>
#include <string_view>
#include <vector>

namespace wdbg::rsp {

/// The document of `qXfer:wdbg-native:read`: a line for each instruction, of five fields with a tab
/// between them: native address, bytes, the packed address (WasmAddress) of the wasm instruction
/// that it belongs to, all in hex, the function's name at its first instruction, the text. The
/// third and fourth may be empty.
[[nodiscard]] std::string format_native_listing(const std::vector<NativeInstruction>& code);
/// Malformed for what is none.
[[nodiscard]] Result<std::vector<NativeInstruction>> parse_native_listing(std::string_view text);

} // namespace wdbg::rsp
