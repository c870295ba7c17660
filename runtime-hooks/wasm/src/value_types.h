// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "byte_reader.h"

#include <wdbg/model/value.h>
#include <wdbg/wasm/instruction.h>

namespace wdbg::wasm {

/// A value type (wasm core 3.0 §5.3.4), references reduced as module.h says at FunctionType.
/// Fails on an unknown byte.
ValueType read_value_type(ByteReader& reader);

/// A heap type: ≥ 0 a type index, negative an abstract one.
std::int64_t read_heap_type(ByteReader& reader);

/// What a reference to this heap type is reduced to.
[[nodiscard]] ValueType reference_to(std::int64_t heap_type);

BlockType read_block_type(ByteReader& reader);

} // namespace wdbg::wasm
