// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "call_values.h"

#include "wamr_access.h"

#include <wdbg/wasm/c_frame.h>

#include <algorithm>
#include <cstring>

namespace wdbg::wamr {

namespace {

bool is_number(std::uint8_t type) {
    return type >= static_cast<std::uint8_t>(ValueType::F64) &&
           type <= static_cast<std::uint8_t>(ValueType::I32);
}

std::size_t cells_of(std::uint8_t type) {
    return size_of(static_cast<ValueType>(type)) / sizeof(std::uint32_t);
}

} // namespace

SavedGlobals::SavedGlobals(const WASMModuleInstance* instance) : instance_(instance) {
    const std::uint32_t count = wdbg_instance_global_count(instance);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::uint8_t type = 0;
        bool is_mutable = false;
        const std::uint8_t* place = wdbg_instance_global(instance, i, &type, &is_mutable);
        if (place != nullptr && is_mutable) {
            Saved saved{.index = i, .size = size_of(static_cast<ValueType>(type))};
            std::memcpy(saved.bytes.data(), place, saved.size);
            saved_.push_back(saved);
        }
    }
}

void SavedGlobals::restore() const {
    for (const Saved& each : saved_) {
        restore_one(each);
    }
}

void SavedGlobals::restore(const std::optional<StackPointer>& moved) const {
    const auto found =
        moved ? std::ranges::find(saved_, moved->global, &Saved::index) : saved_.end();
    if (found != saved_.end()) {
        restore_one(*found);
    }
}

void SavedGlobals::restore_one(const Saved& saved) const {
    std::uint8_t type = 0;
    bool is_mutable = false;
    std::memcpy(wdbg_instance_global(instance_, saved.index, &type, &is_mutable),
                saved.bytes.data(), saved.size);
}

std::optional<std::uint32_t> stack_pointer_value(const WASMModuleInstance* instance,
                                                 std::optional<std::uint32_t> global) {
    std::uint8_t type = 0;
    bool is_mutable = false;
    const std::uint8_t* place =
        global ? wdbg_instance_global(instance, *global, &type, &is_mutable) : nullptr;
    if (place == nullptr || !is_mutable || type != static_cast<std::uint8_t>(ValueType::I32)) {
        return std::nullopt;
    }
    std::uint32_t value = 0;
    std::memcpy(&value, place, sizeof(value));
    return wasm::can_be_stack_pointer(value) ? std::optional(value) : std::nullopt;
}

Result<std::optional<StackPointer>> free_stack(const WASMModuleInstance* instance,
                                               std::optional<std::uint32_t> global,
                                               std::uint32_t kept) {
    const auto value = stack_pointer_value(instance, global);
    if (!value) {
        return std::nullopt;
    }
    if (*value <= kept) {
        return fail(ErrorCode::Unsupported, "C's stack has no room left for a call");
    }
    return StackPointer{.global = *global,
                        .value = (*value - kept) & ~(wasm::c_stack_alignment - 1)};
}

void move_stack_pointer(const WASMModuleInstance* instance, const std::optional<StackPointer>& to) {
    if (to) {
        std::uint8_t type = 0;
        bool is_mutable = false;
        std::memcpy(wdbg_instance_global(instance, to->global, &type, &is_mutable), &to->value,
                    sizeof(to->value));
    }
}

Result<std::vector<std::uint32_t>> cells_for(const WASMFuncType* type,
                                             const std::vector<Value>& arguments) {
    const std::uint32_t params = wdbg_type_param_count(type);
    if (arguments.size() != params) {
        return fail(ErrorCode::InvalidArgument, "the function takes " + std::to_string(params) +
                                                    " WebAssembly values, not " +
                                                    std::to_string(arguments.size()));
    }
    std::vector<std::uint32_t> cells;
    std::size_t results = 0;
    for (std::uint32_t i = 0; i < wdbg_type_result_count(type); ++i) {
        const std::uint8_t result = wdbg_type_result(type, i);
        if (!is_number(result)) {
            return fail(ErrorCode::Unsupported, "the function returns what is no number");
        }
        results += cells_of(result);
    }
    for (std::uint32_t i = 0; i < params; ++i) {
        const std::uint8_t param = wdbg_type_param(type, i);
        if (!is_number(param) || param != static_cast<std::uint8_t>(arguments[i].type)) {
            return fail(ErrorCode::InvalidArgument,
                        "argument " + std::to_string(i + 1) + " has another type");
        }
        const std::size_t at = cells.size();
        cells.resize(at + cells_of(param));
        std::memcpy(&cells[at], arguments[i].storage.data(), size_of(arguments[i].type));
    }
    cells.resize(std::max({cells.size(), results, std::size_t{1}}));
    return cells;
}

std::vector<Value> results_of(const WASMFuncType* type, const std::vector<std::uint32_t>& cells) {
    std::vector<Value> results;
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < wdbg_type_result_count(type); ++i) {
        Value value{.type = static_cast<ValueType>(wdbg_type_result(type, i))};
        std::memcpy(value.storage.data(), &cells[at], size_of(value.type));
        at += cells_of(static_cast<std::uint8_t>(value.type));
        results.push_back(value);
    }
    return results;
}

std::string reason_for(std::string_view exception) {
    if (exception == "wasi proc exit") {
        return "the function wanted to end the program";
    }
    if (exception == "terminated by user") {
        return "the function did not return in time";
    }
    return "the function trapped: " + std::string(exception);
}

} // namespace wdbg::wamr
