// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/opcodes.h>

#include <span>

/// The rows, one table for each prefix, ordered by opcode.
namespace wdbg::wasm {

extern const std::span<const OpcodeInfo> core_opcodes;
extern const std::span<const OpcodeInfo> gc_opcodes;
extern const std::span<const OpcodeInfo> misc_opcodes;
extern const std::span<const OpcodeInfo> simd_opcodes;
extern const std::span<const OpcodeInfo> atomic_opcodes;

} // namespace wdbg::wasm
