// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

namespace wdbg::bridge {

/// What compiled code calls to raise an exception, by its symbol in WAMR.
inline constexpr const char* trap_function = "aot_set_exception_with_id";

/// At its entry: the exception by WAMR's number of it, the second argument.
[[nodiscard]] NativeTrap describe_trap(const NativeRegisters& registers);

} // namespace wdbg::bridge
