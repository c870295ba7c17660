// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "remote_impl.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/text.h>
#include <wdbg/wasm/stack_types.h>

#include <algorithm>

namespace wdbg::remote {

namespace {

using Bytes = std::vector<std::byte>;

Result<Value> as_value(const Bytes& bytes, ValueType type) {
    if (bytes.size() != size_of(type)) {
        return fail(ErrorCode::Malformed, "a value of " + std::to_string(bytes.size()) +
                                              " bytes where the module says " +
                                              std::to_string(size_of(type)));
    }
    Value value{.type = type};
    std::ranges::copy(bytes, value.storage.begin());
    return value;
}

Result<ValueType> pick(std::span<const ValueType> types, std::uint32_t index, const char* what) {
    if (index >= types.size()) {
        return fail(ErrorCode::OutOfRange, "no " + std::string(what) + " " + std::to_string(index));
    }
    return types[index];
}

} // namespace

Result<void> RemoteImpl::require_stopped() const {
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    if (state_ != State::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    return {};
}

Result<const std::vector<std::uint64_t>*> RemoteImpl::stack(ThreadId thread) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (const auto known = cache_.stacks.find(thread); known != cache_.stacks.end()) {
        return &known->second;
    }
    const bool exists = std::ranges::any_of(
        threads_, [thread](const ThreadInfo& info) { return info.id == thread; });
    if (!exists) {
        return fail(ErrorCode::NotFound, "no thread " + std::to_string(thread.value));
    }
    rsp::Client& client = link_->client();
    Result<std::vector<std::uint64_t>> pcs = link_->ask<std::vector<std::uint64_t>>(
        [&](auto done) { client.call_stack(number_of(thread), std::move(done)); });
    cache_.current_thread.reset(); // to some servers, ours among them, this packet selects
    if (!pcs) {
        return std::unexpected(pcs.error());
    }
    return &cache_.stacks.insert_or_assign(thread, std::move(*pcs)).first->second;
}

/// Ours and Wasmtime's servers give return addresses for callers, WAMR's the calls themselves: an
/// address is one if the instruction before it is a call.
Frame RemoteImpl::describe(const std::vector<std::uint64_t>& stack, std::size_t index) const {
    Frame frame;
    frame.pc = to_code(stack[index]);
    const RemoteInstance* instance = find(frame.pc.instance);
    const wasm::FunctionBody* body =
        instance == nullptr ? nullptr : instance->module->function_containing(frame.pc.offset);
    if (body == nullptr) {
        frame.pc_is_return_address = index != 0;
        return frame;
    }
    frame.function = body->index;
    const wasm::FunctionType* type = instance->module->function_type(body->index);
    frame.local_count = body->declared_locals +
                        (type == nullptr ? 0 : static_cast<std::uint32_t>(type->params.size()));
    if (index != 0) {
        const auto map = instance->module->instructions(*body);
        const auto before = map ? (*map)->ending_at(frame.pc.offset) : std::nullopt;
        const auto call = before ? wasm::decode(instance->module->bytes(), *before)
                                 : Result<wasm::Instruction>(fail(ErrorCode::NotFound, ""));
        frame.pc_is_return_address = call && (call->opcode == wasm::Opcode::Call ||
                                              call->opcode == wasm::Opcode::CallIndirect ||
                                              call->opcode == wasm::Opcode::CallRef);
    }
    return frame;
}

Result<FrameRange> RemoteImpl::frames(ThreadId thread, std::uint32_t first,
                                      std::uint32_t count) const {
    const auto pcs = stack(thread);
    if (!pcs) {
        return std::unexpected(pcs.error());
    }
    FrameRange range{.frames = {}, .total = static_cast<std::uint32_t>((*pcs)->size())};
    for (std::size_t i = first; i < (*pcs)->size() && i - first < count; ++i) {
        range.frames.push_back(describe(**pcs, i));
    }
    return range;
}

Result<RemoteImpl::FramePlace> RemoteImpl::place(ThreadId thread, std::uint32_t frame) const {
    const auto pcs = stack(thread);
    if (!pcs) {
        return std::unexpected(pcs.error());
    }
    if (frame >= (*pcs)->size()) {
        return fail(ErrorCode::NotFound, "no frame " + std::to_string(frame));
    }
    const Frame described = describe(**pcs, frame);
    FramePlace place{.pc = described.pc,
                     .instance = find(described.pc.instance),
                     .is_return_address = described.pc_is_return_address};
    if (place.instance == nullptr) {
        return fail(ErrorCode::NotFound, "the frame is in a module that is not known");
    }
    place.body = place.instance->module->function_containing(described.pc.offset);
    return place;
}

Result<ValueType> RemoteImpl::type_of(const FramePlace& place, SlotKind kind,
                                      std::uint32_t index) const {
    const wasm::Module& module = *place.instance->module;
    if (kind == SlotKind::Global) {
        return index < module.globals().size()
                   ? Result<ValueType>(module.globals()[index].type)
                   : fail(ErrorCode::OutOfRange, "no global " + std::to_string(index));
    }
    if (place.body == nullptr) {
        return fail(ErrorCode::NotFound, "the frame is in no function of the module");
    }
    if (kind == SlotKind::Local) {
        return pick(module.local_types(*place.body), index, "local");
    }
    return wasm::operand_type(module, place.body->index, place.pc.offset, place.is_return_address,
                              index);
}

/// Values of a frame are of the thread that `Hg` has named.
Result<void> RemoteImpl::select(ThreadId thread) const {
    if (cache_.current_thread == thread) {
        return {};
    }
    const std::string packet = "Hg" + hex_of(number_of(thread));
    rsp::Client& client = link_->client();
    const Result<std::string> reply = link_->ask<std::string>([&](const auto& done) {
        client.request(packet, [done](Result<std::string_view> text) {
            done(text ? Result<std::string>(std::string(*text))
                      : Result<std::string>(std::unexpected(text.error())));
        });
    });
    if (!reply) {
        return std::unexpected(reply.error());
    }
    cache_.current_thread = thread;
    return {};
}

Result<Value> RemoteImpl::slot(ThreadId thread, std::uint32_t frame, SlotKind kind,
                               std::uint32_t index) const {
    const auto where = place(thread, frame);
    if (!where) {
        return std::unexpected(where.error());
    }
    const Slot key{thread, frame, kind, index};
    if (const auto known = cache_.values.find(key); known != cache_.values.end()) {
        return known->second;
    }
    const Result<ValueType> type = type_of(*where, kind, index);
    if (!type) {
        return std::unexpected(type.error());
    }
    if (const auto selected = select(thread); !selected) {
        return std::unexpected(selected.error());
    }
    constexpr std::array packets{"qWasmLocal:", "qWasmStackValue:", "qWasmGlobal:"};
    rsp::Client& client = link_->client();
    const Result<Bytes> bytes = link_->ask<Bytes>([&](const auto& done) {
        const std::string packet = packets.at(static_cast<std::size_t>(kind)) +
                                   std::to_string(frame) + ";" + std::to_string(index);
        client.request(packet, [done](Result<std::string_view> reply) {
            Bytes value(reply ? reply->size() / 2 : 0);
            if (!reply) {
                done(std::unexpected(reply.error()));
            } else if (!rsp::decode_hex(*reply, value)) {
                done(fail(ErrorCode::Malformed, "a value that is no hex"));
            } else {
                done(std::move(value));
            }
        });
    });
    Result<Value> value = bytes ? as_value(*bytes, *type) : std::unexpected(bytes.error());
    return cache_.values.insert_or_assign(key, std::move(value)).first->second;
}

Result<Value> RemoteImpl::local(ThreadId thread, std::uint32_t frame, std::uint32_t index) const {
    return slot(thread, frame, SlotKind::Local, index);
}

Result<Value> RemoteImpl::stack_value(ThreadId thread, std::uint32_t frame,
                                      std::uint32_t index) const {
    return slot(thread, frame, SlotKind::Stack, index);
}

Result<Value> RemoteImpl::global(ThreadId thread, std::uint32_t frame, std::uint32_t index) const {
    return slot(thread, frame, SlotKind::Global, index);
}

/// `QWdbgLocal:<frame>;<index>;<bytes>`, `QWdbgGlobal:…`: our own servers only (docs/remote.md).
Result<void> RemoteImpl::set_slot(const char* packet, ThreadId thread, std::uint32_t frame,
                                  std::uint32_t index, const Value& value) {
    if (const auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    rsp::Client& client = link_->client();
    if (!client.supports(packet)) {
        return fail(ErrorCode::Unsupported,
                    "this debug server cannot write wasm locals and globals");
    }
    if (const auto selected = select(thread); !selected) {
        return selected;
    }
    const Result<Bytes> done_or = link_->ask<Bytes>([&](const auto& done) {
        client.request(std::string(packet) + ":" + std::to_string(frame) + ";" +
                           std::to_string(index) + ";" + hex_of(value.bytes()),
                       [done](Result<std::string_view> reply) {
                           done(reply ? Result<Bytes>(Bytes{})
                                      : Result<Bytes>(std::unexpected(reply.error())));
                       });
    });
    cache_.values.clear();
    return done_or ? Result<void>() : std::unexpected(done_or.error());
}

Result<void> RemoteImpl::set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                   const Value& value) {
    return set_slot("QWdbgLocal", thread, frame, index, value);
}

Result<void> RemoteImpl::set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                    const Value& value) {
    return set_slot("QWdbgGlobal", thread, frame, index, value);
}

/// Through a frame of that instance, or by LLDB 24's form of the packet.
Result<Value> RemoteImpl::instance_global(InstanceId instance, std::uint32_t index) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const RemoteInstance* found = find(instance);
    if (found == nullptr || index >= found->module->globals().size()) {
        return fail(ErrorCode::NotFound, "no such global");
    }
    rsp::Client& client = link_->client();
    if (client.supports("qWasmInstance")) {
        const Result<Bytes> bytes = link_->ask<Bytes>([&](const auto& done) {
            client.request("qWasmGlobal:" + std::to_string(index) +
                               ";instance:" + std::to_string(instance.value) + ";",
                           [done](Result<std::string_view> reply) {
                               Bytes value(reply ? reply->size() / 2 : 0);
                               const bool good = reply && rsp::decode_hex(*reply, value);
                               done(good ? Result<Bytes>(value)
                                         : fail(ErrorCode::Unavailable, "no value of the global"));
                           });
        });
        return bytes ? as_value(*bytes, found->module->globals()[index].type)
                     : Result<Value>(std::unexpected(bytes.error()));
    }
    for (const ThreadInfo& thread : threads_) {
        const auto where = place(thread.id, 0);
        if (where && where->pc.instance == instance) {
            return global(thread.id, 0, index);
        }
    }
    return fail(ErrorCode::Unavailable, "this debug server shows globals of frames only");
}

/// `qWdbgTable:<instance>;<table>;<index>` → 4 bytes: our own servers only.
Result<Value> RemoteImpl::table_element(InstanceId instance, std::uint32_t table,
                                        std::uint64_t index) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const RemoteInstance* found = find(instance);
    if (found == nullptr || table >= found->module->tables().size()) {
        return fail(ErrorCode::NotFound, "no such table");
    }
    rsp::Client& client = link_->client();
    if (!client.supports("qWdbgTable")) {
        return fail(ErrorCode::Unsupported, "this debug server does not show tables");
    }
    const Result<Bytes> bytes = link_->ask<Bytes>([&](const auto& done) {
        client.request("qWdbgTable:" + std::to_string(instance.value) + ";" +
                           std::to_string(table) + ";" + std::to_string(index),
                       [done](Result<std::string_view> reply) {
                           Bytes value(reply ? reply->size() / 2 : 0);
                           if (!reply) {
                               done(std::unexpected(reply.error()));
                           } else if (!rsp::decode_hex(*reply, value)) {
                               done(fail(ErrorCode::Malformed, "a value that is no hex"));
                           } else {
                               done(std::move(value));
                           }
                       });
    });
    return bytes ? as_value(*bytes, found->module->tables()[table].element)
                 : Result<Value>(std::unexpected(bytes.error()));
}

Result<std::size_t> RemoteImpl::read_memory(MemoryAddress address,
                                            std::span<std::byte> into) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    return cache_.memory.read(
        address, into, [this](MemoryAddress from, std::size_t size) -> Result<Bytes> {
            const Result<std::uint64_t> packed = to_packed(from);
            return packed ? read_at(*packed, size) : Result<Bytes>(std::unexpected(packed.error()));
        });
}

Result<void> RemoteImpl::write_memory(MemoryAddress address, std::span<const std::byte> bytes) {
    if (const auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    const Result<std::uint64_t> packed = to_packed(address);
    if (!packed) {
        return std::unexpected(packed.error());
    }
    cache_.memory.drop(address, bytes.size());
    rsp::Client& client = link_->client();
    return link_->ask<void>([&](const auto& done) {
        client.write_memory(*packed, {bytes.begin(), bytes.end()}, std::move(done));
    });
}

} // namespace wdbg::remote
