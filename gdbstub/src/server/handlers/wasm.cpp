// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

#include <limits>

namespace wdbg::rsp::handlers {

namespace {

const Error malformed_slot{ErrorCode::InvalidArgument, "expected <frame>;<index>, decimal"};

Status reply_value(const Result<Value>& value, Reply& out) {
    if (!value) {
        return std::unexpected(value.error());
    }
    out.hex_bytes(value->bytes());
    return Outcome::Reply;
}

} // namespace

/// `qWasmCallStack:<thread>` → all frames' addresses, the innermost first, as 16 digits each. The
/// first is the pc of the stop; the others are return addresses.
Status call_stack(Session& session, std::string_view args, Reply& out) {
    const auto id = parse_call_stack(args);
    if (!id) {
        return fail(ErrorCode::InvalidArgument, "malformed thread id");
    }
    const auto thread = session.select(ThreadSpec{.kind = ThreadSpec::Kind::One, .thread = *id});
    if (!thread) {
        return std::unexpected(thread.error());
    }
    const auto stack =
        session.debuggee.frames((*thread)->id, 0, std::numeric_limits<std::uint32_t>::max());
    if (!stack) {
        return std::unexpected(stack.error());
    }
    if (stack->frames.empty()) {
        return fail(ErrorCode::Unavailable, "the thread is in no WebAssembly code");
    }
    char* room = out.grow(16 * stack->frames.size());
    for (const Frame& frame : stack->frames) {
        const bool innermost = &frame == &stack->frames.front();
        format_call_stack_entry(innermost ? (*thread)->pc : from_code_address(frame.pc), room);
        room += 16;
    }
    return Outcome::Reply;
}

/// `qWasmLocal:<frame>;<index>`, of the current thread: the packet names none (wire §7.2).
Status local(Session& session, std::string_view args, Reply& out) {
    const auto slot = parse_frame_slot(args);
    if (!slot) {
        return std::unexpected(malformed_slot);
    }
    return reply_value(session.debuggee.local(session.current_thread, slot->frame, slot->index),
                       out);
}

/// `qWasmStackValue:<frame>;<index>`
Status stack_value(Session& session, std::string_view args, Reply& out) {
    const auto slot = parse_frame_slot(args);
    if (!slot) {
        return std::unexpected(malformed_slot);
    }
    return reply_value(
        session.debuggee.stack_value(session.current_thread, slot->frame, slot->index), out);
}

/// `qWasmGlobal:<frame>;<index>` or `qWasmGlobal:<index>;instance:<id>;`
Status global(Session& session, std::string_view args, Reply& out) {
    const auto query = parse_global(args);
    if (!query) {
        return std::unexpected(malformed_slot);
    }
    if (query->by_instance) {
        return reply_value(
            session.debuggee.instance_global(InstanceId{query->instance}, query->index), out);
    }
    return reply_value(session.debuggee.global(session.current_thread, query->frame, query->index),
                       out);
}

} // namespace wdbg::rsp::handlers
