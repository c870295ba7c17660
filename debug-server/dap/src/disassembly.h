// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/wasm/module.h>

#include <span>
#include <string>
#include <vector>

namespace wdbg::dap {

/// "41 80 01"
[[nodiscard]] std::string bytes_text(std::span<const std::byte> bytes);

struct DisassemblyLine {
    CodeOffset offset;
    bool valid = false; ///< false: no code is there; the line only fills the client's page
    std::string text{};
    std::string bytes{};  ///< "41 80 01"
    std::string symbol{}; ///< of a function's first instruction
};

/// Exactly `count` lines; the first is `skip` instructions (of the module, in the order of the
/// file; it may be negative) behind the one at `from` or the next one. Beyond the first and the
/// last instruction there are invalid lines.
[[nodiscard]] std::vector<DisassemblyLine> disassemble(const wasm::Module& module, CodeOffset from,
                                                       std::int64_t skip, std::size_t count);

} // namespace wdbg::dap
