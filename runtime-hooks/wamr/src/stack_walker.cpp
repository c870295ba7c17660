// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stack_walker.h"

#include "wamr_access.h"

#include <wdbg/wasm/stack_types.h>

#include <algorithm>
#include <cstring>

namespace wdbg::wamr {

namespace {

class Walker {
  public:
    Walker(const ModuleRegistry& modules, const GuestThread& thread)
        : modules_(modules)
        , thread_(thread) {}

    std::vector<FrameRef> walk() {
        for (std::size_t i = thread_.activations.size(); i-- > 0;) {
            walk_activation(i);
        }
        return std::move(frames_);
    }

  private:
    /// Where the frames of an activation begin: at the base of the next one in the same
    /// environment, or at the environment's top.
    [[nodiscard]] WASMInterpFrame* top_of(std::size_t position) const {
        const auto& activations = thread_.activations;
        for (std::size_t i = position + 1; i < activations.size(); ++i) {
            if (activations[i].env == activations[position].env) {
                return activations[i].base;
            }
        }
        return wdbg_env_top_frame(activations[position].env);
    }

    void walk_activation(std::size_t position) {
        const Activation& activation = thread_.activations[position];
        WASMInterpFrame* frame = top_of(position);
        while (frame != nullptr && frame != activation.base) {
            WdbgFrame data{};
            wdbg_read_frame(frame, &data);
            add(frame, data, activation.native_frame);
            frame = data.caller;
        }
    }

    void add(WASMInterpFrame* frame, const WdbgFrame& data, const void* native_frame) {
        if (data.function == nullptr) {
            return; // a frame by which the host called
        }
        if (wdbg_function_is_import(data.function)) {
            const char* module = "";
            const char* field = "";
            wdbg_import_names(data.function, &module, &field);
            host_call_ = std::string(module) + "." + field;
            return;
        }
        const auto owner = modules_.find_function(data.function);
        if (!owner) {
            return;
        }
        FrameRef found{.frame = frame,
                       .function = data.function,
                       .instance = owner->record,
                       .actual = owner->instance,
                       .function_index = owner->index,
                       .native_frame = native_frame,
                       .host_call = std::move(host_call_)};
        host_call_.clear();
        locate(found, data);
        frames_.push_back(std::move(found));
    }

    void locate(FrameRef& found, const WdbgFrame& data) const {
        const ModuleRecord& module = *found.instance->module;
        const std::uint8_t* ip = data.ip;
        if (ip == nullptr) {
            ip = return_ip_of(found.frame);
        }
        if (ip == nullptr || !module.contains(ip)) {
            return;
        }
        found.pc = module.offset_of(ip);
        const bool calls = !frames_.empty() || !found.host_call.empty();
        found.pc_is_return_address = calls && !frames_.empty();
        if (calls && frames_.empty() && !thread_.at_exception) {
            // A host call in flight: show the call, not what comes after it.
            if (const auto* map = module.instructions_at(CodeOffset{found.pc.value - 1})) {
                found.pc = map->ending_at(found.pc).value_or(found.pc);
            }
        }
    }

    [[nodiscard]] const std::uint8_t* return_ip_of(const WASMInterpFrame* frame) const {
        const auto call = std::ranges::find(thread_.import_calls, frame, &ImportCall::frame);
        return call == thread_.import_calls.end() ? nullptr : call->return_ip;
    }

    const ModuleRegistry& modules_;
    const GuestThread& thread_;
    std::vector<FrameRef> frames_;
    std::string host_call_;
};

Value value_from_cells(ValueType type, const std::uint32_t* cells) {
    Value value{.type = type};
    std::memcpy(value.storage.data(), cells, size_of(type));
    return value;
}

std::uint32_t cells_of(ValueType type) {
    return static_cast<std::uint32_t>(size_of(type) / 4);
}

/// nullptr if there is no such local.
std::uint32_t* local_cells(const FrameRef& frame, std::uint32_t index, ValueType& type) {
    if (index >= wdbg_function_local_count(frame.function)) {
        return nullptr;
    }
    std::uint32_t cell = 0;
    type = static_cast<ValueType>(wdbg_function_local(frame.function, index, &cell));
    WdbgFrame data{};
    wdbg_read_frame(frame.frame, &data);
    return data.locals + cell;
}

Error no_such_local(std::uint32_t index) {
    return {ErrorCode::OutOfRange, "the function has no local " + std::to_string(index)};
}

} // namespace

std::vector<FrameRef> walk_stack(const ModuleRegistry& modules, const GuestThread& thread) {
    return Walker(modules, thread).walk();
}

Result<std::vector<Value>> read_operand_stack(const FrameRef& frame) {
    const wasm::Module& module = *frame.instance->module->parsed;
    const auto types =
        frame.pc_is_return_address
            ? wasm::operand_stack_types_in_call(module, frame.function_index, frame.pc)
            : wasm::operand_stack_types(module, frame.function_index, frame.pc);
    if (!types) {
        return fail(ErrorCode::Unavailable, types.error().message);
    }
    WdbgFrame data{};
    wdbg_read_frame(frame.frame, &data);
    // At a trap or in a host call the instruction has taken some of its operands already.
    const std::uint32_t* cell = data.stack_bottom;
    std::vector<Value> values;
    for (const auto& type : types->types) {
        if (!type || cell + cells_of(*type) > data.stack_top) {
            break;
        }
        values.push_back(value_from_cells(*type, cell));
        cell += cells_of(*type);
    }
    return values;
}

Result<Value> read_local(const FrameRef& frame, std::uint32_t index) {
    ValueType type = ValueType::I32;
    const std::uint32_t* cells = local_cells(frame, index, type);
    if (cells == nullptr) {
        return std::unexpected(no_such_local(index));
    }
    return value_from_cells(type, cells);
}

Result<void> write_local(const FrameRef& frame, std::uint32_t index, const Value& value) {
    ValueType type = ValueType::I32;
    std::uint32_t* cells = local_cells(frame, index, type);
    if (cells == nullptr) {
        return std::unexpected(no_such_local(index));
    }
    if (type != value.type) {
        return fail(ErrorCode::InvalidArgument, "the value's type is not the local's");
    }
    std::memcpy(cells, value.storage.data(), size_of(type));
    return {};
}

} // namespace wdbg::wamr
