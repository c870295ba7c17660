// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "interpreter_debuggee.h"

#include "wamr_access.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wdbg::wamr {

namespace {

constexpr std::uint32_t null_reference = 0xFFFFFFFFU; // WAMR's NULL_REF

template <class T>
Result<T> no_instance(InstanceId id) {
    return fail(ErrorCode::NotFound, "there is no instance " + std::to_string(id.value));
}

Result<const FrameRef*> frame_at(const std::vector<FrameRef>& stack, std::uint32_t index) {
    if (index >= stack.size()) {
        return fail(ErrorCode::NotFound, "there is no frame " + std::to_string(index));
    }
    return &stack[index];
}

Result<Value> read_global(const WASMModuleInstance* instance, std::uint32_t index) {
    std::uint8_t type = 0;
    bool is_mutable = false;
    const std::uint8_t* place = wdbg_instance_global(instance, index, &type, &is_mutable);
    if (place == nullptr) {
        return fail(ErrorCode::OutOfRange, "there is no global " + std::to_string(index));
    }
    Value value{.type = static_cast<ValueType>(type)};
    std::memcpy(value.storage.data(), place, size_of(value.type));
    return value;
}

Result<void> write_global(const WASMModuleInstance* instance, std::uint32_t index,
                          const Value& value) {
    std::uint8_t type = 0;
    bool is_mutable = false;
    std::uint8_t* place = wdbg_instance_global(instance, index, &type, &is_mutable);
    if (place == nullptr) {
        return fail(ErrorCode::OutOfRange, "there is no global " + std::to_string(index));
    }
    if (!is_mutable) {
        return fail(ErrorCode::Unsupported, "the global is constant");
    }
    if (static_cast<ValueType>(type) != value.type) {
        return fail(ErrorCode::InvalidArgument, "the value's type is not the global's");
    }
    std::memcpy(place, value.storage.data(), size_of(value.type));
    return {};
}

/// The bytes of a memory from `address` to its end; OutOfRange if there are none.
Result<std::span<std::byte>> memory_from(const ModuleRegistry& modules, MemoryAddress address) {
    const InstanceRecord* instance = modules.find(address.instance);
    const WASMMemoryInstance* memory =
        instance == nullptr ? nullptr : wdbg_instance_memory(instance->primary, address.memory);
    if (memory == nullptr) {
        return fail(ErrorCode::NotFound, "there is no such memory");
    }
    const std::uint64_t size = wdbg_memory_size(memory);
    if (address.offset >= size) {
        return fail(ErrorCode::OutOfRange, "the memory ends at " + std::to_string(size) + " bytes");
    }
    return std::span(reinterpret_cast<std::byte*>(wdbg_memory_data(memory)) + address.offset,
                     size - address.offset);
}

Frame describe(const FrameRef& ref) {
    return {.pc = {ref.instance->id, ref.pc},
            .pc_is_return_address = ref.pc_is_return_address,
            .function = ref.function_index,
            .local_count = wdbg_function_local_count(ref.function),
            .host_call = ref.host_call,
            .native_stack = reinterpret_cast<std::uint64_t>(ref.native_frame)};
}

} // namespace

void InterpreterDebuggee::set_event_handler(EventHandler handler) {
    engine_.set_event_handler(std::move(handler));
}

std::vector<InstanceInfo> InterpreterDebuggee::instances() const {
    return engine_.instances();
}

Result<std::span<const std::byte>> InterpreterDebuggee::code(InstanceId instance) const {
    return engine_.with_modules(
        [&](const ModuleRegistry& modules) -> Result<std::span<const std::byte>> {
            const InstanceRecord* record = modules.find(instance);
            if (record == nullptr) {
                return no_instance<std::span<const std::byte>>(instance);
            }
            return std::span<const std::byte>(record->module->original);
        });
}

Result<std::vector<MemoryInfo>> InterpreterDebuggee::memories(InstanceId instance) const {
    return engine_.with_modules(
        [&](const ModuleRegistry& modules) -> Result<std::vector<MemoryInfo>> {
            const InstanceRecord* record = modules.find(instance);
            if (record == nullptr) {
                return no_instance<std::vector<MemoryInfo>>(instance);
            }
            std::vector<MemoryInfo> found;
            const std::uint32_t count = wdbg_instance_memory_count(record->primary);
            for (std::uint32_t i = 0; i < count; ++i) {
                const WASMMemoryInstance* memory = wdbg_instance_memory(record->primary, i);
                MemoryInfo info{.index = i,
                                .size = wdbg_memory_size(memory),
                                .shared = wdbg_memory_is_shared(memory),
                                .name = {}};
                const auto& names = record->module->parsed->names().memories;
                if (const auto name = names.find(i); name != names.end()) {
                    info.name = name->second;
                }
                found.push_back(std::move(info));
            }
            return found;
        });
}

std::vector<ThreadInfo> InterpreterDebuggee::threads() const {
    return engine_.threads();
}

Result<FrameRange> InterpreterDebuggee::frames(ThreadId thread, std::uint32_t first,
                                               std::uint32_t count) const {
    return engine_.with_stack(
        thread, [&](const std::vector<FrameRef>& stack) -> Result<FrameRange> {
            FrameRange range{.frames = {}, .total = static_cast<std::uint32_t>(stack.size())};
            const std::size_t end = std::min(stack.size(), std::size_t{first} + count);
            for (std::size_t i = first; i < end; ++i) {
                range.frames.push_back(describe(stack[i]));
            }
            return range;
        });
}

Result<Value> InterpreterDebuggee::local(ThreadId thread, std::uint32_t frame,
                                         std::uint32_t index) const {
    return engine_.with_stack(thread, [&](const std::vector<FrameRef>& stack) -> Result<Value> {
        const auto found = frame_at(stack, frame);
        return found ? read_local(**found, index) : std::unexpected(found.error());
    });
}

Result<void> InterpreterDebuggee::set_local(ThreadId thread, std::uint32_t frame,
                                            std::uint32_t index, const Value& value) {
    return engine_.with_stack(thread, [&](const std::vector<FrameRef>& stack) -> Result<void> {
        const auto found = frame_at(stack, frame);
        return found ? write_local(**found, index, value) : std::unexpected(found.error());
    });
}

Result<Value> InterpreterDebuggee::stack_value(ThreadId thread, std::uint32_t frame,
                                               std::uint32_t index) const {
    return engine_.with_stack(thread, [&](const std::vector<FrameRef>& stack) -> Result<Value> {
        const auto found = frame_at(stack, frame);
        if (!found) {
            return std::unexpected(found.error());
        }
        const auto values = read_operand_stack(**found);
        if (!values) {
            return std::unexpected(values.error());
        }
        if (index >= values->size()) {
            return fail(ErrorCode::OutOfRange,
                        "the operand stack has " + std::to_string(values->size()) + " values");
        }
        return (*values)[index];
    });
}

Result<Value> InterpreterDebuggee::global(ThreadId thread, std::uint32_t frame,
                                          std::uint32_t index) const {
    return engine_.with_stack(thread, [&](const std::vector<FrameRef>& stack) -> Result<Value> {
        const auto found = frame_at(stack, frame);
        return found ? read_global((*found)->actual, index) : std::unexpected(found.error());
    });
}

Result<void> InterpreterDebuggee::set_global(ThreadId thread, std::uint32_t frame,
                                             std::uint32_t index, const Value& value) {
    return engine_.with_stack(thread, [&](const std::vector<FrameRef>& stack) -> Result<void> {
        const auto found = frame_at(stack, frame);
        return found ? write_global((*found)->actual, index, value)
                     : std::unexpected(found.error());
    });
}

Result<Value> InterpreterDebuggee::instance_global(InstanceId instance, std::uint32_t index) const {
    if (auto stopped = engine_.require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    return engine_.with_modules([&](const ModuleRegistry& modules) -> Result<Value> {
        const InstanceRecord* record = modules.find(instance);
        return record == nullptr ? no_instance<Value>(instance)
                                 : read_global(record->primary, index);
    });
}

Result<Value> InterpreterDebuggee::table_element(InstanceId instance, std::uint32_t table,
                                                 std::uint64_t index) const {
    if (auto stopped = engine_.require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    return engine_.with_modules([&](const ModuleRegistry& modules) -> Result<Value> {
        const InstanceRecord* record = modules.find(instance);
        if (record == nullptr) {
            return no_instance<Value>(instance);
        }
        std::uint8_t type = 0;
        std::uint32_t element = 0;
        if (!wdbg_instance_table_element(record->primary, table, index, &type, &element)) {
            return fail(ErrorCode::OutOfRange, "there is no such table element");
        }
        if (element == null_reference) {
            return fail(ErrorCode::Unavailable, "the element is a null reference");
        }
        return Value::of(static_cast<ValueType>(type), element);
    });
}

Result<std::size_t> InterpreterDebuggee::read_memory(MemoryAddress address,
                                                     std::span<std::byte> into) const {
    if (auto stopped = engine_.require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    return engine_.with_modules([&](const ModuleRegistry& modules) -> Result<std::size_t> {
        const auto memory = memory_from(modules, address);
        if (!memory) {
            return std::unexpected(memory.error());
        }
        const std::size_t count = std::min(into.size(), memory->size());
        std::memcpy(into.data(), memory->data(), count);
        return count;
    });
}

Result<void> InterpreterDebuggee::write_memory(MemoryAddress address,
                                               std::span<const std::byte> bytes) {
    if (auto stopped = engine_.require_stopped(); !stopped) {
        return stopped;
    }
    auto written = engine_.with_modules([&](const ModuleRegistry& modules) -> Result<void> {
        const auto memory = memory_from(modules, address);
        if (!memory) {
            return std::unexpected(memory.error());
        }
        if (bytes.size() > memory->size()) {
            return fail(ErrorCode::OutOfRange, "the bytes reach behind the memory's end");
        }
        std::memcpy(memory->data(), bytes.data(), bytes.size());
        return {};
    });
    if (written) {
        engine_.memory_written();
    }
    return written;
}

Result<void> InterpreterDebuggee::plant(CodeAddress address) {
    return engine_.plant(address);
}

Result<void> InterpreterDebuggee::unplant(CodeAddress address) {
    return engine_.unplant(address);
}

WatchpointPrecision InterpreterDebuggee::precision() const {
    return {
        .max_count = 0, .every_access = true, .exact_instruction = true, .sees_host_writes = true};
}

Result<WatchpointId> InterpreterDebuggee::add(const WatchpointSpec& spec) {
    return engine_.add_watchpoint(spec);
}

Result<void> InterpreterDebuggee::remove(WatchpointId id) {
    return engine_.remove_watchpoint(id);
}

Result<void> InterpreterDebuggee::set_conditions(CodeAddress address,
                                                 std::vector<std::vector<std::uint8_t>> any_of) {
    auto programs = agent::Program::verify_all(any_of);
    if (!programs) {
        return std::unexpected(programs.error());
    }
    return engine_.set_conditions(address, std::move(*programs));
}

Result<std::int64_t> InterpreterDebuggee::condition_variable(std::uint16_t number) const {
    return engine_.condition_variables().checked_get(number);
}

Result<void> InterpreterDebuggee::set_condition_variable(std::uint16_t number, std::int64_t value) {
    return engine_.condition_variables().checked_set(number, value);
}

Result<std::vector<Value>> InterpreterDebuggee::call(const CallRequest& request) {
    return engine_.call(request);
}

Result<void> InterpreterDebuggee::resume(const ResumeRequest& request) {
    return engine_.resume(request);
}

Result<void> InterpreterDebuggee::interrupt() {
    return engine_.interrupt();
}

void InterpreterDebuggee::detach() {
    engine_.detach();
}

Result<void> InterpreterDebuggee::detach_stopped() {
    return engine_.detach_stopped();
}

Result<void> InterpreterDebuggee::attach() {
    return engine_.attach();
}

void InterpreterDebuggee::kill() {
    engine_.kill();
}

} // namespace wdbg::wamr
