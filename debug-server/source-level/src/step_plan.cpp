// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "step_plan.h"

#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <string_view>

namespace wdbg::source {

namespace {

/// More functions than these are not all given a trap to step through code without lines.
constexpr std::size_t max_through_traps = 20'000;

bool is_call_mnemonic(std::string_view name) {
    return name == "call" || name == "call_indirect" || name == "call_ref" ||
           name == "return_call" || name == "return_call_indirect" || name == "return_call_ref";
}

/// Instructions that a branch may pass over when it goes to the begin of a line.
bool is_structure(std::string_view name) {
    return name == "block" || name == "loop" || name == "end" || name == "else" || name == "nop" ||
           name == "try_table";
}

std::optional<wasm::Instruction> decode_at(LoadedModule& module, CodeOffset offset) {
    const auto body = module.body_at(offset);
    if (!body) {
        return std::nullopt;
    }
    auto decoded = wasm::decode(module.code().first(body->end.value), offset);
    return decoded ? std::optional(*decoded) : std::nullopt;
}

/// The first instruction at or behind an offset that may lie in a function's header.
CodeOffset first_instruction(LoadedModule& module, CodeOffset offset) {
    const wasm::Module* wasm = module.wasm();
    const auto resolved =
        wasm == nullptr ? Result<CodeOffset>(offset) : wasm->resolve_breakpoint(offset);
    return resolved ? *resolved : offset;
}

} // namespace

std::vector<CodeOffset> calls_in(LoadedModule& module, dwarf::CodeRange range) {
    std::vector<CodeOffset> calls;
    for (CodeOffset at = first_instruction(module, range.begin); at < range.end;) {
        const auto instruction = decode_at(module, at);
        if (!instruction) {
            break;
        }
        if (is_call_mnemonic(instruction->info->mnemonic)) {
            calls.push_back(at);
        }
        at = instruction->end();
    }
    return calls;
}

Result<StepPlan::Top> StepPlan::top() const {
    auto frames = debuggee_.frames(options_.thread, 0, 1);
    if (!frames) {
        return std::unexpected(frames.error());
    }
    if (frames->frames.empty()) {
        return fail(ErrorCode::NotFound, "the thread has no frame");
    }
    return Top{.frame = frames->frames.front(), .depth = frames->total};
}

StepPlan::Scope StepPlan::scope_at(const Frame& frame, dwarf::SourceInfo* source) const {
    Scope scope;
    scope.function = frame.function;
    if (source == nullptr) {
        return scope;
    }
    const auto frames = source->frames_at(frame.pc.offset, dwarf::AddressKind::Instruction);
    if (!frames.empty()) {
        scope.entry = frames.front().function.entry;
    }
    if (const auto row = source->row_at(frame.pc.offset)) {
        scope.file = row->file;
        scope.line = row->line;
    }
    return scope;
}

bool StepPlan::owns(CodeAddress address) const {
    return std::ranges::find(traps_, address) != traps_.end();
}

void StepPlan::plant(CodeAddress address) {
    if (!owns(address) && debuggee_.plant(address)) {
        traps_.push_back(address);
    }
}

void StepPlan::remove_traps() {
    for (const CodeAddress& address : traps_) {
        // A guest that has gone has no trap either.
        [[maybe_unused]] const auto removed = debuggee_.unplant(address);
    }
    traps_.clear();
}

StepPlan::Step StepPlan::resume_thread(ResumeKind kind, CodeAddressRange range) const {
    ResumeRequest request;
    request.threads.push_back({.thread = options_.thread, .kind = kind, .range = range});
    if (!options_.only_this_thread) {
        request.others = ResumeKind::Continue;
    }
    return request;
}

bool StepPlan::has_lines(CodeAddress address) {
    LoadedModule* module = modules_.find(address.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    return source != nullptr && source->row_at(address.offset).has_value();
}

bool StepPlan::is_call(CodeAddress address) {
    LoadedModule* module = modules_.find(address.instance);
    const auto instruction = module == nullptr ? std::nullopt : decode_at(*module, address.offset);
    return instruction && is_call_mnemonic(instruction->info->mnemonic);
}

/// A branch to a loop's begin lands behind the loop instruction, where the row began.
bool StepPlan::at_begin(const dwarf::LineRow& row, CodeAddress pc) {
    LoadedModule* module = modules_.find(pc.instance);
    if (module == nullptr) {
        return row.range.begin == pc.offset;
    }
    CodeOffset at = first_instruction(*module, row.range.begin);
    while (at < pc.offset) {
        const auto instruction = decode_at(*module, at);
        if (!instruction || !is_structure(instruction->info->mnemonic)) {
            return false;
        }
        at = instruction->end();
    }
    return at == pc.offset;
}

void StepPlan::plant_calls(InstanceId instance, dwarf::CodeRange range) {
    LoadedModule* module = modules_.find(instance);
    if (module == nullptr) {
        return;
    }
    for (const CodeOffset call : calls_in(*module, range)) {
        if (options_.target.value == 0 || options_.target == call) {
            plant({.instance = instance, .offset = call});
        }
    }
}

StepPlan::Step StepPlan::run_range(const Top& at, dwarf::CodeRange range) {
    const InstanceId instance = at.frame.pc.instance;
    if (LoadedModule* module = modules_.find(instance)) {
        if (const auto body = module->body_at(at.frame.pc.offset)) {
            range = {std::max(range.begin, body->begin), std::min(range.end, body->end)};
        }
    }
    phase_ = Phase::Range;
    if (options_.kind == StepKind::Into) {
        const bool wanted = options_.target.value == 0 || options_.target == at.frame.pc.offset;
        if (wanted && is_call(at.frame.pc)) {
            phase_ = Phase::Entering;
            return resume_thread(ResumeKind::StepInstruction);
        }
        plant_calls(instance, range);
    }
    return resume_thread(ResumeKind::StepRange,
                         {.instance = instance, .begin = range.begin, .end = range.end});
}

Result<StepPlan::Step> StepPlan::start() {
    const auto at = top();
    if (!at) {
        return std::unexpected(at.error());
    }
    depth_ = at->depth;
    LoadedModule* module = modules_.find(at->frame.pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    scope_ = scope_at(at->frame, source);
    if (options_.kind == StepKind::Out) {
        return start_out(*at);
    }
    if (options_.granularity == StepGranularity::Instruction) {
        return start_instruction(*at);
    }
    if (source == nullptr || scope_.line == 0) {
        if (const auto row =
                source == nullptr ? std::nullopt : source->row_at(at->frame.pc.offset)) {
            return run_range(*at, *source->step_range(at->frame.pc.offset));
        }
        return without_lines(*at);
    }
    return run_range(*at, *source->step_range(at->frame.pc.offset));
}

Result<StepPlan::Step> StepPlan::start_instruction(const Top& at) {
    phase_ = Phase::Instruction;
    LoadedModule* module = modules_.find(at.frame.pc.instance);
    const auto instruction =
        module == nullptr ? std::nullopt : decode_at(*module, at.frame.pc.offset);
    if (options_.kind == StepKind::Over && instruction &&
        is_call_mnemonic(instruction->info->mnemonic)) {
        return resume_thread(ResumeKind::StepRange, {.instance = at.frame.pc.instance,
                                                     .begin = at.frame.pc.offset,
                                                     .end = instruction->end()});
    }
    return resume_thread(ResumeKind::StepInstruction);
}

std::optional<dwarf::CodeRange> StepPlan::inlined_range(dwarf::SourceInfo& source,
                                                        CodeOffset pc) const {
    const auto frames = source.frames_at(pc, dwarf::AddressKind::Instruction);
    if (frames.size() < 2) {
        return std::nullopt;
    }
    for (const dwarf::CodeRange& range : frames.front().function.ranges) {
        if (range.contains(pc)) {
            return range;
        }
    }
    return std::nullopt;
}

Result<StepPlan::Step> StepPlan::start_out(const Top& at) {
    LoadedModule* module = modules_.find(at.frame.pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    if (source != nullptr && options_.granularity != StepGranularity::Instruction) {
        if (const auto range = inlined_range(*source, at.frame.pc.offset)) {
            out_of_inlined_ = true;
            return run_range(at, *range);
        }
    }
    return return_to(depth_ - 1);
}

Result<StepPlan::Step> StepPlan::return_to(std::uint32_t depth) {
    const auto all = debuggee_.frames(options_.thread, 0, 1);
    if (!all) {
        return std::unexpected(all.error());
    }
    depth_ = depth;
    phase_ = Phase::Return;
    if (depth == 0 || depth >= all->total) { // the guest's end
        return resume_thread(ResumeKind::Continue);
    }
    const auto frame = debuggee_.frames(options_.thread, all->total - depth, 1);
    if (!frame || frame->frames.empty()) {
        return fail(ErrorCode::NotFound, "the calling frame is not known");
    }
    plant(frame->frames.front().pc);
    return resume_thread(ResumeKind::Continue);
}

Result<StepPlan::Step> StepPlan::after_instruction(const Top& at, bool step_done) {
    const bool deeper = at.depth > depth_;
    if (step_done && (!deeper || options_.kind == StepKind::Into)) {
        return Step{};
    }
    if (deeper && options_.kind == StepKind::Over) {
        return return_to(depth_);
    }
    return start_instruction(at);
}

Result<StepPlan::Step> StepPlan::next(bool step_done) {
    const auto at = top();
    if (!at) {
        return std::unexpected(at.error());
    }
    const bool deeper = at->depth > depth_;
    if (phase_ == Phase::Instruction) {
        return after_instruction(*at, step_done);
    }
    if (phase_ == Phase::Return && deeper) { // another activation of the caller, deeper
        return resume_thread(ResumeKind::Continue);
    }
    if (phase_ == Phase::Through && deeper && !owns(at->frame.pc)) {
        return resume_thread(ResumeKind::Continue);
    }
    const Phase phase = phase_;
    remove_traps();
    if (deeper &&
        (phase == Phase::Entering || phase == Phase::Prologue || phase == Phase::Through)) {
        return entered(*at);
    }
    if (deeper) {
        return return_to(depth_);
    }
    if (phase == Phase::Return && options_.granularity == StepGranularity::Instruction) {
        return Step{};
    }
    return at->depth < depth_ || phase == Phase::Return ? in_outer_frame(*at) : in_frame(*at);
}

/// Came back to a caller (or to the frame that was stepped, after it was left for a while).
Result<StepPlan::Step> StepPlan::in_outer_frame(const Top& at) {
    const bool same_frame = at.depth == depth_ && options_.kind != StepKind::Out &&
                            at.frame.function == scope_.function;
    if (same_frame) {
        return in_frame(at);
    }
    if (has_lines(at.frame.pc)) {
        return Step{};
    }
    return return_to(at.depth - 1);
}

Result<StepPlan::Step> StepPlan::in_frame(const Top& at) {
    if (phase_ == Phase::Range && options_.kind == StepKind::Into && is_call(at.frame.pc) &&
        (options_.target.value == 0 || options_.target == at.frame.pc.offset)) {
        const auto row_is_new = [&] {
            LoadedModule* module = modules_.find(at.frame.pc.instance);
            dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
            return source != nullptr && scope_at(at.frame, source).line != scope_.line;
        };
        if (!row_is_new()) {
            phase_ = Phase::Entering;
            return resume_thread(ResumeKind::StepInstruction);
        }
    }
    if (at.frame.function != scope_.function) { // a tail call replaced the frame
        return options_.kind == StepKind::Into ? entered(at) : return_to(depth_ - 1);
    }
    LoadedModule* module = modules_.find(at.frame.pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    const auto row = source == nullptr ? std::nullopt : source->row_at(at.frame.pc.offset);
    return row ? in_line(at, *source, *row) : without_lines(at);
}

Result<StepPlan::Step> StepPlan::in_line(const Top& at, dwarf::SourceInfo& source,
                                         const dwarf::LineRow& row) {
    const CodeOffset pc = at.frame.pc.offset;
    const auto frames = source.frames_at(pc, dwarf::AddressKind::Instruction);
    const auto level = std::ranges::find(
        frames, scope_.entry, [](const dwarf::ScopeFrame& each) { return each.function.entry; });
    const bool in_scope = level != frames.end();
    const bool in_inlined_callee = in_scope && level != frames.begin();
    if (out_of_inlined_) {
        if (in_scope) {
            const auto range = inlined_range(source, pc);
            return run_range(at, range.value_or(row.range));
        }
        return row.line != 0 ? Step{} : run_range(at, *source.step_range(pc));
    }
    if (row.line == 0) {
        return run_range(at, *source.step_range(pc));
    }
    if (in_inlined_callee && options_.kind == StepKind::Over) {
        const auto range = inlined_range(source, pc);
        return run_range(at, range.value_or(row.range));
    }
    const bool same_line = row.file == scope_.file && row.line == scope_.line;
    const bool same_scope = !frames.empty() && frames.front().function.entry == scope_.entry;
    if (same_line && same_scope) {
        return run_range(at, *source.step_range(pc));
    }
    if (!row.is_statement || !at_begin(row, at.frame.pc)) {
        return run_range(at, {pc, row.range.end});
    }
    return Step{};
}

/// No line here: on to the next instruction that has one, or out of the function.
Result<StepPlan::Step> StepPlan::without_lines(const Top& at) {
    LoadedModule* module = modules_.find(at.frame.pc.instance);
    const auto body = module == nullptr ? std::nullopt : module->body_at(at.frame.pc.offset);
    if (!body) {
        return return_to(at.depth - 1);
    }
    dwarf::CodeRange range{at.frame.pc.offset, body->end};
    bool any_lines = false;
    if (dwarf::SourceInfo* source = module->source()) {
        const auto rows = source->rows_in(*body);
        any_lines = !rows.empty();
        for (const dwarf::LineRow& row : rows) {
            if (row.range.begin > range.begin) {
                range.end = std::min(range.end, row.range.begin);
            }
        }
    }
    return run_range(at, any_lines ? range : *body);
}

/// In a function that was called from the line.
Result<StepPlan::Step> StepPlan::entered(const Top& at) {
    LoadedModule* module = modules_.find(at.frame.pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    const auto function =
        source == nullptr ? std::nullopt : source->function_at(at.frame.pc.offset);
    if (!function || source->rows_in(function->ranges.front()).empty()) {
        return through(at);
    }
    const CodeOffset entry = first_instruction(*module, function->entry_offset);
    if (at.frame.pc.offset >= entry) {
        return Step{};
    }
    phase_ = Phase::Prologue;
    return resume_thread(
        ResumeKind::StepRange,
        {.instance = at.frame.pc.instance, .begin = function->ranges.front().begin, .end = entry});
}

/// Code without lines runs until it returns or calls a function that has some.
Result<StepPlan::Step> StepPlan::through(const Top& at) {
    for (LoadedModule* module : modules_.all()) {
        dwarf::SourceInfo* source = module->source();
        if (source == nullptr) {
            continue;
        }
        const auto entries = source->function_entries();
        if (entries.size() > max_through_traps) {
            continue;
        }
        for (const CodeOffset entry : entries) {
            plant({.instance = module->info().id, .offset = first_instruction(*module, entry)});
        }
    }
    const std::uint32_t depth = std::min(depth_, at.depth - 1);
    auto step = return_to(depth);
    phase_ = Phase::Through;
    return step;
}

} // namespace wdbg::source
