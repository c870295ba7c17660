// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/module.h>

#include <cstdint>

namespace wdbg::wasm {

/// A leaf function of C uses that many bytes below its stack pointer without moving it.
inline constexpr std::uint32_t c_red_zone = 128;

inline constexpr std::uint32_t c_stack_alignment = 16;

/// Whether a global of this value can be C's stack pointer.
[[nodiscard]] constexpr bool can_be_stack_pointer(std::uint32_t value) {
    return value != 0 && value % c_stack_alignment == 0;
}

/// What a function uses of C's stack.
struct CFrame {
    /// At most that many bytes of linear memory below the stack pointer of its caller; 0 where the
    /// red zone is enough.
    std::uint32_t size = 0;
    /// It stores the lowered stack pointer before it uses what lies below.
    bool moves_stack_pointer = false;

    friend bool operator==(const CFrame&, const CFrame&) = default;
};

/// The frame on C's stack, whose stack pointer is the global `stack_pointer`; none for a function
/// that is not the module's own. Errors name the function: Unsupported where the size is not a
/// constant (alloca(), arrays of variable length) or the operand types are not supported, Malformed
/// if the body does not decode or type.
[[nodiscard]] Result<CFrame> c_frame(const Module& module, std::uint32_t function,
                                     std::uint32_t stack_pointer);

} // namespace wdbg::wasm
