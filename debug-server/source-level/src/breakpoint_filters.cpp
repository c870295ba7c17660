// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Conditions and hit counts that are decided where a breakpoint is hit (ConditionSupport).
#include "breakpoint_table.h"
#include "condition_compiler.h"

#include <algorithm>

namespace wdbg::source {

namespace {

/// The variable that counts the hits of a breakpoint. There are none for those with large numbers.
std::uint16_t counter_of(const Breakpoint& breakpoint) {
    return static_cast<std::uint16_t>(
        std::min<std::uint32_t>(breakpoint.info.id.value, agent::variable_limit));
}

} // namespace

void BreakpointTable::compile(Breakpoint& breakpoint) {
    breakpoint.programs.clear();
    if (debuggee_.conditions() == nullptr || !breakpoint.conditional()) {
        return;
    }
    for (const CodeAddress& address : breakpoint.info.locations) {
        LoadedModule* module = modules_.find(address.instance);
        auto program =
            module == nullptr
                ? Result<std::vector<std::uint8_t>>(fail(ErrorCode::NotFound, ""))
                : compile_condition(*module, address.offset, breakpoint.options.condition,
                                    breakpoint.hit_condition, counter_of(breakpoint));
        if (!program) { // all of them or none: they share a count
            breakpoint.programs.clear();
            return;
        }
        breakpoint.programs.emplace(address, std::move(*program));
    }
}

std::vector<std::vector<std::uint8_t>> BreakpointTable::filter_for(CodeAddress address) {
    std::vector<std::vector<std::uint8_t>> filter;
    for (const Breakpoint* breakpoint : at(address)) {
        const auto program = breakpoint->programs.find(address);
        if (program == breakpoint->programs.end()) {
            return {};
        }
        filter.push_back(program->second);
    }
    return filter;
}

void BreakpointTable::update_filters() {
    ConditionSupport* support = debuggee_.conditions();
    if (support == nullptr) {
        return;
    }
    for (const auto& [address, owners] : planted_) {
        auto filter = filter_for(address);
        const auto present = filters_.find(address);
        const bool had_one = present != filters_.end();
        const bool suspended = had_one && present->second.empty() && !filter.empty();
        if (suspended || (had_one ? present->second == filter : filter.empty())) {
            continue;
        }
        for (Breakpoint* breakpoint : at(address)) {
            if (!filter.empty() && !breakpoint->hit_condition.always()) {
                [[maybe_unused]] const auto set = support->set_condition_variable(
                    counter_of(*breakpoint), static_cast<std::int64_t>(breakpoint->passes));
            }
        }
        const bool set = support->set_conditions(address, filter).has_value();
        filters_.erase(address);
        if (set && !filter.empty()) {
            filters_.emplace(address, std::move(filter));
        }
    }
}

std::uint64_t BreakpointTable::count_pass(Breakpoint& breakpoint, CodeAddress address) {
    ConditionSupport* support = debuggee_.conditions();
    const auto filter = filters_.find(address);
    const bool counted = filter != filters_.end() && !breakpoint.hit_condition.always();
    if (support == nullptr || !counted) {
        return ++breakpoint.passes;
    }
    const std::uint16_t counter = counter_of(breakpoint);
    if (const auto count = support->condition_variable(counter)) {
        breakpoint.passes = static_cast<std::uint64_t>(*count);
    }
    if (filter->second.empty()) { // suspended: this hit has not been counted there
        ++breakpoint.passes;
        [[maybe_unused]] const auto set =
            support->set_condition_variable(counter, static_cast<std::int64_t>(breakpoint.passes));
    }
    return breakpoint.passes;
}

void BreakpointTable::suspend_filter(CodeAddress address) {
    const auto filter = filters_.find(address);
    if (filter != filters_.end() && debuggee_.conditions()->set_conditions(address, {})) {
        filter->second.clear();
    }
}

void BreakpointTable::resume_filter(CodeAddress address) {
    const auto filter = filters_.find(address);
    if (filter == filters_.end() || !filter->second.empty()) {
        return;
    }
    filters_.erase(filter);
    update_filters();
}

} // namespace wdbg::source
