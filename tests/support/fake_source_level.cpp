// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fake_source_level.h"

#include <algorithm>
#include <array>
#include <utility>

namespace wdbg::test {

namespace {

using source::StopKind;

StopKind kind_of(const StopReason& reason) {
    constexpr std::array kinds{StopKind::Entry, StopKind::Breakpoint,     StopKind::Step,
                               StopKind::Pause, StopKind::ModulesChanged, StopKind::Watchpoint,
                               StopKind::Trap};
    return kinds.at(reason.index());
}

template <class T>
Result<T> find(const std::map<std::string, T, std::less<>>& known, std::string_view name) {
    const auto found = known.find(name);
    return found == known.end() ? Result<T>(fail(ErrorCode::NotFound, "no " + std::string(name)))
                                : Result<T>(found->second);
}

} // namespace

FakeSourceLevel::FakeSourceLevel(Debuggee& debuggee) : debuggee_(debuggee) {
    debuggee_.set_event_handler([this](const Event& event) { on_event(event); });
}

void FakeSourceLevel::send(const source::SourceEvent& event) {
    if (const auto* stop = std::get_if<source::StoppedView>(&event)) {
        stop_ = *stop;
        stopped_ = true;
    }
    if (handler_) {
        handler_(event);
    }
}

void FakeSourceLevel::on_event(const Event& event) {
    if (const auto* stop = std::get_if<Stopped>(&event)) {
        source::StoppedView view{.generation = stop->generation, .threads = {}};
        for (const ThreadStop& thread : stop->threads) {
            source::ThreadStopView& each = view.threads.emplace_back();
            each.thread = thread.thread;
            each.kind = kind_of(thread.reason);
            each.reason = thread.reason;
            if (const auto* trap = std::get_if<Trapped>(&thread.reason)) {
                each.text = trap->message;
            }
        }
        send(view);
    } else if (const auto* exited = std::get_if<Exited>(&event)) {
        stopped_ = false;
        send(*exited);
    } else {
        stopped_ = false;
        send(Killed{});
    }
}

Result<void> FakeSourceLevel::attach() {
    note("attach");
    return debuggee_.attach();
}

Result<void> FakeSourceLevel::resume(std::optional<ThreadId> only) {
    note(only ? "resume " + std::to_string(only->value) : "resume");
    stopped_ = false;
    return debuggee_.resume({.threads = {}, .others = ResumeKind::Continue});
}

Result<void> FakeSourceLevel::step(ThreadId thread, source::StepKind kind,
                                   source::StepGranularity granularity, std::uint32_t target,
                                   bool only_this_thread) {
    constexpr std::array kinds{"over", "into", "out"};
    constexpr std::array granularities{"statement", "line", "instruction"};
    note("step " + std::to_string(thread.value) + " " + kinds.at(static_cast<std::size_t>(kind)) +
         " " + granularities.at(static_cast<std::size_t>(granularity)) +
         (target != 0 ? " target " + std::to_string(target) : "") +
         (only_this_thread ? " alone" : ""));
    stopped_ = false;
    return debuggee_.resume(
        {.threads = {{.thread = thread, .kind = ResumeKind::StepInstruction}}, .others = {}});
}

Result<std::vector<source::StepTarget>>
FakeSourceLevel::step_targets(source::FrameHandle /*frame*/) {
    return targets;
}

Result<std::vector<source::JumpTarget>> FakeSourceLevel::jump_targets(const std::string& path,
                                                                      std::uint32_t line) {
    note("jump targets " + path + ":" + std::to_string(line));
    return jumps;
}

Result<void> FakeSourceLevel::jump(ThreadId thread, CodeAddress to,
                                   const std::function<void()>& done) {
    if (std::ranges::find(jumps, to, &source::JumpTarget::address) == jumps.end()) {
        return fail(ErrorCode::Unsupported, "not sound");
    }
    note("jump " + std::to_string(thread.value));
    done();
    return {};
}

Result<void> FakeSourceLevel::pause() {
    note("pause");
    return debuggee_.interrupt();
}

Result<void> FakeSourceLevel::detach_stopped() {
    note("detach stopped");
    return debuggee_.detach_stopped();
}

void FakeSourceLevel::detach() {
    note("detach");
    debuggee_.detach();
}

void FakeSourceLevel::kill() {
    note("kill");
    debuggee_.kill();
}

std::vector<source::BreakpointInfo>
FakeSourceLevel::set_source_breakpoints(const std::string& path,
                                        std::span<const source::SourceBreakpointSpec> specs) {
    std::string call = "source " + path;
    std::vector<source::BreakpointInfo> infos;
    for (const source::SourceBreakpointSpec& spec : specs) {
        call += " " + std::to_string(spec.line);
        source::BreakpointInfo& info = infos.emplace_back();
        info.id = {next_breakpoint_++};
        const auto line = lines.lower_bound(spec.line);
        info.verified = line != lines.end();
        if (info.verified) {
            info.path =
                debug_folder.empty() ? path : debug_folder + path.substr(path.rfind('/') + 1);
            info.line = line->first;
            info.locations = {line->second};
        } else {
            info.message = "no code on this line";
        }
    }
    note(std::move(call));
    return infos;
}

std::vector<source::BreakpointInfo>
FakeSourceLevel::set_function_breakpoints(std::span<const source::FunctionBreakpointSpec> specs) {
    std::string call = "functions";
    std::vector<source::BreakpointInfo> infos;
    for (const source::FunctionBreakpointSpec& spec : specs) {
        call += " " + spec.name;
        infos.push_back({.id = {next_breakpoint_++}, .verified = true});
    }
    note(std::move(call));
    return infos;
}

std::vector<source::BreakpointInfo> FakeSourceLevel::set_instruction_breakpoints(
    std::span<const source::InstructionBreakpointSpec> specs) {
    std::string call = "instructions";
    std::vector<source::BreakpointInfo> infos;
    for (const source::InstructionBreakpointSpec& spec : specs) {
        call += spec.native ? " native " + std::to_string(spec.native->value)
                            : " " + std::to_string(spec.address.offset.value);
        infos.push_back(
            {.id = {next_breakpoint_++}, .verified = true, .locations = {spec.address}});
    }
    note(std::move(call));
    return infos;
}

std::vector<source::PossibleLocation>
FakeSourceLevel::breakpoint_locations(const std::string& /*path*/, std::uint32_t first_line,
                                      std::uint32_t last_line) {
    std::vector<source::PossibleLocation> found;
    for (const auto& [line, address] : lines) {
        if (line >= first_line && line <= last_line) {
            found.push_back({.line = line, .column = 5});
        }
    }
    return found;
}

Result<source::StackPage> FakeSourceLevel::stack(ThreadId thread, std::uint32_t first,
                                                 std::uint32_t count) {
    if (thread != ThreadId{1}) {
        return fail(ErrorCode::NotFound, "no thread " + std::to_string(thread.value));
    }
    source::StackPage page{
        .frames = {}, .total = static_cast<std::uint32_t>(frames.size()), .total_is_exact = true};
    for (std::size_t i = first; i < frames.size() && (count == 0 || i - first < count); ++i) {
        page.frames.push_back(frames[i]);
    }
    return page;
}

Result<source::FramePlace> FakeSourceLevel::frame_place(source::FrameHandle frame) {
    const auto found = std::ranges::find(frames, frame, &source::StackFrame::id);
    if (found == frames.end()) {
        return fail(ErrorCode::InvalidArgument, "the frame is of an earlier stop");
    }
    return source::FramePlace{.thread = ThreadId{1}, .frame = found->frame, .pc = found->pc};
}

Result<std::vector<source::ScopeView>> FakeSourceLevel::scopes(source::FrameHandle frame) {
    const bool known = std::ranges::find(frames, frame, &source::StackFrame::id) != frames.end();
    return known ? Result<std::vector<source::ScopeView>>(scope_views)
                 : fail(ErrorCode::InvalidArgument, "the frame is of an earlier stop");
}

Result<std::vector<source::VariableView>>
FakeSourceLevel::variables(source::VariableHandle handle, source::ChildFilter /*filter*/,
                           std::uint64_t start, std::uint64_t count,
                           const source::FormatOptions& format) {
    const auto found = children.find(handle);
    if (found == children.end()) {
        return fail(ErrorCode::InvalidArgument, "the variable is of an earlier stop");
    }
    std::vector<source::VariableView> page;
    for (std::uint64_t i = start; i < found->second.size() && (count == 0 || i - start < count);
         ++i) {
        page.push_back(found->second[i]);
        page.back().value += format.hex ? " (hex)" : "";
    }
    return page;
}

Result<source::VariableView>
FakeSourceLevel::set_variable(source::VariableHandle handle, std::string_view name,
                              std::string_view value, const source::FormatOptions& /*format*/) {
    for (source::VariableView& view : children[handle]) {
        if (view.name == name) {
            view.value = value;
            return view;
        }
    }
    return fail(ErrorCode::NotFound, "no variable " + std::string(name));
}

Result<source::VariableView> FakeSourceLevel::evaluate(source::FrameHandle /*frame*/,
                                                       std::string_view expression,
                                                       const source::FormatOptions& /*format*/) {
    return find(expressions, expression);
}

Result<source::VariableView>
FakeSourceLevel::set_expression(source::FrameHandle /*frame*/, std::string_view expression,
                                std::string_view value, const source::FormatOptions& /*format*/) {
    auto view = find(expressions, expression);
    if (view) {
        view->value = value;
        expressions.insert_or_assign(std::string(expression), *view);
    }
    return view;
}

Result<std::vector<source::Completion>> FakeSourceLevel::completions(source::FrameHandle /*frame*/,
                                                                     std::string_view /*text*/,
                                                                     std::uint32_t /*column*/) {
    return proposals;
}

Result<source::DataLocation> FakeSourceLevel::data_location(source::VariableHandle /*handle*/,
                                                            source::FrameHandle /*frame*/,
                                                            std::string_view name) {
    return find(data, name);
}

std::string FakeSourceLevel::describe(CodeAddress address) {
    return "at " + std::to_string(address.offset.value);
}

dwarf::SourceLocation FakeSourceLevel::location_of(CodeAddress address) {
    for (const auto& [line, code] : lines) {
        if (code == address) {
            return {.file = "/src/app.c", .line = line, .column = 0};
        }
    }
    return {};
}

} // namespace wdbg::test
