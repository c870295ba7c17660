// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>

/// ELF relocation types by machine (e_machine).
namespace wdbg::compile {

/// How many bytes of the text a relocation changes.
[[nodiscard]] std::uint32_t relocation_size(std::uint16_t machine, std::uint64_t type);

/// How many bytes of a debug section one changes.
[[nodiscard]] std::size_t relocation_width(std::uint16_t machine, std::uint64_t type);

/// Whether it is relative to its own place.
[[nodiscard]] bool is_relative_relocation(std::uint16_t machine, std::uint64_t type);

} // namespace wdbg::compile
