// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wdbg::aot {

struct StandInFunction {
    std::uint32_t size = 0; ///< bytes of native code
    std::string name{};
};

/// A .wasm for clients where the real one is not known: it has the functions with their names, and
/// in each as many instructions (nop) as its native code has bytes. So a code offset stands for one
/// byte of native code, and nothing claims to be the guest's real code, lines or values.
[[nodiscard]] std::vector<std::byte> make_stand_in(std::uint32_t imported_functions,
                                                   std::span<const StandInFunction> functions);

} // namespace wdbg::aot
