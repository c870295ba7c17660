// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "regions.h"

#include <wdbg/rsp/wasm_address.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace wdbg::rsp {

namespace {

constexpr std::uint64_t offset_limit = std::uint64_t{1} << 32U;
constexpr std::uint64_t last_address = std::numeric_limits<std::uint64_t>::max();

std::string memory_name(const InstanceInfo& instance, const MemoryInfo& memory) {
    std::string name = "memory " + std::to_string(memory.index) + " of " + instance.name;
    return memory.name.empty() ? name : name + " (" + memory.name + ")";
}

void add_memories(std::vector<Region>& regions, const InstanceInfo& instance,
                  const std::vector<MemoryInfo>& memories) {
    for (const MemoryInfo& memory : memories) {
        const auto start = WasmAddress::memory(instance.id.value, memory.index, 0);
        if (start && memory.size != 0) {
            regions.push_back({.start = start->packed(),
                               .size = std::min(memory.size, offset_limit),
                               .permissions = "rw",
                               .name = memory_name(instance, memory)});
        }
    }
}

} // namespace

Result<std::vector<Region>> mapped_regions(const Debuggee& debuggee) {
    std::vector<Region> regions;
    for (const InstanceInfo& instance : debuggee.instances()) {
        const Result<std::vector<MemoryInfo>> memories = debuggee.memories(instance.id);
        if (!memories) {
            return std::unexpected(memories.error());
        }
        add_memories(regions, instance, *memories);
        const auto code = WasmAddress::object(instance.id.value, 0);
        if (code && instance.code_size != 0) {
            regions.push_back({.start = code->packed(),
                               .size = std::min(instance.code_size, offset_limit),
                               .permissions = "rx",
                               .name = "code of " + instance.name});
        }
    }
    std::ranges::sort(regions, {}, &Region::start);
    return regions;
}

Region region_at(const std::vector<Region>& mapped, std::uint64_t address) {
    const auto next = std::ranges::upper_bound(mapped, address, {}, &Region::start);
    std::uint64_t hole = 0;
    if (next != mapped.begin()) {
        const Region& before = *std::prev(next);
        if (address - before.start < before.size) {
            return before;
        }
        hole = before.start + before.size;
    }
    const std::uint64_t end = next == mapped.end() ? last_address : next->start;
    if (address == last_address) {
        return {.start = last_address, .size = 1, .permissions = "", .name = {}};
    }
    return {.start = hole, .size = end - hole, .permissions = "", .name = {}};
}

} // namespace wdbg::rsp
