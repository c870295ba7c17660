// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "breakpoint_table.h"
#include "formatter_table.h"
#include "inspector.h"
#include "module_table.h"
#include "run_control.h"

#include <wdbg/source/source_level.h>
#include <wdbg/wasm/instruction.h>

#include <algorithm>
#include <set>

namespace wdbg::source {

namespace {

class SourceLevelImpl final : public SourceLevel, private ConditionEvaluator {
  public:
    SourceLevelImpl(Debuggee& debuggee, SourceLevelOptions options)
        : debuggee_(debuggee)
        , modules_(debuggee, std::move(options.open), PathMap(std::move(options.source_map)))
        , breakpoints_(debuggee, modules_)
        , inspector_(debuggee, modules_, formatters_)
        , control_(debuggee, modules_, breakpoints_, *this, options.stop_on_modules_changed) {
        for (const auto& file : options.formatter_files) {
            if (const auto loaded = formatters_.load(file);
                !loaded && loaded.error().code != ErrorCode::Io) {
                problems_.push_back(loaded.error().message);
            }
        }
        control_.on_change = [this] { inspector_.clear(); };
        debuggee_.set_event_handler([this](const Event& event) { control_.on_event(event); });
    }

    ~SourceLevelImpl() override { debuggee_.set_event_handler({}); }

    SourceLevelImpl(const SourceLevelImpl&) = delete;
    SourceLevelImpl& operator=(const SourceLevelImpl&) = delete;

    void set_event_handler(EventHandler handler) override {
        for (const std::string& problem : problems_) {
            handler(LogOutput{.text = problem + "\n", .is_error = true});
        }
        problems_.clear();
        control_.set_event_handler(std::move(handler));
    }

    // --- Run control ---
    Result<void> attach() override { return debuggee_.attach(); }

    Result<void> resume(std::optional<ThreadId> only) override { return control_.resume(only); }

    Result<void> step(ThreadId thread, StepKind kind, StepGranularity granularity,
                      std::uint32_t target, bool only_this_thread) override {
        return control_.step({.thread = thread,
                              .kind = kind,
                              .granularity = granularity,
                              .target = CodeOffset{target},
                              .only_this_thread = only_this_thread});
    }

    [[nodiscard]] Result<std::vector<StepTarget>> step_targets(FrameHandle frame) override;

    [[nodiscard]] Result<std::vector<JumpTarget>> jump_targets(const std::string& path,
                                                               std::uint32_t line) override;

    Result<void> jump(ThreadId thread, CodeAddress to, const std::function<void()>& done) override {
        return control_.jump(thread, to, done);
    }

    Result<void> pause() override { return debuggee_.interrupt(); }

    void detach() override { control_.detach(); }

    Result<void> detach_stopped() override { return control_.detach_stopped(); }

    void kill() override { debuggee_.kill(); }

    [[nodiscard]] bool stopped() const override { return control_.stopped(); }

    [[nodiscard]] const StoppedView& last_stop() const override { return control_.last_stop(); }

    // --- Breakpoints ---
    std::vector<BreakpointInfo>
    set_source_breakpoints(const std::string& path,
                           std::span<const SourceBreakpointSpec> specs) override {
        return breakpoints_.set_lines(path, specs);
    }

    std::vector<BreakpointInfo>
    set_function_breakpoints(std::span<const FunctionBreakpointSpec> specs) override {
        return breakpoints_.set_functions(specs);
    }

    std::vector<BreakpointInfo>
    set_instruction_breakpoints(std::span<const InstructionBreakpointSpec> specs) override {
        return breakpoints_.set_instructions(specs);
    }

    [[nodiscard]] std::vector<PossibleLocation>
    breakpoint_locations(const std::string& path, std::uint32_t first, std::uint32_t last) override;

    // --- Stacks and variables ---
    [[nodiscard]] Result<StackPage> stack(ThreadId thread, std::uint32_t first,
                                          std::uint32_t count) override {
        return when_stopped<StackPage>([&] { return inspector_.stack(thread, first, count); });
    }

    [[nodiscard]] Result<FramePlace> frame_place(FrameHandle handle) override {
        const auto frame = inspector_.frame(handle);
        if (!frame) {
            return std::unexpected(frame.error());
        }
        return FramePlace{.thread = frame->thread,
                          .frame = frame->frame,
                          .pc = frame->pc,
                          .pc_is_return_address = frame->pc_is_return_address};
    }

    [[nodiscard]] Result<std::vector<ScopeView>> scopes(FrameHandle frame) override {
        return when_stopped<std::vector<ScopeView>>([&] { return inspector_.scopes(frame); });
    }

    [[nodiscard]] Result<std::vector<VariableView>>
    variables(VariableHandle handle, ChildFilter filter, std::uint64_t start, std::uint64_t count,
              const FormatOptions& format) override {
        return when_stopped<std::vector<VariableView>>(
            [&] { return inspector_.variables(handle, filter, start, count, format); });
    }

    Result<VariableView> set_variable(VariableHandle handle, std::string_view name,
                                      std::string_view value,
                                      const FormatOptions& format) override {
        return when_stopped<VariableView>(
            [&] { return inspector_.set_variable(handle, name, value, format); });
    }

    Result<VariableView> evaluate(FrameHandle frame, std::string_view expression,
                                  const FormatOptions& format) override {
        return when_stopped<VariableView>(
            [&] { return inspector_.evaluate(frame, expression, format); });
    }

    Result<VariableView> set_expression(FrameHandle frame, std::string_view expression,
                                        std::string_view value,
                                        const FormatOptions& format) override {
        return when_stopped<VariableView>(
            [&] { return inspector_.set_expression(frame, expression, value, format); });
    }

    [[nodiscard]] Result<std::vector<Completion>>
    completions(FrameHandle frame, std::string_view text, std::uint32_t column) override {
        return when_stopped<std::vector<Completion>>(
            [&] { return inspector_.completions(frame, text, column); });
    }

    [[nodiscard]] Result<DataLocation> data_location(VariableHandle handle, FrameHandle frame,
                                                     std::string_view name) override {
        return when_stopped<DataLocation>(
            [&] { return inspector_.data_location(handle, frame, name); });
    }

    // --- Modules and sources ---
    [[nodiscard]] std::vector<ModuleView> modules() override;
    [[nodiscard]] std::vector<std::string> sources() override;
    [[nodiscard]] std::string describe(CodeAddress address) override;
    [[nodiscard]] dwarf::SourceLocation location_of(CodeAddress address) override;

    [[nodiscard]] Debuggee& debuggee() override { return debuggee_; }

  private:
    template <class T, class Work>
    Result<T> when_stopped(Work work) {
        if (!control_.stopped()) {
            return fail(ErrorCode::NotStopped, "the guest is running");
        }
        return work();
    }

    [[nodiscard]] std::vector<std::pair<LoadedModule*, dwarf::CodeRange>> current_functions();

    [[nodiscard]] Result<bool> holds(ThreadId thread, const std::string& condition) override {
        return inspector_.holds(thread, condition);
    }

    [[nodiscard]] std::string expand(ThreadId thread, const std::string& text) override {
        return inspector_.expand(thread, text);
    }

    Debuggee& debuggee_;
    FormatterTable formatters_;
    ModuleTable modules_;
    BreakpointTable breakpoints_;
    Inspector inspector_;
    RunControl control_;
    std::vector<std::string> problems_;
};

Result<std::vector<StepTarget>> SourceLevelImpl::step_targets(FrameHandle handle) {
    const auto frame = inspector_.frame(handle);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    std::vector<StepTarget> targets;
    LoadedModule* module = modules_.find(frame->pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    const auto range = source == nullptr ? std::nullopt : source->step_range(frame->pc.offset);
    if (!range || frame->frame != 0) {
        return targets;
    }
    for (const CodeOffset call :
         calls_in(*module, {std::max(range->begin, frame->pc.offset), range->end})) {
        const auto instruction = wasm::decode(module->code(), call);
        StepTarget target{.id = call.value, .name = "indirect call"};
        if (instruction && (instruction->info->mnemonic == "call" ||
                            instruction->info->mnemonic == "return_call")) {
            target.name = source->demangle(module->function_name(instruction->index));
        }
        if (const auto row = source->row_at(call)) {
            target.line = row->line;
            target.column = row->column;
        }
        targets.push_back(std::move(target));
    }
    return targets;
}

/// The functions that threads now stand in, as far as there is source.
std::vector<std::pair<LoadedModule*, dwarf::CodeRange>> SourceLevelImpl::current_functions() {
    std::vector<std::pair<LoadedModule*, dwarf::CodeRange>> bodies;
    for (const ThreadInfo& thread : debuggee_.threads()) {
        const auto top = debuggee_.frames(thread.id, 0, 1);
        if (!top || top->frames.empty()) {
            continue;
        }
        const CodeAddress pc = top->frames.front().pc;
        LoadedModule* module = modules_.find(pc.instance);
        const auto body = module == nullptr ? std::nullopt : module->body_at(pc.offset);
        if (body && module->source() != nullptr) {
            bodies.emplace_back(module, *body);
        }
    }
    return bodies;
}

Result<std::vector<JumpTarget>> SourceLevelImpl::jump_targets(const std::string& path,
                                                              std::uint32_t line) {
    if (!control_.stopped()) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    std::vector<JumpTarget> targets;
    for (const auto& [module, body] : current_functions()) {
        dwarf::SourceInfo* source = module->source();
        for (const dwarf::FileIndex file : source->find_files(modules_.paths().to_debug(path))) {
            for (const dwarf::LineLocation& each : source->find_line(file, line)) {
                const CodeAddress address{module->info().id, each.offset};
                const bool known =
                    std::ranges::find(targets, address, &JumpTarget::address) != targets.end();
                if (!known && body.contains(each.offset)) {
                    targets.push_back({.address = address,
                                       .function = describe(address),
                                       .line = each.line,
                                       .column = each.column});
                }
            }
        }
    }
    return targets;
}

std::vector<PossibleLocation> SourceLevelImpl::breakpoint_locations(const std::string& path,
                                                                    std::uint32_t first,
                                                                    std::uint32_t last) {
    modules_.refresh();
    std::set<std::pair<std::uint32_t, std::uint32_t>> found;
    for (LoadedModule* module : modules_.all()) {
        dwarf::SourceInfo* source = module->source();
        if (source == nullptr) {
            continue;
        }
        for (const dwarf::FileIndex file : source->find_files(modules_.paths().to_debug(path))) {
            for (const dwarf::LineLocation& each : source->line_locations(file, first, last)) {
                found.emplace(each.line, each.column);
            }
        }
    }
    std::vector<PossibleLocation> locations;
    locations.reserve(found.size());
    for (const auto& [line, column] : found) {
        locations.push_back({.line = line, .column = column});
    }
    return locations;
}

std::vector<ModuleView> SourceLevelImpl::modules() {
    modules_.refresh();
    std::vector<ModuleView> views;
    for (LoadedModule* module : modules_.all()) {
        ModuleView view;
        view.instance = module->info();
        view.loaded = module->opened();
        dwarf::SourceInfo* source = module->source();
        view.has_debug_info = source != nullptr;
        view.message = module->problem();
        view.debug_file = source != nullptr ? source->debug_file().string() : "";
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<std::string> SourceLevelImpl::sources() {
    modules_.refresh();
    std::set<std::string> paths;
    for (LoadedModule* module : modules_.all()) {
        if (dwarf::SourceInfo* source = module->source()) {
            for (const dwarf::SourceFile& file : source->files()) {
                paths.insert(modules_.paths().to_local(file.path));
            }
        }
    }
    return {paths.begin(), paths.end()};
}

std::string SourceLevelImpl::describe(CodeAddress address) {
    LoadedModule* module = modules_.find(address.instance);
    const wasm::Module* wasm = module == nullptr ? nullptr : module->wasm();
    const wasm::FunctionBody* body =
        wasm == nullptr ? nullptr : wasm->function_containing(address.offset);
    if (body == nullptr) {
        return "";
    }
    std::string name = module->function_name(body->index);
    if (dwarf::SourceInfo* source = module->source()) {
        name = source->demangle(name);
    }
    const std::uint32_t distance =
        address.offset.value - std::min(address.offset.value, body->begin.value);
    return name + "+" + std::to_string(distance);
}

dwarf::SourceLocation SourceLevelImpl::location_of(CodeAddress address) {
    LoadedModule* module = modules_.find(address.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    const auto row = source == nullptr ? std::nullopt : source->row_at(address.offset);
    if (!row) {
        return {};
    }
    return {
        .file = modules_.local_path(*source, row->file), .line = row->line, .column = row->column};
}

} // namespace

std::unique_ptr<SourceLevel> make_source_level(Debuggee& debuggee, SourceLevelOptions options) {
    return std::make_unique<SourceLevelImpl>(debuggee, std::move(options));
}

} // namespace wdbg::source
