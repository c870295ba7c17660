// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoints.h"

#include "condition_code.h"

#include <algorithm>
#include <tuple>

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

/// Of two for the same instruction, the one with its own address comes before one that stands for
/// it (in the function's header), in whatever order they were set.
bool told_before(const AotBreakpoints::Owner& left, const AotBreakpoints::Owner& right) {
    const auto key = [](const AotBreakpoints::Owner& owner) {
        const bool own =
            owner.positions.empty() || owner.positions.front().offset == owner.address.offset;
        return std::tuple(path_of(owner), !own, owner.address);
    };
    return key(left) < key(right);
}

} // namespace

AotBreakpoints::~AotBreakpoints() {
    unplant_all();
}

void AotBreakpoints::unplant_all() {
    for (const auto& [address, site] : sites_) {
        [[maybe_unused]] const auto removed = target_.unplant(address); // its code may be gone
    }
    forget_all();
}

Result<void> AotBreakpoints::add_site(NativeAddress address, Owner owner) {
    Site& site = sites_[address];
    if (site.owners.empty()) {
        site.filter = std::make_unique<SiteFilter>(variables_);
        if (auto planted = target_.plant(address, site.filter->filter()); !planted) {
            sites_.erase(address);
            return planted;
        }
    }
    site.owners.insert(std::ranges::upper_bound(site.owners, owner, told_before), std::move(owner));
    update_filter(address, site);
    return {};
}

void AotBreakpoints::remove_site(NativeAddress address, CodeAddress owner, bool native) {
    const auto found = sites_.find(address);
    if (found == sites_.end()) {
        return;
    }
    Site& site = found->second;
    std::erase_if(site.owners, [owner, native](const Owner& each) {
        return each.address == owner && each.native == native;
    });
    if (!native) {
        site.rules.erase(owner);
    }
    update_filter(address, site);
    if (site.owners.empty()) {
        [[maybe_unused]] const auto removed = target_.unplant(address); // it goes with its code
        sites_.erase(found);
    }
}

/// Rules for all owners as soon as one has some.
void AotBreakpoints::update_filter(NativeAddress address, Site& site) {
    // The filter decides while its rules change, and where the site has no room for more.
    [[maybe_unused]] const auto removed = target_.set_probe(address, {});
    std::vector<HitRule> rules;
    for (const Owner& owner : site.owners) {
        const auto rule = site.rules.find(owner.address);
        rules.push_back(rule != site.rules.end() && !owner.native
                            ? rule->second
                            : HitRule{.address = owner.address, .instance = {}});
    }
    if (site.rules.empty()) {
        rules.clear();
    }
    const bool is_x86 = target_.machine() == Machine::X86_64;
    const auto code =
        is_x86 && rules.size() == 1 ? condition_code(rules.front(), variables_) : std::nullopt;
    site.filter->set_rules(std::move(rules));
    if (code) {
        set_probe(address, site, *code);
    }
}

void AotBreakpoints::set_probe(NativeAddress address, const Site& site,
                               std::span<const std::byte> code) {
    ProbeSurroundings around;
    std::vector<NativeAddress> targets;
    const CodeModule* const module = site.module;
    const auto offset = module != nullptr ? module->text_offset(address) : std::nullopt;
    const auto function = offset ? module->function_around(*offset) : std::nullopt;
    if (function && module->jump_targets) {
        for (const std::uint64_t target : *module->jump_targets) {
            targets.push_back({module->code.range.begin.value + target});
        }
        around = {.function = {.begin = module->native(function->begin),
                               .end = module->native(function->end)},
                  .jump_targets = targets};
    }
    [[maybe_unused]] const auto set = target_.set_probe(address, code, around);
}

/// Of the innermost function.
dwarf::ValuesAhead AotBreakpoints::ahead_at(NativeAddress site, CodeAddress address) const {
    const auto& owners = sites_.at(site).owners;
    const auto owner = std::ranges::find(owners, address, &Owner::address);
    return owner == owners.end() || owner->ahead.empty() ? dwarf::ValuesAhead{}
                                                         : owner->ahead.front();
}

Result<void> AotBreakpoints::set_conditions(const AotInstance& instance, CodeAddress address,
                                            const std::vector<agent::Program>& any_of,
                                            const std::vector<InstanceMark>& others) {
    const auto known = planted_.find(address);
    if (known == planted_.end()) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this address");
    }
    const CodeModule& module = *instance.module;
    const wasm::FunctionBody* const body =
        module.wasm ? module.wasm->function_containing(address.offset) : nullptr;
    std::vector<HitRule> rules;
    for (const NativeAddress site : known->second.sites) {
        const auto offset = module.text_offset(site);
        if (any_of.empty() || body == nullptr || !offset) {
            break;
        }
        auto rule = with_places({.address = address,
                                 .instance = instance.mark(),
                                 .others = others,
                                 .conditions = any_of},
                                module, *offset, body->index, ahead_at(site, address));
        if (!rule) {
            return std::unexpected(rule.error());
        }
        rules.push_back(std::move(*rule));
    }
    if (!any_of.empty() && rules.size() != known->second.sites.size()) {
        return fail(ErrorCode::Unsupported, "the .wasm is needed for conditions at the hit");
    }
    for (std::size_t i = 0; i < known->second.sites.size(); ++i) {
        const NativeAddress at = known->second.sites[i];
        Site& site = sites_.at(at);
        site.rules.erase(address);
        if (!any_of.empty()) {
            site.rules.emplace(address, std::move(rules[i]));
        }
        update_filter(at, site);
    }
    tell_instance_at_hits(instance, address, others);
    return {};
}

Result<void> AotBreakpoints::plant(const AotInstance& instance, CodeAddress address,
                                   const dwarf::BreakpointSeeker& seeker,
                                   std::vector<ReturnSite> return_sites,
                                   const std::vector<InstanceMark>& others) {
    const CodeModule& module = *instance.module;
    if (!module.info) {
        return fail(ErrorCode::Unsupported, module.name + " has no debug file");
    }
    if (const auto known = planted_.find(address); known != planted_.end()) {
        ++known->second.count;
        return {};
    }
    Planted planted{.count = 1, .sites = {}};
    const auto add = [&](NativeAddress site, std::vector<dwarf::WasmPosition> positions,
                         std::vector<dwarf::ValuesAhead> ahead) {
        if (std::ranges::find(planted.sites, site) != planted.sites.end()) {
            return Result<void>{};
        }
        auto added = add_site(
            site,
            {.address = address, .positions = std::move(positions), .ahead = std::move(ahead)});
        if (added) {
            planted.sites.push_back(site);
            sites_.at(site).module = &module;
        }
        return added;
    };
    Result<void> done;
    for (ReturnSite& site : return_sites) {
        done = done ? add(site.site, std::move(site.positions), {}) : done;
    }
    for (dwarf::BreakpointSite& site : module.info->breakpoint(address.offset, seeker).sites) {
        done = done ? add(module.native(site.at), std::move(site.positions), std::move(site.ahead))
                    : done;
    }
    if (!done || planted.sites.empty()) {
        for (const NativeAddress site : planted.sites) {
            remove_site(site, address);
        }
        return done ? fail(ErrorCode::NotFound, module.why_missing(address.offset)) : done;
    }
    planted_[address] = std::move(planted);
    tell_instance_at_hits(instance, address, others);
    return {};
}

/// By rules without conditions where there are none yet; where there can be none, the event loop
/// decides.
void AotBreakpoints::tell_instance_at_hits(const AotInstance& instance, CodeAddress address,
                                           const std::vector<InstanceMark>& others) {
    const CodeModule& module = *instance.module;
    const wasm::FunctionBody* const body =
        module.wasm ? module.wasm->function_containing(address.offset) : nullptr;
    for (const NativeAddress at : planted_.at(address).sites) {
        const auto offset = module.text_offset(at);
        Site& site = sites_.at(at);
        if (others.empty() || body == nullptr || !offset || site.rules.contains(address)) {
            continue;
        }
        auto rule = with_places({.address = address, .instance = instance.mark(), .others = others},
                                module, *offset, body->index, ahead_at(at, address));
        if (rule && rule->exec_env) {
            site.rules.emplace(address, std::move(*rule));
            update_filter(at, site);
        }
    }
}

void AotBreakpoints::instances_changed(const AotInstances& instances) {
    for (const auto& [address, planted] : planted_) {
        const AotInstance* const instance = instances.find(address.instance);
        if (instance == nullptr) {
            continue;
        }
        const std::vector<InstanceMark> others = instances.others_of(*instance);
        for (const NativeAddress at : planted.sites) {
            Site& site = sites_.at(at);
            if (const auto rule = site.rules.find(address); rule != site.rules.end()) {
                rule->second.instance = instance->mark();
                rule->second.others = others;
                update_filter(at, site);
            }
        }
        tell_instance_at_hits(*instance, address, others);
    }
}

Result<void> AotBreakpoints::unplant(CodeAddress address) {
    if (const auto later = put_by_.find(address); later != put_by_.end()) {
        if (--later->second == 0) {
            put_by_.erase(later);
        }
        return {};
    }
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

Result<void> AotBreakpoints::plant_native(NativeAddress site, Owner owner) {
    owner.native = true;
    std::uint32_t& count = planted_native_[site];
    if (count == 0) {
        if (auto added = add_site(site, std::move(owner)); !added) {
            planted_native_.erase(site);
            return added;
        }
    }
    ++count;
    return {};
}

Result<void> AotBreakpoints::unplant_native(NativeAddress site) {
    const auto known = planted_native_.find(site);
    if (known == planted_native_.end()) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this native address");
    }
    if (--known->second == 0) {
        planted_native_.erase(known);
        const auto& owners = sites_.at(site).owners;
        const auto owner = std::ranges::find_if(owners, &Owner::native);
        remove_site(site, owner->address, true);
    }
    return {};
}

void AotBreakpoints::forget_all() {
    planted_.clear();
    put_by_.clear();
    planted_native_.clear();
    sites_.clear();
}

void AotBreakpoints::forget_module(const CodeModule& module) {
    std::erase_if(sites_,
                  [&](const auto& entry) { return module.code.range.contains(entry.first); });
    std::erase_if(planted_native_,
                  [&](const auto& entry) { return module.code.range.contains(entry.first); });
    std::erase_if(planted_, [&](const auto& entry) {
        return std::ranges::any_of(entry.second.sites, [&](NativeAddress site) {
            return module.code.range.contains(site);
        });
    });
}

void AotBreakpoints::forget_instance(InstanceId id) {
    for (auto entry = planted_.begin(); entry != planted_.end();) {
        const auto& [address, planted] = *entry;
        if (address.instance != id) {
            ++entry;
            continue;
        }
        for (const NativeAddress site : planted.sites) {
            remove_site(site, address);
        }
        entry = planted_.erase(entry);
    }
}

void AotBreakpoints::put_by(const CodeModule& module) {
    for (const auto& [address, planted] : planted_) {
        if (!planted.sites.empty() && module.code.range.contains(planted.sites.front())) {
            put_by_[address] += planted.count;
        }
    }
    forget_module(module);
}

std::vector<CodeAddress> AotBreakpoints::plant_again(const AotInstance& instance) {
    std::vector<CodeAddress> failed;
    for (auto entry = put_by_.begin(); entry != put_by_.end();) {
        const auto [address, count] = *entry;
        if (address.instance != instance.id) {
            ++entry;
            continue;
        }
        entry = put_by_.erase(entry);
        if (plant(instance, address, {}, {}, {})) {
            planted_.at(address).count = count;
        } else {
            failed.push_back(address);
        }
    }
    return failed;
}

const AotBreakpoints::Owner* AotBreakpoints::first_owner(NativeAddress site,
                                                         InstanceId instance) const {
    const auto found = sites_.find(site);
    if (found == sites_.end()) {
        return nullptr;
    }
    const std::vector<Owner>& owners = found->second.owners;
    const auto accepted = found->second.filter->last_accepted();
    const auto chosen =
        accepted ? std::ranges::find(owners, *accepted, &Owner::address) : owners.end();
    const auto belongs = [instance](const Owner& each) {
        return each.native || each.address.instance == instance;
    };
    if (chosen != owners.end() && belongs(*chosen)) {
        return &*chosen;
    }
    const auto owner = std::ranges::find_if(owners, belongs);
    return owner == owners.end() ? nullptr : &*owner;
}

bool AotBreakpoints::decides_at(NativeAddress site) const {
    const auto found = sites_.find(site);
    return found != sites_.end() && !found->second.rules.empty();
}

template <typename Test>
const AotBreakpoints::Owner* AotBreakpoints::find_owner(NativeAddress site, InstanceId instance,
                                                        const Test& test) const {
    const auto found = sites_.find(site);
    if (found == sites_.end()) {
        return nullptr;
    }
    const std::vector<Owner>& owners = found->second.owners;
    const auto next = std::ranges::find_if(owners, [&test, instance](const Owner& each) {
        return (each.native || each.address.instance == instance) && test(each);
    });
    return next == owners.end() ? nullptr : &*next;
}

const AotBreakpoints::Owner* AotBreakpoints::owner_from(NativeAddress site, const Owner& owner,
                                                        InstanceId instance) const {
    return find_owner(site, instance,
                      [&owner](const Owner& each) { return !executed_before(each, owner); });
}

const AotBreakpoints::Owner* AotBreakpoints::owner_behind(NativeAddress site, const Owner& owner,
                                                          InstanceId instance) const {
    return find_owner(site, instance,
                      [&owner](const Owner& each) { return executed_before(owner, each); });
}

} // namespace wdbg::aot
