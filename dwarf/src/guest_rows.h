// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "packed_rows.h"

#include <wdbg/dwarf/module_image.h>

namespace wdbg::dwarf {

/// Where rows of the guest's line table begin: offsets from the start of the .wasm file. Empty if
/// there is no line table.
[[nodiscard]] PackedNumbers read_guest_rows(const ModuleImage& image);

} // namespace wdbg::dwarf
