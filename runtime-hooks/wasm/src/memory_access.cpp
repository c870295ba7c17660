// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/wasm/instruction.h>

#include <array>

namespace wdbg::wasm {

namespace {

using Slot = std::optional<std::uint8_t>;

/// Operand-stack slots by operation, counted from the top before execution.
struct Slots {
    MemoryOperation operation = MemoryOperation::None;
    std::uint8_t address = 0;
    Slot source;
    Slot length;
    Slot value;
    bool reads = false;
    bool writes = false;
};

constexpr Slot none = std::nullopt;
constexpr std::array slot_table{
    Slots{MemoryOperation::Load, 0, none, none, none, true, false},
    Slots{MemoryOperation::Store, 1, none, none, 0, false, true},
    Slots{MemoryOperation::AtomicLoad, 0, none, none, none, true, false},
    Slots{MemoryOperation::AtomicStore, 1, none, none, 0, false, true},
    Slots{MemoryOperation::AtomicReadModifyWrite, 1, none, none, none, true, true},
    Slots{MemoryOperation::AtomicCompareExchange, 2, none, none, none, true, true},
    Slots{MemoryOperation::AtomicWait, 2, none, none, none, true, false},
    Slots{MemoryOperation::AtomicNotify, 1, none, none, none, false, false},
    Slots{MemoryOperation::Fill, 2, none, 0, 1, false, true},
    Slots{MemoryOperation::Copy, 2, 1, 0, none, true, true},
    Slots{MemoryOperation::Init, 2, 1, 0, none, false, true},
    Slots{MemoryOperation::Grow, 0, none, none, none, false, false},
};

const Slots* find_slots(MemoryOperation operation) {
    for (const Slots& slots : slot_table) {
        if (slots.operation == operation) {
            return &slots;
        }
    }
    return nullptr;
}

} // namespace

bool MemoryAccess::reads() const {
    const Slots* slots = find_slots(operation);
    return slots != nullptr && slots->reads;
}

bool MemoryAccess::writes() const {
    const Slots* slots = find_slots(operation);
    return slots != nullptr && slots->writes;
}

std::optional<MemoryAccess> memory_access(const Instruction& instruction) {
    const Slots* slots =
        instruction.info == nullptr ? nullptr : find_slots(instruction.info->operation);
    if (slots == nullptr) {
        return std::nullopt;
    }
    MemoryAccess access{.operation = slots->operation,
                        .width = instruction.info->width,
                        .offset = instruction.memory.offset,
                        .memory = instruction.memory.index,
                        .address_slot = slots->address,
                        .source_slot = slots->source,
                        .length_slot = slots->length,
                        .value_slot = slots->value};
    // v128.load8_lane and its like take the vector above the address.
    const bool load_lane = slots->operation == MemoryOperation::Load &&
                           instruction.info->immediates == Immediates::MemArgLane;
    if (load_lane) {
        access.address_slot = 1;
    }
    if (slots->operation == MemoryOperation::Copy) {
        access.source_memory = instruction.second_index;
    }
    return access;
}

} // namespace wdbg::wasm
