// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/module_image.h>

#include <cstdint>
#include <vector>

namespace wdbg::dwarf {

/// Where rows of the guest's line table begin: offsets from the start of the .wasm file, each
/// once, sorted. Empty if there is no line table.
[[nodiscard]] std::vector<std::uint32_t> read_guest_rows(const ModuleImage& image);

} // namespace wdbg::dwarf
