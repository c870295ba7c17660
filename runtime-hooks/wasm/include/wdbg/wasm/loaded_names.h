// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <span>

namespace wdbg::wasm {

/// Undoes what WAMR's loader does to the names of imports and exports in its copy of a module: each
/// is moved over the last byte of its length, and gets a zero behind it. For the bytes of a module
/// that does not parse; what has another shape stays as it is from there on.
void restore_loaded_names(std::span<std::byte> module);

} // namespace wdbg::wasm
