// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "protocol/types.h"

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>

#include <string>
#include <variant>

/// What the client passes back to us as text: memory and instruction references.
namespace wdbg::dap {

/// A code or memory address in one number, as LLDB writes it (rsp/wasm_address.h):
/// "0x4000000000000197" code of instance 0, "0x400" memory 0 of instance 0. A native address has
/// the space that LLDB does not use (0xC… in front), and 62 bits.
[[nodiscard]] std::string reference_of(CodeAddress address);
[[nodiscard]] std::string reference_of(MemoryAddress address);

[[nodiscard]] std::string reference_of(NativeAddress address);

using Reference = std::variant<CodeAddress, MemoryAddress, NativeAddress>;

/// InvalidArgument for what is no such number. `offset` bytes are added within its space;
/// OutOfRange if that leaves it.
[[nodiscard]] Result<Reference> parse_reference(const std::string& text, std::int64_t offset = 0);

/// A source that the client finds at `path`.
[[nodiscard]] protocol::Source source_of(const std::string& path);

[[nodiscard]] std::string to_base64(std::span<const std::byte> bytes);
/// InvalidArgument for what is no base64.
[[nodiscard]] Result<std::vector<std::byte>> from_base64(std::string_view text);

} // namespace wdbg::dap
