// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "../request_handler.h"

/// The requests, by topic: each function adds its file's to the list.
namespace wdbg::dap {

void add_lifecycle_handlers(Handlers& handlers);
void add_breakpoint_handlers(Handlers& handlers);
void add_run_control_handlers(Handlers& handlers);
void add_stack_handlers(Handlers& handlers);
void add_variable_handlers(Handlers& handlers);
void add_memory_handlers(Handlers& handlers);
void add_instruction_handlers(Handlers& handlers);
void add_module_handlers(Handlers& handlers);

/// All requests we know.
[[nodiscard]] Handlers make_handlers();

/// `add<Continue, Pause>(handlers)`
template <class... Each>
void add(Handlers& handlers) {
    (handlers.push_back(std::make_unique<Each>()), ...);
}

} // namespace wdbg::dap
