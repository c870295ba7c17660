// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "site_table.h"

#include <algorithm>
#include <thread>

namespace wdbg::native {

Result<void> SiteTable::read(std::uint64_t address, std::span<std::byte> into) const {
    if (const auto done = patch_.read(address, into); !done) {
        return done;
    }
    const std::uint64_t end = address + into.size();
    tables_.each_site(address - (jump_size - 1), end, [&](const Site& site) {
        const std::size_t changed = site.has_jump ? jump_size : site.planted ? 1 : 0;
        for (std::size_t i = 0; i < changed; ++i) {
            if (site.address + i >= address && site.address + i < end) {
                into[site.address + i - address] = site.original.at(i);
            }
        }
    });
    return {};
}

/// Decodes the instruction and writes its slot. Nobody sees the site yet.
Result<void> SiteTable::prepare(Site& site) {
    const CodeRange* range = tables_.range_at(site.address);
    std::array<std::byte, longest_instruction> buffer{};
    const std::uint64_t left = range->range.end.value - site.address;
    const auto code = std::span(buffer).first(std::min<std::uint64_t>(left, buffer.size()));
    if (const auto done = read(site.address, code); !done) {
        return done;
    }
    const auto decoded = decoder_.decode(code, {site.address});
    if (!decoded) {
        return std::unexpected(decoded.error());
    }
    if (code[0] == trap_byte) {
        return fail(ErrorCode::Unsupported, "the code has a trap of its own here");
    }
    const auto slot = build_slot(code, *decoded, site.address, site.slot);
    if (!slot) {
        return std::unexpected(slot.error());
    }
    std::ranges::copy(code.first(std::min<std::size_t>(decoded->length, jump_size)),
                      site.original.begin());
    site.layout = *slot;
    SlotArena& arena = *tables_.arena_of(site);
    arena.write(site.slot, std::span(slot->code).first(slot->size));
    arena.write(site.slot + stop_offset, std::span(&trap_byte, 1));
    return {};
}

Result<Site*> SiteTable::find_or_make(std::uint64_t address) {
    if (Site* site = tables_.site_at(address)) {
        return site;
    }
    auto site = tables_.make_site(address);
    if (!site) {
        return site;
    }
    if (const auto done = prepare(**site); !done) {
        tables_.discard(**site);
        return std::unexpected(done.error());
    }
    tables_.publish(**site);
    return site;
}

Result<void> SiteTable::set_trap(Site& site) {
    uncover(site.address);
    if (site.planted) {
        stop_jump(site);
        return {};
    }
    const auto done = patch_.write(site.address, std::span(&trap_byte, 1));
    site.planted = done.has_value();
    return done;
}

void SiteTable::clear_trap(Site& site) {
    if (site.planted && !site.active.load() && site.step_users == 0) {
        drop_probe(site);
        const auto done = patch_.write(site.address, std::span(site.original).first(1));
        site.planted = !done.has_value();
    }
}

/// Waits until no handler is between its look at `active` and the end of the filter's call.
void SiteTable::deactivate(Site& site) {
    site.active.store(false);
    while (site.readers.load() != 0) {
        std::this_thread::yield();
    }
}

Result<void> SiteTable::plant_one(NativeAddress address, HitFilter filter) {
    const auto site = find_or_make(address.value);
    if (!site) {
        return std::unexpected(site.error());
    }
    if ((*site)->active.load()) {
        return fail(ErrorCode::Busy, "there is a breakpoint already");
    }
    (*site)->accept.store(filter.accept);
    (*site)->accept_data.store(filter.data);
    (*site)->probed.store(filter.probed);
    (*site)->active.store(true);
    const auto done = set_trap(**site);
    if (!done) {
        deactivate(**site);
    }
    return done;
}

Result<void> SiteTable::plant(std::span<const NativeAddress> addresses, HitFilter filter) {
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        const auto done = plant_one(addresses[i], filter);
        if (!done) {
            for (const NativeAddress address : addresses.first(i)) {
                [[maybe_unused]] const auto undone = unplant(address);
            }
            return done;
        }
    }
    patch_.synchronize();
    return {};
}

Result<void> SiteTable::unplant(NativeAddress address) {
    Site* site = tables_.site_at(address.value);
    if (site == nullptr || !site->active.load()) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this address");
    }
    deactivate(*site);
    drop_probe(*site);
    clear_trap(*site);
    patch_.synchronize();
    return {};
}

void SiteTable::unplant_all(std::uint64_t begin, std::uint64_t end) {
    tables_.each_site(begin, end, [this](Site& site) {
        deactivate(site);
        site.step_users = 0;
        drop_probe(site);
        clear_trap(site);
    });
    patch_.synchronize();
}

Result<void> SiteTable::add_step_user(std::uint64_t address) {
    const auto site = find_or_make(address);
    if (!site) {
        return std::unexpected(site.error());
    }
    const auto done = set_trap(**site);
    if (done) {
        ++(*site)->step_users;
    }
    return done;
}

Result<void> SiteTable::plant_exits(const StepPlan& plan) {
    for (std::size_t i = 0; i < plan.exits.size(); ++i) {
        if (const auto done = add_step_user(plan.exits[i].address); !done) {
            StepPlan undo;
            undo.exits.assign(plan.exits.begin(),
                              plan.exits.begin() + static_cast<std::ptrdiff_t>(i));
            unplant_exits(undo);
            return done;
        }
    }
    if (!plan.exits.empty()) {
        patch_.synchronize();
    }
    return {};
}

void SiteTable::unplant_exits(const StepPlan& plan) {
    for (const StepExit& exit : plan.exits) {
        Site* site = tables_.site_at(exit.address);
        if (site != nullptr && site->step_users > 0) {
            --site->step_users;
            clear_trap(*site);
            if (!is_wide(*site)) {
                start_jump(*site);
            }
        }
    }
    if (!plan.exits.empty()) {
        patch_.synchronize();
    }
}

} // namespace wdbg::native
