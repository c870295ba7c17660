// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// A parked thread's next instruction, chosen by the client: the frame's ip and its open blocks are
// set here, and the interpreter's loop takes them over when the thread goes on.
#include "engine.h"
#include "wamr_access.h"

#include <wdbg/wasm/jump.h>

#include <algorithm>
#include <vector>

namespace wdbg::wamr {

namespace {

Result<std::vector<WdbgBlock>> blocks_at(const FrameRef& frame, CodeOffset to) {
    const ModuleRecord& module = *frame.instance->module;
    const wasm::FunctionBody* body = module.parsed->body(frame.function_index);
    if (body == nullptr || to < body->first_instruction || to >= body->end) {
        return fail(ErrorCode::Unsupported, "only code of the same function can be executed next");
    }
    const auto open = wasm::blocks_for_jump(*module.parsed, *body, frame.pc, to);
    if (!open) {
        return std::unexpected(open.error());
    }
    std::vector<WdbgBlock> blocks;
    for (const wasm::OpenBlock& each : *open) {
        blocks.push_back({.begin = module.address_of(each.body),
                          .target = module.address_of(each.target),
                          .below = each.below,
                          .cells = each.carried});
    }
    return blocks;
}

} // namespace

Result<void> Engine::jump(ThreadId id, CodeAddress to) {
    const std::lock_guard lock(mutex_);
    const auto stack = stack_of(id);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    GuestThread& thread = *find(id);
    if (!thread.parked || (*stack)->empty()) {
        return fail(ErrorCode::Unsupported,
                    "the thread is in a host call: its next instruction cannot be chosen");
    }
    if (thread.at_exception || thread.cancelled || killed_) {
        return fail(ErrorCode::Unsupported, "the guest has trapped or ends: it cannot go on");
    }
    const FrameRef& frame = (*stack)->front();
    if (frame.instance->id != to.instance) {
        return fail(ErrorCode::Unsupported, "only code of the same function can be executed next");
    }
    const auto blocks = blocks_at(frame, to.offset);
    if (!blocks) {
        return std::unexpected(blocks.error());
    }
    if (!wdbg_frame_jump(frame.frame, frame.instance->module->address_of(to.offset), blocks->data(),
                         blocks->size())) {
        return fail(ErrorCode::Unsupported, "too many blocks are open there");
    }
    if (thread.access) {
        watchpoints_.abandon(*std::exchange(thread.access, std::nullopt));
    }
    thread.jumped = true;
    thread.stack.reset();
    return {};
}

} // namespace wdbg::wamr
