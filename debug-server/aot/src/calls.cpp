// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Functions of the guest that a stopped thread runs for the debugger.
#include "debuggee_impl.h"

#include <wdbg/wasm/c_frame.h>

#include <algorithm>
#include <cstdint>

namespace wdbg::aot {

/// Whether the global can be C's stack pointer; where it cannot be read, too.
bool AotDebuggeeImpl::can_be_c_stack(const NativeFrame& frame, std::uint32_t global) const {
    const auto value = read_global(*frame.module, frame.instance_address, global);
    return !value || (value->type == ValueType::I32 &&
                      wasm::can_be_stack_pointer(value->as<std::uint32_t>()));
}

/// How much of C's stack below its stack pointer the thread's frames may use. LLVM stores the stack
/// pointer late, or not at all, where nobody reads it: in a function that calls none that does. So
/// the frames count of the functions that were inlined into one up to the first native function
/// that has any: that one has read what its callers have stored.
Result<std::uint32_t> AotDebuggeeImpl::kept_below(const ThreadStack& stack,
                                                  std::uint32_t stack_pointer) const {
    std::uint64_t kept = wasm::c_red_zone;
    for (const NativeFrame& frame : stack.native) {
        if (frame.instance != stack.native.front().instance || kept != wasm::c_red_zone) {
            break; // another instance has a stack of its own
        }
        for (const auto& position : frame.module->info->positions(frame.pc, frame.kind)) {
            const auto used = wasm::c_frame(*frame.module->wasm, position.function, stack_pointer);
            if (!used) {
                return fail(ErrorCode::Unsupported,
                            used.error().message + ": what it uses could be overwritten");
            }
            kept += used->size;
        }
    }
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(kept, UINT32_MAX));
}

Result<std::vector<Value>> AotDebuggeeImpl::call(const CallRequest& request) {
    const auto stack = stack_of(request.thread);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    NativeCall call{.thread = request.thread,
                    .function = request.function,
                    .arguments = request.arguments,
                    .limit = request.limit};
    if (!(*stack)->native.empty()) {
        const NativeFrame& frame = (*stack)->native.front();
        if (frame.instance == nullptr || frame.instance->id != request.instance) {
            return fail(ErrorCode::Unsupported,
                        "only functions of the module that the thread stands in can be called");
        }
        call.exec_env = frame.exec_env;
        call.instance = frame.instance->address;
        call.stack_pointer =
            frame.module->wasm ? frame.module->wasm->stack_pointer() : std::nullopt;
    }
    if (call.stack_pointer && !can_be_c_stack((*stack)->native.front(), *call.stack_pointer)) {
        call.stack_pointer.reset();
    }
    if (call.stack_pointer) {
        const auto kept = kept_below(**stack, *call.stack_pointer);
        if (!kept) {
            return std::unexpected(kept.error());
        }
        call.kept = *kept;
    }
    auto results = target_.calls()->call(call);
    refresh_watched_bytes();
    return results;
}

} // namespace wdbg::aot
