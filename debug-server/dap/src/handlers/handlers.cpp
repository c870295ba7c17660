// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

namespace wdbg::dap {

Handlers make_handlers() {
    Handlers handlers;
    add_lifecycle_handlers(handlers);
    add_breakpoint_handlers(handlers);
    add_run_control_handlers(handlers);
    add_stack_handlers(handlers);
    add_variable_handlers(handlers);
    add_memory_handlers(handlers);
    add_instruction_handlers(handlers);
    add_module_handlers(handlers);
    return handlers;
}

} // namespace wdbg::dap
