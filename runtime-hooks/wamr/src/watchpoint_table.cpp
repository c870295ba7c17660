// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "watchpoint_table.h"

#include "wamr_access.h"

#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

namespace wdbg::wamr {

namespace {

constexpr std::size_t reported_bytes = 16;

/// Bytes of the memory from `begin`, cut at its end.
std::span<const std::byte> bytes_at(const WASMMemoryInstance* memory, std::uint64_t begin,
                                    std::uint64_t size) {
    const std::uint64_t end = wdbg_memory_size(memory);
    if (begin >= end) {
        return {};
    }
    return {reinterpret_cast<const std::byte*>(wdbg_memory_data(memory)) + begin,
            std::min(size, end - begin)};
}

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
    return {bytes.begin(),
            bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), reported_bytes))};
}

/// Cells of the operands of one signature letter (see wasm::OpcodeInfo).
std::uint32_t cells_of_letter(char letter) {
    switch (letter) {
    case 'l':
    case 'd':
        return 2;
    case 'v':
        return 4;
    default:
        return 1;
    }
}

bool overlaps(const WatchpointSpec& spec, std::uint64_t begin, std::uint64_t size) {
    return size > 0 && begin < spec.address.offset + spec.size &&
           spec.address.offset < begin + size;
}

/// The 32-bit operand `slot` values below the top of the stack, for a signature "operands:results".
std::uint32_t operand(std::string_view signature, const std::uint32_t* top, std::uint8_t slot) {
    const std::string_view operands = signature.substr(0, signature.find(':'));
    std::uint32_t depth = 0;
    for (std::uint8_t i = 0; i <= slot && i < operands.size(); ++i) {
        depth += cells_of_letter(operands[operands.size() - 1U - i]);
    }
    return *(top - depth);
}

} // namespace

std::vector<WatchpointTable::Access> WatchpointTable::accesses_of(const FrameRef& frame) {
    const ModuleRecord& module = *frame.instance->module;
    const auto instruction = wasm::decode(module.original, frame.pc);
    if (!instruction) {
        return {};
    }
    const auto access = wasm::memory_access(*instruction);
    if (!access || (!access->reads() && !access->writes())) {
        return {};
    }
    WdbgFrame data{};
    wdbg_read_frame(frame.frame, &data);
    // The table leaves memory.copy's operands open for 64-bit memories, which WAMR does not have
    // here.
    const std::string_view signature =
        access->operation == wasm::MemoryOperation::Copy ? "aaa:" : instruction->info->signature;
    const auto value = [&](std::uint8_t slot) {
        return std::uint64_t{operand(signature, data.stack_top, slot)};
    };
    const std::uint64_t size =
        access->length_slot ? value(*access->length_slot) : std::uint64_t{access->width};
    const std::uint64_t address = value(access->address_slot) + access->offset;
    WASMMemoryInstance* memory = wdbg_instance_memory(frame.actual, access->memory);
    std::vector<Access> found;
    if (access->operation == wasm::MemoryOperation::Copy) {
        WASMMemoryInstance* source = wdbg_instance_memory(frame.actual, access->source_memory);
        found.push_back({memory, address, size, AccessKind::Write});
        found.push_back({source, value(*access->source_slot), size, AccessKind::Read});
        return found;
    }
    if (access->writes()) {
        found.push_back({memory, address, size, AccessKind::Write});
    }
    if (access->reads()) {
        found.push_back({memory, address, size, AccessKind::Read});
    }
    return found;
}

Result<WatchpointId> WatchpointTable::add(const ModuleRegistry& modules,
                                          const WatchpointSpec& spec) {
    const InstanceRecord* instance = modules.find(spec.address.instance);
    WASMMemoryInstance* memory = instance == nullptr
                                     ? nullptr
                                     : wdbg_instance_memory(instance->primary, spec.address.memory);
    if (memory == nullptr) {
        return fail(ErrorCode::NotFound, "there is no such memory");
    }
    const std::uint64_t end = wdbg_memory_size(memory);
    if (spec.size == 0 || spec.address.offset >= end || spec.size > end - spec.address.offset) {
        return fail(ErrorCode::OutOfRange, "the watched range is not within the memory of " +
                                               std::to_string(end) + " bytes");
    }
    Watch watch{.id = WatchpointId{next_id_++}, .spec = spec, .memory = memory};
    copy_current(watch);
    watches_.push_back(std::move(watch));
    return watches_.back().id;
}

Result<void> WatchpointTable::remove(WatchpointId id) {
    if (std::erase_if(watches_, [&](const Watch& watch) { return watch.id == id; }) == 0) {
        return fail(ErrorCode::NotFound, "there is no such watchpoint");
    }
    return {};
}

void WatchpointTable::copy_current(Watch& watch) {
    const auto bytes = bytes_at(watch.memory, watch.spec.address.offset, watch.spec.size);
    watch.shadow.assign(bytes.begin(), bytes.end());
}

void WatchpointTable::refresh() {
    std::ranges::for_each(watches_, copy_current);
}

WatchpointTable::Watch* WatchpointTable::find(WatchpointId id) {
    const auto watch = std::ranges::find(watches_, id, &Watch::id);
    return watch == watches_.end() ? nullptr : &*watch;
}

std::optional<WatchpointHit> WatchpointTable::before_instruction(const FrameRef& frame) {
    for (const Access& access : accesses_of(frame)) {
        for (Watch& watch : watches_) {
            const WatchpointSpec& spec = watch.spec;
            const bool wanted =
                spec.kind == WatchKind::Access ||
                (spec.kind == WatchKind::Write) == (access.kind == AccessKind::Write);
            if (!wanted || access.memory != watch.memory ||
                !overlaps(spec, access.begin, access.size)) {
                continue;
            }
            WatchpointHit hit{.watchpoint = watch.id, .address = spec.address};
            hit.address.offset = access.begin;
            hit.size = access.size;
            hit.access = access.kind;
            hit.before = copy_of(bytes_at(watch.memory, spec.address.offset, spec.size));
            if (access.kind == AccessKind::Write) {
                in_flight_.push_back({hit.address, hit.size});
            }
            return hit;
        }
    }
    return std::nullopt;
}

bool WatchpointTable::after_instruction(WatchpointHit& hit) {
    abandon(hit);
    for (Watch& watch : watches_) {
        // One access is one report, but it may have touched several watched ranges.
        if (watch.spec.address.instance == hit.address.instance &&
            watch.spec.address.memory == hit.address.memory &&
            overlaps(watch.spec, hit.address.offset, hit.size)) {
            copy_current(watch);
        }
    }
    const Watch* watch = find(hit.watchpoint);
    if (watch == nullptr) {
        return false;
    }
    hit.after = copy_of(watch->shadow);
    return true;
}

void WatchpointTable::abandon(const WatchpointHit& hit) {
    const auto write =
        std::ranges::find(in_flight_, MemoryWrite{.address = hit.address, .size = hit.size});
    if (hit.access == AccessKind::Write && write != in_flight_.end()) {
        in_flight_.erase(write);
    }
}

bool WatchpointTable::being_written(const Watch& watch) const {
    return std::ranges::any_of(in_flight_, [&](const MemoryWrite& write) {
        return watch.spec.address.instance == write.address.instance &&
               watch.spec.address.memory == write.address.memory &&
               overlaps(watch.spec, write.address.offset, write.size);
    });
}

std::optional<WatchpointHit> WatchpointTable::changed_by_host() {
    for (Watch& watch : watches_) {
        const auto now = bytes_at(watch.memory, watch.spec.address.offset, watch.spec.size);
        const auto [old_byte, new_byte] = std::ranges::mismatch(watch.shadow, now);
        if (watch.spec.kind == WatchKind::Read || being_written(watch) || new_byte == now.end()) {
            continue;
        }
        WatchpointHit hit{.watchpoint = watch.id, .address = watch.spec.address, .by_host = true};
        const auto first = static_cast<std::uint64_t>(new_byte - now.begin());
        const auto last = std::mismatch(watch.shadow.rbegin(), watch.shadow.rend(), now.rbegin());
        hit.address.offset += first;
        hit.size = static_cast<std::uint64_t>(last.second.base() - now.begin()) - first;
        hit.before = copy_of(watch.shadow);
        hit.after = copy_of(now);
        copy_current(watch);
        return hit;
    }
    return std::nullopt;
}

} // namespace wdbg::wamr
