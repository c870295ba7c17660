// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hit_surroundings.h"

#include "stack_walker.h"
#include "wamr_access.h"

#include <cstring>

namespace wdbg::wamr {

namespace {

/// Zero-extended; of a float its bits.
bool take(const Value& value, std::uint64_t& into) {
    const auto bytes = value.bytes();
    into = 0;
    if (bytes.size() > sizeof(into)) {
        return false; // v128
    }
    std::memcpy(&into, bytes.data(), bytes.size());
    return true;
}

bool take_global(const FrameRef& frame, std::uint32_t index, std::uint64_t& into) {
    std::uint8_t type = 0;
    bool is_mutable = false;
    const std::uint8_t* place = wdbg_instance_global(frame.actual, index, &type, &is_mutable);
    if (place == nullptr) {
        return false;
    }
    Value value{.type = static_cast<ValueType>(type)};
    std::memcpy(value.storage.data(), place, size_of(value.type));
    return take(value, into);
}

bool read_register(void* context, agent::RegisterNumber number, std::uint64_t& into) {
    const auto& frame = *static_cast<const FrameRef*>(context);
    switch (number.kind) {
    case agent::RegisterKind::Local: {
        const auto value = read_local(frame, number.index);
        return value && take(*value, into);
    }
    case agent::RegisterKind::Global:
        return take_global(frame, number.index, into);
    case agent::RegisterKind::Stack: {
        const auto values = read_operand_stack(frame);
        return values && number.index < values->size() && take((*values)[number.index], into);
    }
    }
    return false;
}

bool read_memory(void* context, std::uint64_t offset, void* into, std::size_t size) {
    const auto& frame = *static_cast<const FrameRef*>(context);
    const WASMMemoryInstance* memory = wdbg_instance_memory(frame.actual, 0);
    const std::uint64_t end = memory == nullptr ? 0 : wdbg_memory_size(memory);
    if (offset > end || size > end - offset) {
        return false;
    }
    std::memcpy(into, wdbg_memory_data(memory) + offset, size);
    return true;
}

} // namespace

agent::Surroundings surroundings_of(FrameRef& frame, agent::Variables& variables) {
    return {.context = &frame,
            .read_register = read_register,
            .read_memory = read_memory,
            .variables = &variables};
}

} // namespace wdbg::wamr
