// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "guest_thread.h"

namespace wdbg::wamr {

/// Frames of a thread that stands still, innermost first, through host calls and callbacks.
[[nodiscard]] std::vector<FrameRef> walk_stack(const ModuleRegistry& modules,
                                               const GuestThread& thread);

/// Values on the operand stack of a frame, bottom first. Unavailable where types are not known.
[[nodiscard]] Result<std::vector<Value>> read_operand_stack(const FrameRef& frame);

/// OutOfRange if there is no such local.
[[nodiscard]] Result<Value> read_local(const FrameRef& frame, std::uint32_t index);
Result<void> write_local(const FrameRef& frame, std::uint32_t index, const Value& value);

} // namespace wdbg::wamr
