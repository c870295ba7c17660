// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a stopped target has: threads, registers, memory.
#include "../xml.h"
#include "target_impl.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/text.h>

#include <algorithm>
#include <cstring>

namespace wdbg::remote {

namespace {

/// `<threads><thread id="[pPID.]TID" …/>…`, which takes one question.
Result<std::vector<ServerThread>> listed_threads(const Result<std::string>& xml) {
    if (!xml) {
        return std::unexpected(xml.error());
    }
    std::vector<ServerThread> threads;
    std::string_view rest = *xml;
    while (const auto found = xml::next_tag(rest)) {
        const std::string id = found->tag.starts_with("thread ")
                                   ? xml::attribute(found->tag, "id").value_or("")
                                   : std::string();
        rsp::TextReader reader(id);
        if (reader.take('p')) {
            reader.take_until('.');
        }
        if (const auto number = reader.hex()) {
            threads.push_back(*number);
        }
    }
    return threads;
}

/// Deeper than that is a damaged stack.
constexpr int most_host_frames = 1000;

} // namespace

// --- Code ----------------------------------------------------------------------------------------

CodeRangeId NativeTargetImpl::add_code(CodeRange code, std::vector<std::byte> text, bool thumb) {
    const CodeRangeId id{++last_range_};
    codes_.push_back({.id = id, .code = code, .text = std::move(text), .thumb = thumb});
    cache_.guest_registers.clear();
    if (handler_) {
        handler_(CodeAppeared{.id = id, .code = std::move(code)});
    }
    return id;
}

void NativeTargetImpl::remove_code(CodeRangeId id) {
    const auto found = std::ranges::find(codes_, id, &NativeCode::id);
    if (found == codes_.end()) {
        return;
    }
    forget_sites(found->code.range);
    std::erase_if(instances_, [&](const NativeInstance& instance) {
        return instance.module == found->code.module;
    });
    codes_.erase(found);
    cache_.guest_registers.clear();
    if (handler_) {
        handler_(CodeVanished{.id = id});
    }
}

void NativeTargetImpl::add_instance(NativeInstance instance) {
    instances_.push_back(instance);
    if (handler_) {
        handler_(NativeInstancesChanged{});
    }
}

std::vector<std::pair<CodeRangeId, CodeRange>> NativeTargetImpl::code_ranges() const {
    std::vector<std::pair<CodeRangeId, CodeRange>> ranges;
    ranges.reserve(codes_.size());
    for (const NativeCode& code : codes_) {
        ranges.emplace_back(code.id, code.code);
    }
    return ranges;
}

const NativeCode* NativeTargetImpl::code_at(NativeAddress address) const {
    const auto found = std::ranges::find_if(
        codes_, [address](const NativeCode& code) { return code.code.range.contains(address); });
    return found == codes_.end() ? nullptr : &*found;
}

// --- Threads -------------------------------------------------------------------------------------

ThreadId NativeTargetImpl::id_of(ServerThread thread) const {
    const auto [place, is_new] = ids_.try_emplace(thread, ThreadId{last_id_ + 1});
    last_id_ += is_new ? 1 : 0;
    return place->second;
}

Result<ServerThread> NativeTargetImpl::server_thread(ThreadId id) const {
    for (const auto& [thread, known] : ids_) {
        if (known == id) {
            return thread;
        }
    }
    return fail(ErrorCode::NotFound, "there is no thread " + std::to_string(id.value));
}

/// A server without threads has one.
Result<std::vector<ServerThread>> NativeTargetImpl::server_threads() const {
    if (cache_.threads) {
        return *cache_.threads;
    }
    rsp::Client& client = link_->client();
    const bool tells_cores =
        !client.supports("qXfer:threads:read") && !client.supports("qXfer:auxv:read");
    if (tells_cores && std::ranges::binary_search(cores_, event_thread_)) {
        cache_.threads = cores_;
        return cores_;
    }
    auto threads = client.supports("qXfer:threads:read")
                       ? listed_threads(object("threads", ""))
                       : link_->ask<std::vector<std::uint64_t>>(
                             [&client](auto done) { client.threads(std::move(done)); });
    if (!threads || threads->empty()) {
        threads = std::vector<ServerThread>{event_thread_ != 0 ? event_thread_ : 1};
    }
    std::ranges::sort(*threads);
    std::erase_if(ids_, [&](const auto& entry) {
        return !std::ranges::binary_search(*threads, entry.first);
    });
    cache_.threads = *threads;
    cores_ = tells_cores ? *threads : cores_;
    return threads;
}

std::vector<NativeThread> NativeTargetImpl::threads() const {
    std::vector<NativeThread> found;
    if (state_ == NativeState::Ended) {
        return found;
    }
    if (state_ != NativeState::Stopped) {
        for (const auto& [thread, id] : ids_) {
            found.push_back({.id = id, .system_id = thread});
        }
        return found;
    }
    const auto threads = server_threads();
    for (const ServerThread thread : threads ? *threads : std::vector<ServerThread>{}) {
        found.push_back({.id = id_of(thread), .state = state_of(thread), .system_id = thread});
    }
    return found;
}

NativeThreadState NativeTargetImpl::state_of(ServerThread thread) const {
    const auto at = quick_registers(thread);
    const bool in_code = at && code_at(at->pc) != nullptr;
    return in_code ? NativeThreadState::Stopped : NativeThreadState::InHostCall;
}

std::optional<NativeThreadState> NativeTargetImpl::thread_state(ThreadId thread) const {
    const auto known =
        std::ranges::find(ids_, thread, [](const auto& entry) { return entry.second; });
    if (state_ != NativeState::Stopped || known == ids_.end()) {
        return NativeTarget::thread_state(thread);
    }
    return state_of(known->first);
}

// --- Registers -----------------------------------------------------------------------------------

Result<void> NativeTargetImpl::select(ServerThread thread) const {
    // After a stop the server's current thread is the one that has stopped.
    if (cache_.selected.value_or(has_run_ ? event_thread_ : 0) == thread) {
        return {};
    }
    const Result<std::string> reply = link_->ask_packet("Hg" + hex_of(thread));
    if (!reply && reply.error().code != ErrorCode::Unsupported) {
        return std::unexpected(reply.error());
    }
    cache_.selected = thread;
    return {};
}

/// Registers that came with a stop reply: `<number>:<bytes>`.
void NativeTargetImpl::take_expedited(const rsp::StopReply& reply) const {
    NativeRegisters registers;
    registers.machine = machine();
    registers.known = 0;
    registers.vectors_known = false;
    bool any = false;
    for (const auto& [key, value] : reply.fields) {
        rsp::TextReader reader(key);
        const auto number = reader.hex();
        std::vector<std::byte> bytes(value.size() / 2);
        if (number && reader.at_end() && !bytes.empty() && rsp::decode_hex(value, bytes)) {
            any = layout_.take(registers, *number, bytes) || any;
        }
    }
    const std::size_t sp = stack_register(machine());
    if (any && registers.pc.value != 0 && ((registers.known >> sp) & 1U) != 0) {
        cache_.expedited[reply.thread] = registers;
    }
}

Result<NativeRegisters> NativeTargetImpl::all_registers(ServerThread thread) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (const auto known = cache_.registers.find(thread); known != cache_.registers.end()) {
        return known->second;
    }
    if (auto selected = select(thread); !selected) {
        return std::unexpected(selected.error());
    }
    Result<std::string> text = link_->ask_packet("g");
    if (!text) {
        return std::unexpected(text.error());
    }
    std::ranges::replace(*text, 'x', '0'); // not available
    std::vector<std::byte> bytes(text->size() / 2);
    if (!rsp::decode_hex(*text, bytes)) {
        return fail(ErrorCode::Malformed, "the server's registers are no hex");
    }
    Result<NativeRegisters> registers = layout_.decode(bytes);
    if (registers) {
        cache_.registers[thread] = *registers;
    }
    return registers;
}

Result<NativeRegisters> NativeTargetImpl::quick_registers(ServerThread thread) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto known = cache_.expedited.find(thread);
    return known != cache_.expedited.end() && !cache_.registers.contains(thread)
               ? Result<NativeRegisters>(known->second)
               : all_registers(thread);
}

std::uint64_t NativeTargetImpl::stack_pointer(const NativeRegisters& registers) const {
    return registers.general.at(stack_register(machine()));
}

/// Out of host frames, to the guest code that called them.
Result<NativeRegisters> NativeTargetImpl::unwind_to_guest(NativeRegisters from,
                                                          bool is_caller) const {
    for (int i = 0; i < most_host_frames; ++i) {
        const NativeAddress call{from.pc.value - (is_caller ? 1 : 0)};
        if (code_at(call) != nullptr) {
            return from;
        }
        if (!unwind_host_) {
            break;
        }
        const Result<NativeRegisters> caller = unwind_host_(from, is_caller);
        if (!caller || caller->pc.value == 0 || stack_pointer(*caller) < stack_pointer(from) ||
            (stack_pointer(*caller) == stack_pointer(from) && is_caller)) {
            break;
        }
        from = *caller;
        is_caller = true;
    }
    return fail(ErrorCode::Unavailable, "no guest code was found behind the host's frames");
}

Result<NativeRegisters> NativeTargetImpl::registers(ThreadId id) const {
    const Result<ServerThread> thread = server_thread(id);
    if (!thread) {
        return std::unexpected(thread.error());
    }
    if (const auto known = cache_.guest_registers.find(*thread);
        known != cache_.guest_registers.end()) {
        return known->second;
    }
    Result<NativeRegisters> registers = all_registers(*thread);
    if (!registers) {
        return registers;
    }
    registers = unwind_to_guest(*registers, false);
    cache_.guest_registers.insert_or_assign(*thread, registers);
    return registers;
}

Result<NativeRegisters> NativeTargetImpl::outer_guest_registers(ThreadId /*thread*/,
                                                                const NativeRegisters& host) const {
    auto outer = unwind_to_guest(host, true);
    return outer ? outer : fail(ErrorCode::NotFound, outer.error().message);
}

Result<void> NativeTargetImpl::set_registers(ThreadId /*thread*/,
                                             const NativeRegisters& /*registers*/) {
    return fail(ErrorCode::Unsupported, "registers of a remote target are read only");
}

// --- Memory --------------------------------------------------------------------------------------

Result<void> NativeTargetImpl::read_target(std::uint64_t address, std::span<std::byte> into) const {
    const auto fetch = [this](MemoryAddress at, std::size_t size) {
        rsp::Client& client = link_->client();
        return link_->ask<std::vector<std::byte>>(
            [&](auto done) { client.read_memory(at.offset, size, std::move(done)); });
    };
    const Result<std::size_t> size =
        cache_.memory.read({.instance = {}, .memory = 0, .offset = address}, into, fetch);
    if (!size) {
        return std::unexpected(size.error());
    }
    return *size == into.size() ? Result<void>()
                                : fail(ErrorCode::OutOfRange, "the memory cannot be read");
}

Result<void> NativeTargetImpl::read_memory(NativeAddress address, std::span<std::byte> into) const {
    if (const NativeCode* code = code_at(address)) {
        const std::uint64_t offset = address.value - code->code.range.begin.value;
        if (offset + into.size() <= code->text.size()) {
            std::memcpy(into.data(), code->text.data() + offset, into.size());
            return {};
        }
    }
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    return read_target(address.value, into);
}

Result<void> NativeTargetImpl::write_memory(NativeAddress address,
                                            std::span<const std::byte> bytes) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    for (const NativeCode& code : codes_) {
        const NativeRange& range = code.code.range;
        if (address < range.end && range.begin.value < address.value + bytes.size()) {
            return fail(ErrorCode::Unsupported, "code cannot be written");
        }
    }
    return write_target(address.value, bytes);
}

Result<void> NativeTargetImpl::write_target(std::uint64_t address,
                                            std::span<const std::byte> bytes) {
    rsp::Client& client = link_->client();
    cache_.memory.drop({.instance = {}, .memory = 0, .offset = address}, bytes.size());
    return link_->ask<void>([&](auto done) {
        client.write_memory(address, {bytes.begin(), bytes.end()}, std::move(done));
    });
}

} // namespace wdbg::remote
