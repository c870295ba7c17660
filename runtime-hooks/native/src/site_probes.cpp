// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "site_table.h"

#include <algorithm>

namespace wdbg::native {

// SiteTable's probes: jumps in the place of traps.
//
//     trap ──start_jump()──► jump ──stop_jump()──► trap        (the first byte)
//     set_probe() has the bytes behind it in place before, drop_probe() puts them back afterwards
//
// The first byte is a trap whenever the others change, so that nobody executes a mixture. Where the
// jump is not longer than the instruction, nobody can stand in its middle. Else it is *wide*: it
// comes when all threads stand still, none of them in its middle, and the others' way there does
// not lead through it; its bytes go back whenever the trap comes, for the slot leads into them.

bool SiteTable::may_jump(const Site& site) const {
    return probes_allowed_ && site.probe != 0 && site.planted && site.active.load() &&
           site.step_users == 0;
}

/// Of a wide jump: may_cover().
void SiteTable::start_jump(Site& site) {
    const auto jump = jump_code(site.address, site.probe);
    if (site.jumps || !may_jump(site) || !jump) {
        return;
    }
    if (is_wide(site)) {
        write_window(site);
        site.pass.store(site.window.load());
    }
    if (!site.has_jump) {
        if (!patch_.write(site.address + 1, std::span(*jump).subspan(1))) {
            return;
        }
        site.has_jump = true;
        patch_.synchronize();
    }
    site.jumps = patch_.write(site.address, std::span(*jump).first(1)).has_value();
}

void SiteTable::stop_jump(Site& site) {
    if (site.jumps) {
        site.jumps = !patch_.write(site.address, std::span(&trap_byte, 1)).has_value();
    }
    if (is_wide(site) && site.has_jump && !site.jumps) {
        put_back(site);
    }
}

/// The bytes behind the trap.
void SiteTable::put_back(Site& site) {
    patch_.synchronize();
    if (site.has_jump) {
        site.has_jump =
            !patch_.write(site.address + 1, std::span(site.original).subspan(1)).has_value();
        patch_.synchronize();
    }
    if (!site.has_jump) {
        site.pass.store(site.slot);
    }
}

/// Stops the wide jumps that cover `address` behind their beginning. Who is in their probes and
/// windows meets a trap there as well.
void SiteTable::uncover(std::uint64_t address) {
    tables_.each_site(address - (jump_size - 1), address, [this, address](Site& site) {
        if (!is_wide(site)) {
            return;
        }
        stop_jump(site);
        for (const SlotPoint& point : points_of(site.window_layout)) {
            if (point.original == address) {
                tables_.arena_of(site)->write(site.window.load() + point.offset,
                                              std::span(&trap_byte, 1));
            }
        }
    });
}

bool SiteTable::may_cover(const Site& site, std::span<const ParkedPlace> parked) const {
    const auto is_covered = [&site](std::uint64_t address) {
        return site.address < address && address < site.address + jump_size;
    };
    const bool somebody = std::ranges::any_of(parked, [&](const ParkedPlace& place) {
        const bool stays_in_window = site.jumps && is_in_window(site, place.pc);
        return is_covered(place.original) && !stays_in_window;
    });
    bool planted = false;
    tables_.each_site(site.address + 1, site.address + jump_size,
                      [&planted](const Site& other) { planted = planted || other.planted; });
    return !somebody && !planted;
}

Result<void> SiteTable::check_nobody_enters(const Site& site,
                                            const ProbeSurroundings& surroundings) const {
    const auto& [begin, end] = surroundings.function;
    const auto is_covered = [&site](NativeAddress address) {
        return site.address < address.value && address.value < site.address + jump_size;
    };
    if (site.address < begin.value || site.address >= end.value) {
        return fail(ErrorCode::Unsupported, "the instruction is shorter than a jump");
    }
    if (std::ranges::any_of(surroundings.jump_targets, is_covered)) {
        return fail(ErrorCode::Unsupported, "somebody jumps to where the jump would be");
    }
    std::vector<std::byte> code(end.value - begin.value);
    if (const auto done = read(begin.value, code); !done) {
        return done;
    }
    bool begins_here = false;
    for (std::span<const std::byte> rest = code; !rest.empty();) {
        const NativeAddress at{end.value - rest.size()};
        begins_here = begins_here || at.value == site.address;
        const auto decoded = decoder_.decode(rest, at);
        if (!decoded) {
            return std::unexpected(decoded.error());
        }
        if (is_covered(decoded->target) || is_covered(pc_operand(rest, *decoded, at))) {
            return fail(ErrorCode::Unsupported, "somebody jumps to where the jump would be");
        }
        rest = rest.subspan(decoded->length);
    }
    return begins_here ? Result<void>()
                       : fail(ErrorCode::Unsupported, "no instruction of the function begins here");
}

Result<void> SiteTable::make_window(Site& site, const ProbeSurroundings& surroundings) {
    if (is_wide(site)) {
        return {};
    }
    if (const auto done = check_nobody_enters(site, surroundings); !done) {
        return done;
    }
    std::array<std::byte, jump_size - 1 + longest_instruction> buffer{};
    const auto code = std::span(buffer).first(
        std::min<std::uint64_t>(surroundings.function.end.value - site.address, buffer.size()));
    if (const auto done = read(site.address, code); !done) {
        return done;
    }
    const std::uint64_t place = tables_.make_window(site);
    if (place == 0) {
        return fail(ErrorCode::Unsupported, "there is no room for a probe");
    }
    const auto window = build_window(code, jump_size, decoder_, site.address, place);
    if (!window) {
        tables_.arena_of(site)->release(place);
        return std::unexpected(window.error());
    }
    std::ranges::copy(code.first(jump_size), site.original.begin());
    site.window_layout = *window;
    site.window.store(place);
    write_window(site);
    return {};
}

void SiteTable::write_window(Site& site) {
    tables_.arena_of(site)->write(
        site.window.load(), std::span(site.window_layout.code).first(site.window_layout.size));
}

void SiteTable::drop_probe(Site& site) {
    if (site.probe == 0) {
        return;
    }
    stop_jump(site);
    put_back(site);
    old_probes_.push_back(
        {.arena = tables_.arena_of(site), .begin = site.probe, .size = site.probe_size});
    site.probe = 0;
    std::erase(probed_, &site);
}

Result<void> SiteTable::set_probe(NativeAddress address, std::span<const std::byte> body,
                                  const ProbeSurroundings& surroundings) {
    Site* const site = tables_.site_at(address.value);
    if (site == nullptr || !site->active.load()) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this address");
    }
    drop_probe(*site);
    if (body.empty()) {
        return {};
    }
    if (site->layout.size > stop_offset) {
        return fail(ErrorCode::Unsupported, "the instruction has no room for a probe");
    }
    if (site->layout.length < jump_size) {
        if (const auto done = make_window(*site, surroundings); !done) {
            return done;
        }
    }
    SlotArena& arena = *tables_.arena_of(*site);
    ProbePlaces places{.code = site->slot,
                       .hits = reinterpret_cast<std::uint64_t>(&site->hits),
                       .pass = is_wide(*site) ? site->window.load() : site->slot,
                       .stop = site->slot + stop_offset};
    const auto draft = build_probe(places, body); // to learn its size
    const auto place = draft ? arena.take_piece(draft->size()) : std::nullopt;
    if (!place) {
        return fail(ErrorCode::Unsupported, "there is no room for a probe");
    }
    places.code = *place;
    const auto probe = build_probe(places, body);
    arena.write(*place, *probe); // all places of an arena are near each other
    site->probe = *place;
    site->probe_size = probe->size();
    probed_.push_back(site);
    if (!is_wide(*site)) {
        start_jump(*site);
        patch_.synchronize();
    }
    return {};
}

void SiteTable::start_probes(std::span<const ParkedPlace> parked) {
    probes_allowed_ = true;
    for (Site* const site : probed_) {
        if (may_jump(*site) && (!is_wide(*site) || may_cover(*site, parked))) {
            start_jump(*site);
        } else {
            stop_jump(*site);
        }
    }
    if (!probed_.empty()) {
        patch_.synchronize();
    }
}

void SiteTable::stop_probes() {
    probes_allowed_ = false;
    std::ranges::for_each(probed_, [this](Site* site) { stop_jump(*site); });
    if (!probed_.empty()) {
        patch_.synchronize();
    }
}

void SiteTable::release_old_probes() {
    for (const OldProbe& old : old_probes_) {
        old.arena->release_piece(old.begin, old.size);
    }
    old_probes_.clear();
}

} // namespace wdbg::native
