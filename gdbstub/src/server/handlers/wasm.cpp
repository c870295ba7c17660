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

/// As reply_value(), for a value of an instance's frame. LLDB makes addresses of linear memory from
/// it (a frame base, a place on C's stack) and then has lost whose memory that is. So where plain
/// addresses are another instance's, 4 bytes become 8, with the instance's id in the upper half as
/// in all of LLDB's addresses. Of a variable itself LLDB takes the type's 4 bytes.
Status reply_of_instance(const Session& session, InstanceId instance, const Result<Value>& value,
                         Reply& out) {
    const bool is_plain = instance == session.plain_memory_instance();
    if (!value || value->type != ValueType::I32 || !session.agreed.is_lldb || is_plain) {
        return reply_value(value, out);
    }
    const auto address = Session::full_address(instance, value->as<std::uint32_t>());
    return address ? reply_value(Value::of(ValueType::I64, address->packed()), out)
                   : reply_value(value, out);
}

Status reply_in_frame(const Session& session, std::uint32_t frame, const Result<Value>& value,
                      Reply& out) {
    if (!value || value->type != ValueType::I32) {
        return reply_value(value, out);
    }
    const auto frames = session.debuggee.frames(session.current_thread, frame, 1);
    const bool known = frames && !frames->frames.empty();
    return reply_of_instance(session, known ? frames->frames.front().pc.instance : InstanceId{},
                             value, out);
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
    return reply_in_frame(session, slot->frame,
                          session.debuggee.local(session.current_thread, slot->frame, slot->index),
                          out);
}

/// `qWasmStackValue:<frame>;<index>`
Status stack_value(Session& session, std::string_view args, Reply& out) {
    const auto slot = parse_frame_slot(args);
    if (!slot) {
        return std::unexpected(malformed_slot);
    }
    return reply_in_frame(
        session, slot->frame,
        session.debuggee.stack_value(session.current_thread, slot->frame, slot->index), out);
}

/// `qWasmGlobal:<frame>;<index>` or `qWasmGlobal:<index>;instance:<id>;`
Status global(Session& session, std::string_view args, Reply& out) {
    const auto query = parse_global(args);
    if (!query) {
        return std::unexpected(malformed_slot);
    }
    if (query->by_instance) {
        const InstanceId instance{query->instance};
        return reply_of_instance(session, instance,
                                 session.debuggee.instance_global(instance, query->index), out);
    }
    return reply_in_frame(
        session, query->frame,
        session.debuggee.global(session.current_thread, query->frame, query->index), out);
}

namespace {

/// `<frame>;<index>;<bytes, hex>`
struct SlotWrite {
    FrameSlot slot;
    std::string_view digits;
};

std::optional<SlotWrite> parse_slot_write(std::string_view args) {
    const std::size_t end = args.rfind(';');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const auto slot = parse_frame_slot(args.substr(0, end));
    return slot ? std::optional(SlotWrite{.slot = *slot, .digits = args.substr(end + 1)})
                : std::nullopt;
}

/// A value of the type of `present`, with the bytes that the packet gives.
Result<Value> replaced(const Result<Value>& present, std::string_view digits) {
    if (!present) {
        return std::unexpected(present.error());
    }
    Value value{.type = present->type};
    const auto bytes = std::span(value.storage).first(size_of(value.type));
    if (!decode_hex(digits, bytes)) {
        return fail(ErrorCode::InvalidArgument,
                    "expected " + std::to_string(bytes.size()) + " bytes in hex");
    }
    return value;
}

Status reply_ok(const Result<void>& done, Reply& out) {
    if (!done) {
        return std::unexpected(done.error());
    }
    out.add("OK");
    return Outcome::Reply;
}

} // namespace

/// `QWdbgLocal:<frame>;<index>;<bytes>`, our own, of the current thread.
Status set_local(Session& session, std::string_view args, Reply& out) {
    const auto write = parse_slot_write(args);
    if (!write) {
        return std::unexpected(malformed_slot);
    }
    const auto [frame, index] = write->slot;
    const ThreadId thread = session.current_thread;
    const auto value = replaced(session.debuggee.local(thread, frame, index), write->digits);
    return value ? reply_ok(session.debuggee.set_local(thread, frame, index, *value), out)
                 : Status(std::unexpected(value.error()));
}

/// `QWdbgGlobal:<frame>;<index>;<bytes>`, our own.
Status set_global(Session& session, std::string_view args, Reply& out) {
    const auto write = parse_slot_write(args);
    if (!write) {
        return std::unexpected(malformed_slot);
    }
    const auto [frame, index] = write->slot;
    const ThreadId thread = session.current_thread;
    const auto value = replaced(session.debuggee.global(thread, frame, index), write->digits);
    return value ? reply_ok(session.debuggee.set_global(thread, frame, index, *value), out)
                 : Status(std::unexpected(value.error()));
}

namespace {

/// `<type>:<bytes>`, both in hex; the type is the binary format's number.
std::optional<Value> parse_value(std::string_view text) {
    TextReader reader(text);
    const auto type = reader.hex_as<std::uint8_t>();
    if (!type || !reader.take(':')) {
        return std::nullopt;
    }
    Value value{.type = static_cast<ValueType>(*type)};
    const auto bytes = std::span(value.storage).first(size_of(value.type));
    return decode_hex(reader.rest(), bytes) ? std::optional(value) : std::nullopt;
}

/// `<instance>;<function>;<limit>[;<value>…]`
std::optional<CallRequest> parse_call(std::string_view args) {
    TextReader reader(args);
    const auto instance = reader.decimal_as<std::uint32_t>();
    const bool first = reader.take(';');
    const auto function = reader.decimal_as<std::uint32_t>();
    const bool second = reader.take(';');
    const auto limit = reader.decimal_as<std::uint16_t>();
    if (!instance || !first || !function || !second || !limit) {
        return std::nullopt;
    }
    CallRequest request{.instance = InstanceId{*instance}, .function = *function};
    request.limit = std::chrono::milliseconds{*limit};
    while (reader.take(';')) {
        const std::string_view rest = reader.rest();
        const auto value = parse_value(rest.substr(0, rest.find(';')));
        if (!value) {
            return std::nullopt;
        }
        request.arguments.push_back(*value);
        reader.take(rest.substr(0, rest.find(';')));
    }
    return reader.at_end() ? std::optional(std::move(request)) : std::nullopt;
}

} // namespace

/// `QWdbgCall:<instance>;<function>;<limit>[;<value>…]` → `V[<value>[;<value>…]]`, our own: runs a
/// function on the current thread; numbers decimal, the limit in milliseconds (below 65536).
Status call_function(Session& session, std::string_view args, Reply& out) {
    auto request = parse_call(args);
    if (!request) {
        return fail(ErrorCode::InvalidArgument,
                    "expected <instance>;<function>;<limit>[;<type>:<bytes>…]");
    }
    CallSupport* calls = session.debuggee.call_support();
    if (calls == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "functions of the guest cannot be called with this engine");
    }
    request->thread = session.current_thread;
    const auto results = calls->call(*request);
    if (!results) {
        return std::unexpected(results.error());
    }
    out.add('V');
    for (const Value& value : *results) {
        out.add(out.size() > 1 ? ";" : "").hex(static_cast<std::uint8_t>(value.type)).add(':');
        out.hex_bytes(value.bytes());
    }
    return Outcome::Reply;
}

/// `qWdbgTable:<instance>;<table>;<index>`, our own, decimal.
Status table_element(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const auto instance = reader.decimal_as<std::uint32_t>();
    const bool first = reader.take(';');
    const auto table = reader.decimal_as<std::uint32_t>();
    const bool second = reader.take(';');
    const auto index = reader.decimal();
    if (!instance || !first || !table || !second || !index || !reader.at_end()) {
        return fail(ErrorCode::InvalidArgument, "expected <instance>;<table>;<index>, decimal");
    }
    return reply_value(session.debuggee.table_element(InstanceId{*instance}, *table, *index), out);
}

} // namespace wdbg::rsp::handlers
