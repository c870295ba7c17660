// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/module.h>

#include <cstdint>

namespace wdbg::wasm {

/// A leaf function of C uses that many bytes below its stack pointer without moving it.
inline constexpr std::uint32_t c_red_zone = 128;

/// How far the function's prologue lowers C's stack pointer, the global `stack_pointer`: at most
/// that many bytes of linear memory. 0 for a function that does not touch it. Unsupported where the
/// size is not a constant (alloca(), arrays of variable length), Malformed if the body does not
/// decode.
[[nodiscard]] Result<std::uint32_t> c_frame_size(const Module& module, const FunctionBody& body,
                                                 std::uint32_t stack_pointer);

} // namespace wdbg::wasm
