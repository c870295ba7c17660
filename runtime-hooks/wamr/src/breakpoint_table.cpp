// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoint_table.h"

#include "hooks.h"

#include <algorithm>
#include <utility>

namespace wdbg::wamr {

void BreakpointTable::write(std::uint8_t* ip, std::uint8_t byte) {
    __atomic_store_n(ip, byte, __ATOMIC_RELEASE);
}

Result<void> BreakpointTable::plant(InstanceRecord& instance, CodeOffset requested) {
    ModuleRecord& module = *instance.module;
    const auto resolved = module.parsed->resolve_breakpoint(requested);
    if (!resolved) {
        return std::unexpected(resolved.error());
    }
    if (module.unplanted.empty()) {
        module.unplanted.assign(module.loaded.begin(), module.loaded.end());
    }
    std::uint8_t* ip = module.address_of(*resolved);
    Site& site = sites_[ip];
    const CodeAddress address{instance.id, requested};
    const auto owner = std::ranges::find(site.owners, address, &Owner::requested);
    if (owner != site.owners.end()) {
        ++owner->count;
        return {};
    }
    if (site.owners.empty()) {
        site.original = *ip;
        write(ip, WDBG_BREAK_OPCODE);
    }
    site.owners.push_back({.requested = address, .count = 1});
    return {};
}

Result<void> BreakpointTable::unplant(InstanceRecord& instance, CodeOffset requested) {
    const auto resolved = instance.module->parsed->resolve_breakpoint(requested);
    if (!resolved) {
        return std::unexpected(resolved.error());
    }
    const auto site = sites_.find(instance.module->address_of(*resolved));
    const CodeAddress address{instance.id, requested};
    if (site == sites_.end()) {
        return fail(ErrorCode::NotFound, "no breakpoint is planted there");
    }
    auto& owners = site->second.owners;
    const auto owner = std::ranges::find(owners, address, &Owner::requested);
    if (owner == owners.end()) {
        return fail(ErrorCode::NotFound, "no breakpoint is planted there");
    }
    if (--owner->count == 0) {
        owners.erase(owner);
    }
    if (owners.empty()) {
        write(site->first, site->second.original);
        sites_.erase(site);
    }
    return {};
}

void BreakpointTable::unplant_all() {
    for (const auto& [ip, site] : sites_) {
        write(ip, site.original);
    }
    sites_.clear();
}

void BreakpointTable::forget_instance(InstanceId instance) {
    for (auto& [ip, site] : sites_) {
        std::erase_if(site.owners,
                      [&](const Owner& owner) { return owner.requested.instance == instance; });
        if (site.owners.empty()) {
            write(ip, site.original);
        }
    }
    std::erase_if(sites_, [](const auto& entry) { return entry.second.owners.empty(); });
}

std::optional<std::uint8_t> BreakpointTable::original(const std::uint8_t* ip) const {
    const auto site = sites_.find(const_cast<std::uint8_t*>(ip)); // the key's type, not a write
    if (site == sites_.end()) {
        return std::nullopt;
    }
    return site->second.original;
}

BreakpointTable::Owner* BreakpointTable::find_owner(InstanceRecord& instance,
                                                    CodeOffset requested) {
    const auto resolved = instance.module->parsed->resolve_breakpoint(requested);
    const auto site = resolved ? sites_.find(instance.module->address_of(*resolved)) : sites_.end();
    if (site == sites_.end()) {
        return nullptr;
    }
    const CodeAddress address{instance.id, requested};
    const auto owner = std::ranges::find(site->second.owners, address, &Owner::requested);
    return owner == site->second.owners.end() ? nullptr : &*owner;
}

Result<void> BreakpointTable::set_conditions(InstanceRecord& instance, CodeOffset requested,
                                             std::vector<agent::Program> any_of) {
    Owner* owner = find_owner(instance, requested);
    if (owner == nullptr) {
        return fail(ErrorCode::NotFound, "no breakpoint is planted there");
    }
    owner->conditions = std::move(any_of);
    return {};
}

bool BreakpointTable::Owner::is_hit(const agent::Surroundings& surroundings) const {
    bool hit = conditions.empty();
    for (const agent::Program& condition : conditions) { // all: they may count
        hit = agent::evaluate(condition, surroundings).holds() || hit;
    }
    return hit;
}

std::vector<CodeAddress> BreakpointTable::hits(const std::uint8_t* ip, InstanceId instance,
                                               const agent::Surroundings& surroundings) const {
    std::vector<CodeAddress> addresses;
    const auto site = sites_.find(const_cast<std::uint8_t*>(ip));
    if (site != sites_.end()) {
        for (const Owner& owner : site->second.owners) {
            if (owner.requested.instance == instance && owner.is_hit(surroundings)) {
                addresses.push_back(owner.requested);
            }
        }
    }
    return addresses;
}

} // namespace wdbg::wamr
