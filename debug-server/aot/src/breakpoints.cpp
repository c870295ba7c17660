// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoints.h"

#include <algorithm>

namespace wdbg::aot {

namespace {

/// Offsets of the calls around an instruction, outermost first, and its own.
std::vector<CodeOffset> path_of(const AotBreakpoints::Owner& owner) {
    std::vector<CodeOffset> path;
    for (std::size_t i = owner.positions.size(); i-- > 0;) {
        path.push_back(owner.positions[i].offset);
    }
    if (path.empty()) {
        path.push_back(owner.address.offset);
    }
    return path;
}

/// Of two instructions that share a native one. A call comes before what is inlined there, and that
/// before what is behind the call.
bool executed_before(const AotBreakpoints::Owner& left, const AotBreakpoints::Owner& right) {
    return path_of(left) < path_of(right);
}

} // namespace

Result<void> AotBreakpoints::add_site(NativeAddress site, Owner owner) {
    auto& owners = sites_[site];
    if (owners.empty()) {
        if (auto planted = target_.plant(site, {}); !planted) {
            sites_.erase(site);
            return planted;
        }
    }
    owners.insert(std::ranges::upper_bound(owners, owner, executed_before), std::move(owner));
    return {};
}

void AotBreakpoints::remove_site(NativeAddress site, CodeAddress owner) {
    const auto found = sites_.find(site);
    if (found == sites_.end()) {
        return;
    }
    std::erase_if(found->second, [owner](const Owner& each) { return each.address == owner; });
    if (found->second.empty()) {
        sites_.erase(found);
        [[maybe_unused]] const auto removed = target_.unplant(site); // it goes with its code
    }
}

Result<void> AotBreakpoints::plant(const AotInstance& instance, CodeAddress address,
                                   dwarf::BreakpointReach reach,
                                   std::vector<ReturnSite> return_sites) {
    const CodeModule& module = *instance.module;
    if (!module.info) {
        return fail(ErrorCode::Unsupported, module.name + " has no debug file");
    }
    if (const auto known = planted_.find(address); known != planted_.end()) {
        ++known->second.count;
        return {};
    }
    Planted planted{.count = 1, .sites = {}};
    const auto add = [&](NativeAddress site, std::vector<dwarf::WasmPosition> positions) {
        if (std::ranges::find(planted.sites, site) != planted.sites.end()) {
            return Result<void>{};
        }
        auto added = add_site(site, {.address = address, .positions = std::move(positions)});
        if (added) {
            planted.sites.push_back(site);
        }
        return added;
    };
    Result<void> done;
    for (ReturnSite& site : return_sites) {
        done = done ? add(site.site, std::move(site.positions)) : done;
    }
    for (dwarf::BreakpointSite& site : module.info->breakpoint(address.offset, reach).sites) {
        done = done ? add(module.native(site.at), std::move(site.positions)) : done;
    }
    if (!done || planted.sites.empty()) {
        for (const NativeAddress site : planted.sites) {
            remove_site(site, address);
        }
        return done ? fail(ErrorCode::NotFound, "nothing there became native code") : done;
    }
    planted_[address] = std::move(planted);
    return {};
}

Result<void> AotBreakpoints::unplant(CodeAddress address) {
    const auto known = planted_.find(address);
    if (known == planted_.end()) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this address");
    }
    if (--known->second.count == 0) {
        for (const NativeAddress site : known->second.sites) {
            remove_site(site, address);
        }
        planted_.erase(known);
    }
    return {};
}

void AotBreakpoints::forget_all() {
    planted_.clear();
    sites_.clear();
}

void AotBreakpoints::forget_module(const CodeModule& module) {
    std::erase_if(sites_,
                  [&](const auto& entry) { return module.code.range.contains(entry.first); });
    std::erase_if(planted_, [&](const auto& entry) {
        return std::ranges::any_of(entry.second.sites, [&](NativeAddress site) {
            return module.code.range.contains(site);
        });
    });
}

const AotBreakpoints::Owner* AotBreakpoints::first_owner(NativeAddress site,
                                                         InstanceId instance) const {
    const auto found = sites_.find(site);
    if (found == sites_.end()) {
        return nullptr;
    }
    const auto owner = std::ranges::find_if(
        found->second, [instance](const Owner& each) { return each.address.instance == instance; });
    return owner == found->second.end() ? nullptr : &*owner;
}

const AotBreakpoints::Owner* AotBreakpoints::owner_behind(NativeAddress site,
                                                          const Owner& owner) const {
    const auto found = sites_.find(site);
    if (found == sites_.end()) {
        return nullptr;
    }
    const auto next = std::ranges::find_if(found->second, [&owner](const Owner& each) {
        return each.address.instance == owner.address.instance && executed_before(owner, each);
    });
    return next == found->second.end() ? nullptr : &*next;
}

} // namespace wdbg::aot
