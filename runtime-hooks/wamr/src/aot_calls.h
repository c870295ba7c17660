// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/guest_gate.h>

namespace wdbg::wamr {

/// Calls functions of the compiled module that a stopped thread stands in.
[[nodiscard]] GuestCaller& aot_caller();

} // namespace wdbg::wamr
