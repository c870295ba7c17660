// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>
#include <wdbg/wasm/module.h>

#include <cstdint>
#include <vector>

namespace wdbg::wasm {

/// A block, loop or if around an instruction, as an interpreter keeps it (wasm core §4.4.8.1).
struct OpenBlock {
    CodeOffset body{};       ///< the first instruction in it
    CodeOffset target{};     ///< where a branch to it goes: a loop's body, otherwise its `end`
    std::uint32_t below = 0; ///< operands, in cells of 4 bytes, that are there when it is entered,
                             ///< without its parameters
    std::uint32_t carried = 0; ///< cells that a branch to it carries
};

/// What executing `to` next, instead of `from`, needs: the blocks around `to`, outermost first,
/// without the function itself. Both are instructions of `body`.
///
/// Sound where the operands are the same in number and types: Unsupported where they are not, and
/// for code that nothing reaches. NotFound if no instruction begins at one of them; otherwise fails
/// as walk_operand_stacks().
[[nodiscard]] Result<std::vector<OpenBlock>>
blocks_for_jump(const Module& module, const FunctionBody& body, CodeOffset from, CodeOffset to);

} // namespace wdbg::wasm
