// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "guest_thread.h"

#include <wdbg/agent/program.h>

namespace wdbg::wamr {

/// What a condition sees of the frame that was hit; both must outlive what is given.
[[nodiscard]] agent::Surroundings surroundings_of(FrameRef& frame, agent::Variables& variables);

} // namespace wdbg::wamr
