// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// x86-64: what a jump in place of an instruction leads to.
namespace wdbg::native {

inline constexpr std::size_t jump_size = 5; ///< jmp rel32

/// jmp rel32 from `at` to `target`; nullopt if that is too far.
[[nodiscard]] std::optional<std::vector<std::byte>> jump_code(std::uint64_t at,
                                                              std::uint64_t target);

struct ProbePlaces {
    std::uint64_t code = 0; ///< where the probe is to be
    std::uint64_t hits = 0; ///< of a 64-bit counter
    std::uint64_t pass = 0; ///< where a hit that does not count goes on
    std::uint64_t stop = 0; ///< where one that counts goes on
};

/// Counts the hit and decides by `body` (NativeTarget::set_probe()); registers, flags and the stack
/// are as before where it goes on. nullopt if a place is too far.
[[nodiscard]] std::optional<std::vector<std::byte>> build_probe(const ProbePlaces& places,
                                                                std::span<const std::byte> body);

} // namespace wdbg::native
