// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoints.h"

#include "next_mapped.h"

#include <algorithm>

namespace wdbg::aot {

Result<void> AotBreakpoints::add_site(NativeAddress site, CodeAddress owner) {
    auto& owners = sites_[site];
    if (owners.empty()) {
        if (auto planted = target_.plant(site, {}); !planted) {
            sites_.erase(site);
            return planted;
        }
    }
    owners.push_back(owner);
    return {};
}

void AotBreakpoints::remove_site(NativeAddress site, CodeAddress owner) {
    const auto found = sites_.find(site);
    if (found == sites_.end()) {
        return;
    }
    std::erase(found->second, owner);
    if (found->second.empty()) {
        sites_.erase(found);
        [[maybe_unused]] const auto removed = target_.unplant(site); // it goes with its code
    }
}

Result<void> AotBreakpoints::plant(const AotInstance& instance, CodeAddress address,
                                   std::vector<NativeAddress> return_sites) {
    const CodeModule& module = *instance.module;
    if (!module.info) {
        return fail(ErrorCode::Unsupported, module.name + " has no debug file");
    }
    if (const auto known = planted_.find(address); known != planted_.end()) {
        ++known->second.count;
        return {};
    }
    std::vector<NativeAddress> sites = std::move(return_sites);
    for (const dwarf::TextOffset offset : breakpoint_sites(module, address.offset)) {
        if (const NativeAddress site = module.native(offset);
            std::ranges::find(sites, site) == sites.end()) {
            sites.push_back(site);
        }
    }
    if (sites.empty()) {
        return fail(ErrorCode::NotFound, "nothing there became native code");
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        if (auto added = add_site(sites[i], address); !added) {
            for (const NativeAddress undo : std::span(sites).first(i)) {
                remove_site(undo, address);
            }
            return added;
        }
    }
    planted_[address] = {.count = 1, .sites = std::move(sites)};
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
    std::erase_if(sites_, [&](const auto& entry) {
        return module.code.range.contains(entry.first);
    });
    std::erase_if(planted_, [&](const auto& entry) {
        return std::ranges::any_of(entry.second.sites, [&](NativeAddress site) {
            return module.code.range.contains(site);
        });
    });
}

std::vector<CodeAddress> AotBreakpoints::requested(NativeAddress site, InstanceId instance) const {
    std::vector<CodeAddress> owners;
    if (const auto found = sites_.find(site); found != sites_.end()) {
        std::ranges::copy_if(found->second, std::back_inserter(owners), [&](CodeAddress owner) {
            return owner.instance == instance;
        });
    }
    std::ranges::sort(owners);
    const auto same = std::ranges::unique(owners);
    owners.erase(same.begin(), same.end());
    return owners;
}

} // namespace wdbg::aot
