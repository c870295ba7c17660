// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What a stopped guest looks like.
#include "debuggee_impl.h"

#include <wdbg/wasm/stack_types.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace wdbg::aot {

namespace {

constexpr const char* optimized_out_here =
    "optimized out (the code for this place is further on already)";

/// First vector register's DWARF number, and how many there are.
Result<Value> read_register(const NativeRegisters& registers, std::uint32_t number,
                            ValueType type) {
    Value value{.type = type};
    if (const auto vector = vector_index(registers.machine, number)) {
        if (!registers.vectors_known) {
            return fail(ErrorCode::Unavailable, "its register was not kept by a call");
        }
        std::memcpy(value.storage.data(), registers.vectors.at(*vector).data(), size_of(type));
        return value;
    }
    if (number >= registers.general.size() || size_of(type) > sizeof(std::uint64_t)) {
        return fail(ErrorCode::Unavailable, "in a register that is not shown");
    }
    if (((registers.known >> number) & 1U) == 0) {
        return fail(ErrorCode::Unavailable, "its register was not kept by a call");
    }
    std::memcpy(value.storage.data(), &registers.general.at(number), size_of(type));
    return value;
}

} // namespace

std::vector<InstanceInfo> AotDebuggeeImpl::instances() const {
    std::vector<InstanceInfo> found;
    for (const auto& instance : instances_.all()) {
        found.push_back({.id = instance->id,
                         .module = instance->module->code.module,
                         .name = instance->name,
                         .path = instance->module->wasm_path,
                         .note = instance->module->note,
                         .code_size = instance->module->wasm_bytes().size()});
    }
    return found;
}

Result<const AotInstance*> AotDebuggeeImpl::instance_at(InstanceId id) const {
    const AotInstance* instance = instances_.find(id);
    if (instance == nullptr) {
        return fail(ErrorCode::NotFound, "there is no instance " + std::to_string(id.value));
    }
    return instance;
}

Result<std::span<const std::byte>> AotDebuggeeImpl::code(InstanceId id) const {
    const auto instance = instance_at(id);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    return (*instance)->module->wasm_bytes();
}

Result<std::vector<MemoryInfo>> AotDebuggeeImpl::memories(InstanceId id) const {
    const auto instance = instance_at(id);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    std::vector<MemoryInfo> found;
    const auto count = instances_.memory_count((*instance)->address);
    for (std::uint32_t i = 0; count && i < *count; ++i) {
        const auto memory = instances_.memory((*instance)->address, i);
        if (!memory) {
            break;
        }
        MemoryInfo info{.index = i, .size = memory->size, .shared = memory->shared};
        if (const auto& wasm = (*instance)->module->wasm) {
            const auto name = wasm->names().memories.find(i);
            info.name = name != wasm->names().memories.end() ? name->second : "";
        }
        found.push_back(std::move(info));
    }
    return found;
}

std::vector<ThreadInfo> AotDebuggeeImpl::threads() const {
    std::vector<ThreadInfo> found;
    for (const NativeThread& thread : target_.threads()) {
        const auto stack = stack_of(thread.id);
        if (stopped_ && stack && (*stack)->frames.empty() && !is_in_unknown_code(thread.id)) {
            continue; // not in guest code
        }
        ThreadState state = ThreadState::Running;
        if (stopped_) {
            state = thread.state == NativeThreadState::Stopped ? ThreadState::Stopped
                                                               : ThreadState::InHostCall;
        }
        found.push_back(
            {.id = thread.id,
             .state = state,
             .name = thread.id.value == 1 ? "main" : "thread " + std::to_string(thread.id.value),
             .system_id = thread.system_id});
    }
    return found;
}

bool AotDebuggeeImpl::is_in_host_call(ThreadId id) const {
    const auto state = target_.thread_state(id);
    return state && *state != NativeThreadState::Stopped;
}

bool AotDebuggeeImpl::is_in_unknown_code(ThreadId thread) const {
    const auto stack = stack_of(thread);
    return stack && (*stack)->native.empty() && !is_in_host_call(thread);
}

// --- Stacks --------------------------------------------------------------------------------------

Result<void> AotDebuggeeImpl::require_stopped() const {
    if (!stopped_) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    return {};
}

Result<const ThreadStack*> AotDebuggeeImpl::stack_of(ThreadId thread) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (const auto known = stacks_.find(thread); known != stacks_.end()) {
        return &known->second;
    }
    const auto before = before_.find(thread);
    auto stack =
        walk_stack(target_, modules_, instances_, thread, is_in_host_call(thread),
                   before == before_.end() ? nullptr : &before->second,
                   options_.reads_are_slow ? reader_of(target_) : block_reader_of(target_));
    if (!stack) {
        return std::unexpected(stack.error());
    }
    show_reported_place(thread, *stack);
    return &stacks_.insert_or_assign(thread, std::move(*stack)).first->second;
}

/// A thread that was stopped by a breakpoint is at the instruction that was asked for, also where
/// something else stands for it: functions inlined there are not entered yet, or not left.
void AotDebuggeeImpl::show_reported_place(ThreadId thread, ThreadStack& stack) const {
    const auto at = shown_.find(thread);
    if (at == shown_.end() || stack.native.empty()) {
        return;
    }
    const auto first_of_caller = std::ranges::find_if(
        stack.frames, [](const WasmFrame& frame) { return frame.native != 0; });
    const std::vector<WasmFrame> actual(stack.frames.begin(), first_of_caller);
    const CodeAddress address = at->second.reported.address;
    const auto& positions = at->second.reported.positions;
    const auto& ahead = at->second.reported.ahead;
    if (positions.empty()) {
        if (!actual.empty()) {
            stack.frames.front().pc = address.offset;
        }
        return;
    }
    std::vector<WasmFrame> shown;
    for (std::size_t i = 0; i < positions.size(); ++i) {
        // Both chains end in the native function's own scope.
        const std::size_t from_end = positions.size() - i;
        const bool is_there =
            from_end <= actual.size() &&
            actual[actual.size() - from_end].position.function == positions[i].function;
        WasmFrame frame{.native = 0,
                        .depth = is_there ? actual[actual.size() - from_end].depth : no_depth,
                        .position = positions[i]};
        frame.pc = address.offset;
        if (i < ahead.size()) {
            frame.ahead = ahead[i];
        }
        if (i != 0) {
            const CodeModule& module = *stack.native.front().module;
            frame.position.offset = module.call_near(positions[i].offset, positions[i].function,
                                                     positions[i - 1].function);
            frame.pc = module.behind(frame.position.offset);
            frame.pc_is_return_address = true;
        }
        shown.push_back(std::move(frame));
    }
    stack.frames.erase(stack.frames.begin(), first_of_caller);
    stack.frames.insert(stack.frames.begin(), shown.begin(), shown.end());
}

Result<AotDebuggeeImpl::At> AotDebuggeeImpl::frame_at(ThreadId thread, std::uint32_t frame) const {
    const auto stack = stack_of(thread);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    if (frame >= (*stack)->frames.size()) {
        return fail(ErrorCode::NotFound, "there is no frame " + std::to_string(frame));
    }
    const WasmFrame& wasm = (*stack)->frames[frame];
    return At{.native = (*stack)->native[wasm.native], .wasm = wasm};
}

Result<FrameRange> AotDebuggeeImpl::frames(ThreadId thread, std::uint32_t first,
                                           std::uint32_t count) const {
    const auto stack = stack_of(thread);
    if (!stack) {
        return std::unexpected(stack.error());
    }
    const auto& all = (*stack)->frames;
    FrameRange range{.frames = {}, .total = static_cast<std::uint32_t>(all.size())};
    const std::size_t end = std::min(all.size(), std::size_t{first} + count);
    for (std::size_t i = first; i < end; ++i) {
        const NativeFrame& native = (*stack)->native[all[i].native];
        Frame frame{
            .pc = {native.instance != nullptr ? native.instance->id : InstanceId{}, all[i].pc},
            .pc_is_return_address = all[i].pc_is_return_address,
            .function = all[i].position.function,
            .host_call = all[i].host_call,
            .native_stack = stack_pointer(native.registers).value};
        if (const auto& wasm = native.module->wasm) {
            const wasm::FunctionBody* body = wasm->body(frame.function);
            const wasm::FunctionType* type = wasm->function_type(frame.function);
            if (body != nullptr && type != nullptr) {
                frame.local_count =
                    body->declared_locals + static_cast<std::uint32_t>(type->params.size());
            }
        }
        range.frames.push_back(std::move(frame));
    }
    return range;
}

// --- Values --------------------------------------------------------------------------------------

Result<dwarf::LocalPlace> AotDebuggeeImpl::place_of(const At& at, std::uint32_t index) const {
    if (at.wasm.depth == no_depth) {
        return fail(ErrorCode::Unavailable, "optimized out (the function has no code here)");
    }
    if (std::ranges::binary_search(at.wasm.ahead.locals, index)) {
        return fail(ErrorCode::Unavailable, optimized_out_here);
    }
    const auto reader = reader_of(target_);
    return at.native.module->info->local(activation_of(at.native, reader), at.wasm.depth, index);
}

Result<Value> AotDebuggeeImpl::local(ThreadId thread, std::uint32_t frame,
                                     std::uint32_t index) const {
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    const auto place = place_of(*at, index);
    return place ? read_place(*at, *place) : std::unexpected(place.error());
}

Result<Value> AotDebuggeeImpl::read_place(const At& at, const dwarf::LocalPlace& place) const {
    if (const auto* known = std::get_if<dwarf::RegisterPlace>(&place.place)) {
        return read_register(at.native.registers, known->number, place.type);
    }
    Value value{.type = place.type};
    if (const auto* computed = std::get_if<dwarf::ComputedPlace>(&place.place)) {
        std::memcpy(value.storage.data(), computed->bytes.data(), size_of(place.type));
        return value;
    }
    const auto& memory = std::get<dwarf::MemoryPlace>(place.place);
    const auto into = std::span(value.storage).first(size_of(place.type));
    if (auto read = target_.read_memory(memory.address, into); !read) {
        return std::unexpected(read.error());
    }
    return value;
}

Result<void> AotDebuggeeImpl::set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                        const Value& value) {
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    const auto place = place_of(*at, index);
    if (!place) {
        return std::unexpected(place.error());
    }
    if (place->type != value.type) {
        return fail(ErrorCode::InvalidArgument, "the value's type is not the local's");
    }
    const auto* memory = std::get_if<dwarf::MemoryPlace>(&place->place);
    if (!place->is_home || memory == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "optimised code keeps copies of this value; compile with -O0 to change it");
    }
    return target_.write_memory(memory->address, value.bytes());
}

Result<Value> AotDebuggeeImpl::stack_value(ThreadId thread, std::uint32_t frame,
                                           std::uint32_t index) const {
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    const auto& wasm = at->native.module->wasm;
    if (!wasm) {
        return fail(ErrorCode::NotFound, "not known without the module (.wasm)");
    }
    const auto type = wasm::operand_type(*wasm, at->wasm.position.function, at->wasm.pc,
                                         at->wasm.pc_is_return_address, index);
    if (!type) {
        return std::unexpected(type.error());
    }
    if (at->wasm.depth == no_depth) {
        return fail(ErrorCode::Unavailable, "optimized out (the function has no code here)");
    }
    if (at->wasm.ahead.operands) {
        return fail(ErrorCode::Unavailable, optimized_out_here);
    }
    const auto reader = reader_of(target_);
    const auto place =
        at->native.module->info->operand(activation_of(at->native, reader), at->wasm.depth, index);
    if (!place || place->type != *type) {
        return fail(ErrorCode::Unavailable, "optimized out");
    }
    return read_place(*at, *place);
}

Result<Value> AotDebuggeeImpl::read_global(const CodeModule& module, NativeAddress instance,
                                           std::uint32_t index) const {
    const auto place = instances_.global(module, instance, index);
    if (!place) {
        return std::unexpected(place.error());
    }
    Value value{.type = module.wasm->globals()[index].type};
    const auto into = std::span(value.storage).first(size_of(value.type));
    if (auto read = target_.read_memory(*place, into); !read) {
        return std::unexpected(read.error());
    }
    return value;
}

Result<Value> AotDebuggeeImpl::global(ThreadId thread, std::uint32_t frame,
                                      std::uint32_t index) const {
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    return read_global(*at->native.module, at->native.instance_address, index);
}

Result<void> AotDebuggeeImpl::set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                         const Value& value) {
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    const auto place = instances_.global(*at->native.module, at->native.instance_address, index);
    if (!place) {
        return std::unexpected(place.error());
    }
    const wasm::GlobalType type = at->native.module->wasm->globals()[index];
    if (!type.is_mutable) {
        return fail(ErrorCode::Unsupported, "the global is constant");
    }
    if (type.type != value.type) {
        return fail(ErrorCode::InvalidArgument, "the value's type is not the global's");
    }
    return target_.write_memory(*place, value.bytes());
}

Result<Value> AotDebuggeeImpl::instance_global(InstanceId id, std::uint32_t index) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto instance = instance_at(id);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    return read_global(*(*instance)->module, (*instance)->address, index);
}

Result<Value> AotDebuggeeImpl::table_element(InstanceId id, std::uint32_t table,
                                             std::uint64_t index) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto instance = instance_at(id);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    return instances_.table_element((*instance)->address, table, index);
}

Result<std::size_t> AotDebuggeeImpl::read_memory(MemoryAddress address,
                                                 std::span<std::byte> into) const {
    if (auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    const auto instance = instance_at(address.instance);
    const auto memory = instance ? instances_.memory((*instance)->address, address.memory)
                                 : std::unexpected(instance.error());
    if (!memory) {
        return std::unexpected(memory.error());
    }
    if (address.offset >= memory->size) {
        return fail(ErrorCode::OutOfRange,
                    "the memory ends at " + std::to_string(memory->size) + " bytes");
    }
    const auto wanted =
        into.first(std::min<std::uint64_t>(into.size(), memory->size - address.offset));
    if (auto read = target_.read_memory({memory->data.value + address.offset}, wanted); !read) {
        return std::unexpected(read.error());
    }
    return wanted.size();
}

Result<void> AotDebuggeeImpl::write_memory(MemoryAddress address,
                                           std::span<const std::byte> bytes) {
    if (auto stopped = require_stopped(); !stopped) {
        return stopped;
    }
    const auto instance = instance_at(address.instance);
    const auto memory = instance ? instances_.memory((*instance)->address, address.memory)
                                 : std::unexpected(instance.error());
    if (!memory) {
        return std::unexpected(memory.error());
    }
    if (address.offset > memory->size || bytes.size() > memory->size - address.offset) {
        return fail(ErrorCode::OutOfRange, "the bytes reach behind the memory's end");
    }
    auto written = target_.write_memory({memory->data.value + address.offset}, bytes);
    for (auto& [id, watch] : watches_) {
        if (auto now = watched_bytes(watch.spec)) {
            watch.before = std::move(*now);
        }
    }
    return written;
}

} // namespace wdbg::aot
