// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

namespace llvm {
class DIBuilder;
class DIType;
} // namespace llvm

namespace wdbg::compile {

/// A wasm value type as the debug file names it ("i32"), of WAMR's number for it (VALUE_TYPE_I32);
/// nullptr for others.
[[nodiscard]] llvm::DIType* debug_type(llvm::DIBuilder& builder, std::uint8_t wamr_type);

} // namespace wdbg::compile
