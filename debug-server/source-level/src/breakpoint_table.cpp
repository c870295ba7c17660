// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoint_table.h"

#include <algorithm>
#include <tuple>

namespace wdbg::source {

namespace {

bool same_options(const BreakpointOptions& a, const BreakpointOptions& b) {
    return std::tie(a.condition, a.hit_condition, a.log_message) ==
           std::tie(b.condition, b.hit_condition, b.log_message);
}

bool looks_the_same(const BreakpointInfo& a, const BreakpointInfo& b) {
    return std::tie(a.verified, a.message, a.path, a.line, a.column, a.locations) ==
           std::tie(b.verified, b.message, b.path, b.line, b.column, b.locations);
}

/// How many characters two paths share at their ends.
std::size_t common_end(std::string_view a, std::string_view b) {
    std::size_t count = 0;
    while (count < a.size() && count < b.size() &&
           a[a.size() - 1 - count] == b[b.size() - 1 - count]) {
        ++count;
    }
    return count;
}

} // namespace

Breakpoint BreakpointTable::make(const BreakpointRequest& request,
                                 const BreakpointOptions& options) {
    Breakpoint breakpoint;
    breakpoint.info.id = BreakpointId{next_id_++};
    breakpoint.request = request;
    breakpoint.options = options;
    resolve(breakpoint);
    return breakpoint;
}

template <class InGroup>
std::vector<BreakpointInfo> BreakpointTable::replace(const Wanted& wanted, InGroup in_group) {
    modules_.refresh();
    std::vector<Breakpoint> kept;
    std::vector<Breakpoint> old;
    for (Breakpoint& breakpoint : breakpoints_) {
        (in_group(breakpoint.request) ? old : kept).push_back(std::move(breakpoint));
    }
    std::vector<BreakpointInfo> infos;
    for (const auto& [request, options] : wanted) {
        const auto same = std::ranges::find_if(old, [&](const Breakpoint& each) {
            return each.request == request && same_options(each.options, options);
        });
        if (same != old.end()) {
            kept.push_back(std::move(*same));
            old.erase(same);
        } else {
            kept.push_back(make(request, options));
        }
        infos.push_back(kept.back().info);
    }
    for (const Breakpoint& gone : old) {
        plant_difference(gone.info.locations, {});
        if (gone.native_told) { // a guest that has gone has no trap either
            const auto& native = std::get<InstructionRequest>(gone.request).native;
            [[maybe_unused]] const auto removed = debuggee_.native_code()->unplant_native(*native);
        }
    }
    breakpoints_ = std::move(kept);
    update_filters();
    return infos;
}

std::vector<BreakpointInfo>
BreakpointTable::set_lines(const std::string& path, std::span<const SourceBreakpointSpec> specs) {
    Wanted wanted;
    for (const SourceBreakpointSpec& spec : specs) {
        wanted.emplace_back(LineRequest{path, spec.line, spec.column}, spec.options);
    }
    return replace(wanted, [&](const BreakpointRequest& request) {
        const auto* line = std::get_if<LineRequest>(&request);
        return line != nullptr && line->path == path;
    });
}

std::vector<BreakpointInfo>
BreakpointTable::set_functions(std::span<const FunctionBreakpointSpec> specs) {
    Wanted wanted;
    for (const FunctionBreakpointSpec& spec : specs) {
        wanted.emplace_back(FunctionRequest{spec.name}, spec.options);
    }
    return replace(wanted, [](const BreakpointRequest& request) {
        return std::holds_alternative<FunctionRequest>(request);
    });
}

std::vector<BreakpointInfo>
BreakpointTable::set_instructions(std::span<const InstructionBreakpointSpec> specs) {
    Wanted wanted;
    for (const InstructionBreakpointSpec& spec : specs) {
        wanted.emplace_back(InstructionRequest{spec.address, spec.native}, spec.options);
    }
    return replace(wanted, [](const BreakpointRequest& request) {
        return std::holds_alternative<InstructionRequest>(request);
    });
}

std::vector<BreakpointInfo> BreakpointTable::resolve_all() {
    modules_.refresh();
    std::vector<BreakpointInfo> changed;
    for (Breakpoint& breakpoint : breakpoints_) {
        const BreakpointInfo before = breakpoint.info;
        resolve(breakpoint);
        if (!looks_the_same(before, breakpoint.info)) {
            changed.push_back(breakpoint.info);
        }
    }
    update_filters();
    return changed;
}

std::vector<Breakpoint*> BreakpointTable::at(CodeAddress address) {
    std::vector<Breakpoint*> found;
    for (Breakpoint& breakpoint : breakpoints_) {
        const auto& locations = breakpoint.info.locations;
        if (std::ranges::find(locations, address) != locations.end() ||
            breakpoint.native_told == address) {
            found.push_back(&breakpoint);
        }
    }
    return found;
}

void BreakpointTable::resolve(Breakpoint& breakpoint) {
    BreakpointInfo info;
    info.id = breakpoint.info.id;
    info.hits = breakpoint.passes;
    if (const auto* line = std::get_if<LineRequest>(&breakpoint.request)) {
        resolve_line(*line, info);
    } else if (const auto* function = std::get_if<FunctionRequest>(&breakpoint.request)) {
        resolve_function(*function, info);
    } else {
        const auto& instruction = std::get<InstructionRequest>(breakpoint.request);
        if (instruction.native) {
            resolve_native(breakpoint, *instruction.native, info);
        } else {
            resolve_instruction(instruction, info);
        }
    }
    const auto hit_condition = HitCondition::parse(breakpoint.options.hit_condition);
    if (hit_condition) {
        breakpoint.hit_condition = *hit_condition;
    } else {
        info.message = hit_condition.error().message;
    }
    plant_difference(breakpoint.info.locations, info.locations);
    info.verified = !info.locations.empty() || breakpoint.native_told;
    breakpoint.info = std::move(info);
    compile(breakpoint);
}

void BreakpointTable::add_location(BreakpointInfo& info, LoadedModule& module, CodeOffset offset,
                                   const dwarf::LineLocation* line) {
    const CodeAddress address{.instance = module.info().id, .offset = offset};
    if (std::ranges::find(info.locations, address) != info.locations.end()) {
        return;
    }
    info.locations.push_back(address);
    if (line != nullptr && info.locations.size() == 1) {
        info.path = modules_.local_path(*module.source(), line->file);
        info.line = line->line;
        info.column = line->column;
    }
}

void BreakpointTable::resolve_line(const LineRequest& request, BreakpointInfo& info) {
    struct Candidate {
        LoadedModule* module;
        dwarf::FileIndex file;
        std::size_t score;
    };

    const std::string wanted = modules_.paths().to_debug(request.path);
    std::vector<Candidate> candidates;
    std::string problem;
    for (LoadedModule* module : modules_.all()) {
        dwarf::SourceInfo* source = module->source();
        if (source == nullptr) {
            problem = module->problem();
            continue;
        }
        for (const dwarf::FileIndex file : source->find_files(wanted)) {
            candidates.push_back({module, file, common_end(wanted, source->files()[file].path)});
        }
    }
    const auto best = std::ranges::max_element(candidates, {}, &Candidate::score);
    for (const Candidate& each : candidates) {
        if (each.score < best->score) {
            continue;
        }
        for (const dwarf::LineLocation& location :
             each.module->source()->find_line(each.file, request.line, request.column)) {
            add_location(info, *each.module, location.offset, &location);
        }
    }
    const bool knows_file = !candidates.empty();
    if (info.locations.empty()) {
        info.message = knows_file        ? "no code on this line or behind it"
                       : problem.empty() ? "no module that is loaded was made from this file"
                                         : problem;
    }
}

void BreakpointTable::resolve_function(const FunctionRequest& request, BreakpointInfo& info) {
    for (LoadedModule* module : modules_.all()) {
        if (dwarf::SourceInfo* source = module->source()) {
            for (const dwarf::FunctionInfo& function : source->find_functions(request.name)) {
                dwarf::LineLocation line;
                if (const auto row = source->row_at(function.entry_offset)) {
                    line = {.offset = function.entry_offset,
                            .file = row->file,
                            .line = row->line,
                            .column = row->column};
                }
                add_location(info, *module, function.entry_offset, &line);
            }
        }
        const wasm::Module* wasm = module->wasm();
        if (wasm == nullptr || !info.locations.empty()) {
            continue;
        }
        for (const wasm::FunctionBody& body : wasm->bodies()) { // without debug information
            if (wasm->function_name(body.index) == request.name) {
                add_location(info, *module, body.first_instruction, nullptr);
            }
        }
    }
    if (info.locations.empty()) {
        info.message = "no function " + request.name + " in the modules that are loaded";
    }
}

void BreakpointTable::resolve_instruction(const InstructionRequest& request, BreakpointInfo& info) {
    LoadedModule* module = modules_.find(request.address.instance);
    if (module == nullptr || !module->body_at(request.address.offset)) {
        info.message = "no code at this address";
        return;
    }
    dwarf::LineLocation line;
    dwarf::SourceInfo* source = module->source();
    if (source != nullptr) {
        if (const auto row = source->row_at(request.address.offset)) {
            line = {.file = row->file, .line = row->line, .column = row->column};
        }
    }
    add_location(info, *module, request.address.offset, source == nullptr ? nullptr : &line);
}

/// It has no locations: those would be planted as wasm instructions.
void BreakpointTable::resolve_native(Breakpoint& breakpoint, NativeAddress native,
                                     BreakpointInfo& info) {
    NativeCodeSupport* const support = debuggee_.native_code();
    if (support == nullptr) {
        info.message = "the guest does not run native code";
        return;
    }
    if (!breakpoint.native_told) {
        const auto told = support->plant_native(native);
        if (!told) {
            info.message = told.error().message;
            return;
        }
        breakpoint.native_told = *told;
    }
    LoadedModule* const module = modules_.find(breakpoint.native_told->instance);
    dwarf::SourceInfo* const source = module != nullptr ? module->source() : nullptr;
    const auto row =
        source != nullptr ? source->row_at(breakpoint.native_told->offset) : std::nullopt;
    if (row) {
        info.path = modules_.local_path(*source, row->file);
        info.line = row->line;
        info.column = row->column;
    }
}

void BreakpointTable::plant_difference(const std::vector<CodeAddress>& before,
                                       const std::vector<CodeAddress>& after) {
    for (const CodeAddress& address : after) {
        if (std::ranges::find(before, address) == before.end() && ++planted_[address] == 1) {
            // It cannot fail: a location always is in a function.
            [[maybe_unused]] const auto planted = debuggee_.plant(address);
        }
    }
    for (const CodeAddress& address : before) {
        const auto found = planted_.find(address);
        if (std::ranges::find(after, address) == after.end() && found != planted_.end() &&
            --found->second == 0) {
            planted_.erase(found);
            filters_.erase(address); // it goes with the trap
            // A guest that has gone has no trap either.
            [[maybe_unused]] const auto removed = debuggee_.unplant(address);
        }
    }
}

} // namespace wdbg::source
