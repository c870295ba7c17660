// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fake_debuggee.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>
#include <utility>

namespace wdbg::test {

namespace {

std::string text(CodeAddress address) {
    std::ostringstream out;
    out << address.instance.value << ":" << std::hex << address.offset.value;
    return out.str();
}

std::string text(MemoryAddress address) {
    std::ostringstream out;
    out << address.instance.value << "/" << address.memory << ":" << std::hex << address.offset;
    return out.str();
}

std::string text(std::span<const std::byte> bytes) {
    std::string out;
    for (const std::byte byte : bytes) {
        out += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4U];
        out += "0123456789abcdef"[std::to_integer<unsigned>(byte) & 15U];
    }
    return out;
}

std::string_view text(ResumeKind kind) {
    constexpr std::array<std::string_view, 3> names{"continue", "step", "range"};
    return names.at(static_cast<std::size_t>(kind));
}

std::string text(const ResumeRequest& request) {
    std::ostringstream out;
    out << "resume";
    for (const ThreadAction& action : request.threads) {
        out << " " << action.thread.value << ":" << text(action.kind);
        if (action.kind == ResumeKind::StepRange) {
            out << "=" << std::hex << action.range.begin.value << "-" << action.range.end.value
                << std::dec;
        }
    }
    if (request.others) {
        out << " others:" << text(*request.others);
    }
    return out.str();
}

std::vector<std::byte> pattern(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i);
    }
    return bytes;
}

} // namespace

FakeDebuggee::FakeDebuggee() {
    constexpr std::size_t code_size = 0x300;
    constexpr std::size_t page = 0x10000;
    instances_.push_back(FakeInstance{
        .info = {.id = {0},
                 .module = {0},
                 .name = "app",
                 .path = "/tmp/app.wasm",
                 .code_size = code_size},
        .code = pattern(code_size),
        .memories = {{.info = {.index = 0, .size = page, .shared = false, .name = "memory"},
                      .bytes = pattern(page)}},
        .globals = {Value::of(ValueType::I32, 0x10000), Value::of(ValueType::I64, 7LL)}});
    instances_.front().code[1] = std::byte{'a'};
    threads_.push_back(FakeThread{
        .info = {.id = {1}, .state = ThreadState::Running, .name = "main"},
        .frames = {{.pc = at(0x199),
                    .locals = {Value::of(ValueType::I32, 42), Value::of(ValueType::F64, 1.5)},
                    .stack = {Value::of(ValueType::I64, -2LL)},
                    .host_call = {}},
                   {.pc = at(0x210),
                    .locals = {Value::of(ValueType::I32, 1)},
                    .stack = {},
                    .host_call = {}}}});
}

void FakeDebuggee::stop(std::vector<ThreadStop> threads) {
    state_ = State::Stopped;
    for (FakeThread& thread : threads_) {
        thread.info.state = ThreadState::Stopped;
    }
    deliver(Stopped{.generation = ++generation_, .threads = std::move(threads)});
}

void FakeDebuggee::stop(ThreadId thread, StopReason reason) {
    stop({ThreadStop{.thread = thread, .reason = std::move(reason)}});
}

void FakeDebuggee::exit(int code) {
    state_ = State::Ended;
    threads_.clear();
    deliver(Exited{code});
}

void FakeDebuggee::killed() {
    state_ = State::Ended;
    threads_.clear();
    deliver(Killed{});
}

std::vector<std::string> FakeDebuggee::take_calls() {
    return std::exchange(calls_, {});
}

void FakeDebuggee::deliver(const Event& event) {
    if (handler_) {
        handler_(event);
    }
}

Result<void> FakeDebuggee::require_controlled(std::string_view call) const {
    if (state_ == State::Free) {
        violation(std::string(call) + " without attach");
    }
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    return {};
}

Result<void> FakeDebuggee::require_stopped() const {
    if (state_ == State::Stopped) {
        return {};
    }
    if (state_ == State::Free) {
        violation("inspection without attach");
    }
    return state_ == State::Ended ? fail(ErrorCode::Gone, "the guest has ended")
                                  : fail(ErrorCode::NotStopped, "the guest is running");
}

Result<const FakeInstance*> FakeDebuggee::find_instance(InstanceId id) const {
    for (const FakeInstance& instance : instances_) {
        if (instance.info.id == id) {
            return &instance;
        }
    }
    return fail(ErrorCode::NotFound, "no instance " + std::to_string(id.value));
}

Result<FakeMemory*> FakeDebuggee::find_memory(MemoryAddress address) const {
    const auto instance = find_instance(address.instance);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    if (address.memory >= (*instance)->memories.size()) {
        return fail(ErrorCode::NotFound, "no memory " + std::to_string(address.memory));
    }
    return const_cast<FakeMemory*>(&(*instance)->memories[address.memory]);
}

Result<FakeThread*> FakeDebuggee::find_thread(ThreadId id) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    for (const FakeThread& thread : threads_) {
        if (thread.info.id == id) {
            return const_cast<FakeThread*>(&thread);
        }
    }
    return fail(ErrorCode::NotFound, "no thread " + std::to_string(id.value));
}

Result<FakeFrame*> FakeDebuggee::find_frame(ThreadId id, std::uint32_t frame) const {
    const auto thread = find_thread(id);
    if (!thread) {
        return std::unexpected(thread.error());
    }
    if (frame >= (*thread)->frames.size()) {
        return fail(ErrorCode::NotFound, "no frame " + std::to_string(frame));
    }
    return &(*thread)->frames[frame];
}

void FakeDebuggee::set_event_handler(EventHandler handler) {
    handler_ = std::move(handler);
}

std::vector<InstanceInfo> FakeDebuggee::instances() const {
    std::vector<InstanceInfo> infos;
    infos.reserve(instances_.size());
    for (const FakeInstance& instance : instances_) {
        infos.push_back(instance.info);
    }
    return infos;
}

Result<std::span<const std::byte>> FakeDebuggee::code(InstanceId instance) const {
    const auto found = find_instance(instance);
    if (!found) {
        return std::unexpected(found.error());
    }
    return std::span<const std::byte>((*found)->code);
}

Result<std::vector<MemoryInfo>> FakeDebuggee::memories(InstanceId instance) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto found = find_instance(instance);
    if (!found) {
        return std::unexpected(found.error());
    }
    std::vector<MemoryInfo> infos;
    for (const FakeMemory& memory : (*found)->memories) {
        infos.push_back(memory.info);
    }
    return infos;
}

std::vector<ThreadInfo> FakeDebuggee::threads() const {
    std::vector<ThreadInfo> infos;
    infos.reserve(threads_.size());
    for (const FakeThread& thread : threads_) {
        infos.push_back(thread.info);
    }
    return infos;
}

Result<FrameRange> FakeDebuggee::frames(ThreadId thread, std::uint32_t first,
                                        std::uint32_t count) const {
    ++frame_requests_;
    const auto found = find_thread(thread);
    if (!found) {
        return std::unexpected(found.error());
    }
    const auto& frames = (*found)->frames;
    FrameRange range{.frames = {}, .total = static_cast<std::uint32_t>(frames.size())};
    for (std::size_t i = first; i < frames.size() && i - first < count; ++i) {
        Frame frame;
        frame.pc = frames[i].pc;
        frame.pc_is_return_address = i != 0;
        frame.function = static_cast<std::uint32_t>(i);
        frame.local_count = static_cast<std::uint32_t>(frames[i].locals.size());
        frame.host_call = frames[i].host_call;
        frame.native_stack = frames[i].native_stack;
        range.frames.push_back(std::move(frame));
    }
    return range;
}

namespace {

Result<Value> pick(const std::vector<Value>& values, std::uint32_t index) {
    if (index >= values.size()) {
        return fail(ErrorCode::OutOfRange, "no such index");
    }
    return values[index];
}

} // namespace

Result<Value> FakeDebuggee::local(ThreadId thread, std::uint32_t frame, std::uint32_t index) const {
    const auto found = find_frame(thread, frame);
    return found ? pick((*found)->locals, index) : Result<Value>(std::unexpected(found.error()));
}

Result<void> FakeDebuggee::set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                     const Value& value) {
    const auto found = find_frame(thread, frame);
    if (!found) {
        return std::unexpected(found.error());
    }
    if (index >= (*found)->locals.size()) {
        return fail(ErrorCode::OutOfRange, "no such local");
    }
    (*found)->locals[index] = value;
    return {};
}

Result<Value> FakeDebuggee::stack_value(ThreadId thread, std::uint32_t frame,
                                        std::uint32_t index) const {
    const auto found = find_frame(thread, frame);
    return found ? pick((*found)->stack, index) : Result<Value>(std::unexpected(found.error()));
}

Result<Value> FakeDebuggee::global(ThreadId thread, std::uint32_t frame,
                                   std::uint32_t index) const {
    const auto found = find_frame(thread, frame);
    return found ? instance_global((*found)->pc.instance, index)
                 : Result<Value>(std::unexpected(found.error()));
}

Result<void> FakeDebuggee::set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                      const Value& value) {
    const auto found = find_frame(thread, frame);
    if (!found) {
        return std::unexpected(found.error());
    }
    const auto instance = find_instance((*found)->pc.instance);
    if (!instance || index >= (*instance)->globals.size()) {
        return fail(ErrorCode::OutOfRange, "no such global");
    }
    const_cast<FakeInstance*>(*instance)->globals[index] = value;
    return {};
}

Result<Value> FakeDebuggee::instance_global(InstanceId instance, std::uint32_t index) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto found = find_instance(instance);
    return found ? pick((*found)->globals, index) : Result<Value>(std::unexpected(found.error()));
}

Result<Value> FakeDebuggee::table_element(InstanceId /*instance*/, std::uint32_t /*table*/,
                                          std::uint64_t /*index*/) const {
    return fail(ErrorCode::Unavailable, "null reference");
}

Result<std::size_t> FakeDebuggee::read_memory(MemoryAddress address,
                                              std::span<std::byte> into) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto memory = find_memory(address);
    if (!memory) {
        return std::unexpected(memory.error());
    }
    const std::vector<std::byte>& bytes = (*memory)->bytes;
    if (address.offset >= bytes.size()) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the memory");
    }
    const std::size_t size = std::min<std::size_t>(into.size(), bytes.size() - address.offset);
    std::memcpy(into.data(), bytes.data() + address.offset, size);
    return size;
}

Result<void> FakeDebuggee::write_memory(MemoryAddress address, std::span<const std::byte> bytes) {
    if (const auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    const auto memory = find_memory(address);
    if (!memory) {
        return std::unexpected(memory.error());
    }
    const std::size_t size = (*memory)->bytes.size();
    if (address.offset > size || bytes.size() > size - address.offset) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the memory");
    }
    std::ranges::copy(bytes,
                      (*memory)->bytes.begin() + static_cast<std::ptrdiff_t>(address.offset));
    note("write " + text(address) + " " + text(bytes));
    return {};
}

Result<void> FakeDebuggee::plant(CodeAddress address) {
    if (const auto controlled = require_controlled("plant"); !controlled) {
        return controlled;
    }
    const auto instance = find_instance(address.instance);
    if (!instance || address.offset.value >= (*instance)->code.size()) {
        return fail(ErrorCode::NotFound, "no code at this address");
    }
    ++planted_[address];
    note("plant " + text(address));
    return {};
}

Result<void> FakeDebuggee::unplant(CodeAddress address) {
    if (const auto controlled = require_controlled("unplant"); !controlled) {
        return controlled;
    }
    const auto found = planted_.find(address);
    if (found == planted_.end()) {
        return fail(ErrorCode::NotFound, "no breakpoint at this address");
    }
    if (--found->second == 0) {
        planted_.erase(found);
    }
    note("unplant " + text(address));
    return {};
}

WatchpointSupport* FakeDebuggee::watchpoints() {
    return has_watchpoints ? this : nullptr;
}

WatchpointPrecision FakeDebuggee::precision() const {
    return {
        .max_count = 0, .every_access = true, .exact_instruction = true, .sees_host_writes = true};
}

Result<WatchpointId> FakeDebuggee::add(const WatchpointSpec& spec) {
    if (const auto controlled = require_controlled("watch"); !controlled) {
        return std::unexpected(controlled.error());
    }
    const auto memory = find_memory(spec.address);
    if (!memory) {
        return std::unexpected(memory.error());
    }
    if (spec.address.offset + spec.size > (*memory)->bytes.size()) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the memory");
    }
    const WatchpointId id{next_watchpoint_++};
    watched_[id] = spec;
    constexpr std::array<const char*, 3> kinds{"read", "write", "access"};
    note("watch " + text(spec.address) + "+" + std::to_string(spec.size) + " " +
         kinds.at(static_cast<std::size_t>(spec.kind)));
    return id;
}

Result<void> FakeDebuggee::remove(WatchpointId id) {
    if (watched_.erase(id) == 0) {
        return fail(ErrorCode::NotFound, "no such watchpoint");
    }
    note("unwatch " + std::to_string(id.value));
    return {};
}

Result<void> FakeDebuggee::resume(const ResumeRequest& request) {
    note(text(request));
    if (next_failure) {
        return std::unexpected(*std::exchange(next_failure, std::nullopt));
    }
    if (state_ != State::Stopped) {
        violation("resume of a guest that is not stopped");
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    for (const ThreadAction& action : request.threads) {
        if (const auto thread = find_thread(action.thread); !thread) {
            return std::unexpected(thread.error());
        }
    }
    state_ = State::Running;
    return {};
}

Result<void> FakeDebuggee::interrupt() {
    note("interrupt");
    if (const auto controlled = require_controlled("interrupt"); !controlled) {
        return controlled;
    }
    if (state_ == State::Running && stops_by_itself && !threads_.empty()) {
        stop(threads_.front().info.id, Interrupted{});
    }
    return {};
}

Result<void> FakeDebuggee::detach_stopped() {
    note("detach stopped");
    if (state_ != State::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    planted_.clear();
    state_ = State::Free;
    return {};
}

void FakeDebuggee::detach() {
    note("detach");
    if (state_ == State::Free) {
        violation("detach without attach");
    }
    planted_.clear();
    watched_.clear();
    state_ = state_ == State::Ended ? State::Ended : State::Free;
}

Result<void> FakeDebuggee::attach() {
    note("attach");
    if (next_failure) {
        return std::unexpected(*std::exchange(next_failure, std::nullopt));
    }
    if (state_ == State::Ended) {
        return fail(ErrorCode::Gone, "the guest has ended");
    }
    if (state_ != State::Free) {
        violation("attach by a second client");
    }
    state_ = State::Running;
    if (stops_by_itself && !threads_.empty()) {
        stop(threads_.front().info.id, StoppedAtEntry{});
    }
    return {};
}

void FakeDebuggee::kill() {
    note("kill");
    if (require_controlled("kill") && stops_by_itself) {
        killed();
    }
}

} // namespace wdbg::test
