// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "inspector.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace wdbg::source {

using dwarf::PlaceKind;
using dwarf::VariableKind;

namespace {

constexpr std::uint32_t frames_at_once = 64;
constexpr std::uint32_t max_wasm_values = 50'000;

/// The scope in which a variable of the function is shown.
ScopeKind scope_of(VariableKind kind) {
    switch (kind) {
    case VariableKind::Parameter:
        return ScopeKind::Arguments;
    case VariableKind::StaticLocal:
    case VariableKind::Global:
        return ScopeKind::Statics;
    default:
        return ScopeKind::Locals;
    }
}

struct ScopeRow {
    ScopeKind kind;
    const char* name;
};

constexpr std::array scope_table{ScopeRow{ScopeKind::Arguments, "Arguments"},
                                 ScopeRow{ScopeKind::Locals, "Locals"},
                                 ScopeRow{ScopeKind::Statics, "Statics"},
                                 ScopeRow{ScopeKind::Globals, "Globals"},
                                 ScopeRow{ScopeKind::WasmLocals, "Wasm locals"},
                                 ScopeRow{ScopeKind::WasmGlobals, "Wasm globals"},
                                 ScopeRow{ScopeKind::WasmStack, "Wasm stack"}};

} // namespace

// --- Stacks -------------------------------------------------------------------------------------

StackFrame Inspector::source_frame(LoadedModule& module, const FrameRef& ref,
                                   const dwarf::ScopeFrame* scope, std::uint32_t function) {
    StackFrame frame;
    frame.id = frames_.add(ref);
    frame.pc = ref.pc;
    frame.frame = ref.frame;
    frame.module = module.info().name;
    dwarf::SourceInfo* source = module.source();
    if (scope != nullptr) {
        frame.name = scope->function.name;
        frame.inlined = scope->function.inlined;
        frame.path = modules_.local_path(*source, scope->file);
        frame.line = scope->line;
        frame.column = scope->column;
    }
    if (frame.name.empty()) {
        frame.name = module.function_name(function);
        frame.name = source != nullptr ? source->demangle(frame.name) : frame.name;
    }
    return frame;
}

void Inspector::add_frames(ThreadId thread, std::uint32_t number, const Frame& frame,
                           ThreadStack& stack) {
    FrameRef ref{.thread = thread,
                 .frame = number,
                 .pc = frame.pc,
                 .pc_is_return_address = frame.pc_is_return_address};
    LoadedModule* module = modules_.find(frame.pc.instance);
    if (!frame.host_call.empty()) {
        FrameRef host = ref;
        host.host_call = true;
        StackFrame shown;
        shown.id = frames_.add(host);
        shown.name = frame.host_call;
        shown.pc = frame.pc;
        shown.frame = number;
        shown.host_call = true;
        stack.frames.push_back(std::move(shown));
    }
    if (module == nullptr) {
        StackFrame shown;
        shown.id = frames_.add(ref);
        shown.name = "function[" + std::to_string(frame.function) + "]";
        shown.pc = frame.pc;
        shown.frame = number;
        stack.frames.push_back(std::move(shown));
        return;
    }
    dwarf::SourceInfo* source = module->source();
    const auto scopes = source == nullptr ? std::vector<dwarf::ScopeFrame>{}
                                          : source->frames_at(frame.pc.offset, ref.kind());
    for (std::uint32_t level = 0; level < scopes.size(); ++level) {
        ref.level = level;
        stack.frames.push_back(source_frame(*module, ref, &scopes[level], frame.function));
    }
    if (scopes.empty()) {
        stack.frames.push_back(source_frame(*module, ref, nullptr, frame.function));
    }
}

Result<void> Inspector::extend(ThreadId thread, ThreadStack& stack, std::uint64_t wanted) {
    while (!stack.complete && stack.frames.size() < wanted) {
        const auto page = debuggee_.frames(thread, stack.machine_frames, frames_at_once);
        if (!page) {
            return std::unexpected(page.error());
        }
        stack.machine_total = page->total;
        for (const Frame& frame : page->frames) {
            add_frames(thread, stack.machine_frames++, frame, stack);
        }
        stack.complete = page->frames.empty() || stack.machine_frames >= page->total;
    }
    return {};
}

Result<StackPage> Inspector::stack(ThreadId thread, std::uint32_t first, std::uint32_t count) {
    ThreadStack& stack = stacks_[thread];
    const std::uint64_t end = count == 0 ? UINT64_MAX : std::uint64_t{first} + count;
    if (auto extended = extend(thread, stack, end); !extended) {
        return std::unexpected(extended.error());
    }
    StackPage page;
    for (std::uint64_t i = first; i < stack.frames.size() && i < end; ++i) {
        page.frames.push_back(stack.frames[i]);
    }
    page.total_is_exact = stack.complete;
    page.total = static_cast<std::uint32_t>(stack.frames.size()) +
                 (stack.machine_total - stack.machine_frames);
    return page;
}

// --- Scopes -------------------------------------------------------------------------------------

std::uint32_t Inspector::wasm_count(const FrameRef& frame, ScopeKind kind) {
    if (kind == ScopeKind::WasmLocals) {
        const auto frames = debuggee_.frames(frame.thread, frame.frame, 1);
        return frames && !frames->frames.empty() ? frames->frames.front().local_count : 0;
    }
    if (kind == ScopeKind::WasmGlobals) {
        LoadedModule* module = modules_.find(frame.pc.instance);
        const wasm::Module* wasm = module == nullptr ? nullptr : module->wasm();
        return wasm == nullptr ? 0 : static_cast<std::uint32_t>(wasm->globals().size());
    }
    std::uint32_t count = 0;
    while (count < max_wasm_values) {
        const auto value = debuggee_.stack_value(frame.thread, frame.frame, count);
        if (!value && value.error().code != ErrorCode::Unavailable) { // its place is there
            break;
        }
        ++count;
    }
    return count;
}

Result<std::vector<ScopeView>> Inspector::scopes(FrameHandle handle) {
    const auto frame = frames_.find(handle, "frame");
    if (!frame) {
        return std::unexpected(frame.error());
    }
    std::vector<ScopeView> views;
    if (frame->host_call) {
        return views;
    }
    LoadedModule* module = modules_.find(frame->pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    std::array<std::uint32_t, scope_table.size()> counts{};
    if (source != nullptr) {
        for (const dwarf::Variable& each :
             source->variables_at(frame->pc.offset, frame->kind(), frame->level)) {
            ++counts[static_cast<std::size_t>(scope_of(each.kind))];
        }
        counts[static_cast<std::size_t>(ScopeKind::Globals)] =
            static_cast<std::uint32_t>(source->unit_globals(frame->pc.offset).size());
    }
    for (const ScopeRow& row : scope_table) {
        const bool wasm = row.kind >= ScopeKind::WasmLocals;
        const std::uint32_t count =
            wasm ? wasm_count(*frame, row.kind) : counts[static_cast<std::size_t>(row.kind)];
        if (count == 0 && (wasm || source == nullptr || row.kind != ScopeKind::Locals)) {
            continue;
        }
        views.push_back({.kind = row.kind,
                         .name = row.name,
                         .variables = nodes_.add(ScopeNode{*frame, row.kind}),
                         .count = count,
                         .expensive = wasm || row.kind == ScopeKind::Globals});
    }
    return views;
}

std::vector<Inspector::NamedValue> Inspector::scope_variables(const ScopeNode& scope) {
    return scope.kind >= ScopeKind::WasmLocals ? wasm_variables(scope) : source_variables(scope);
}

std::vector<Inspector::NamedValue> Inspector::source_variables(const ScopeNode& scope) {
    std::vector<NamedValue> values;
    LoadedModule* module = modules_.find(scope.frame.pc.instance);
    dwarf::SourceInfo* source = module == nullptr ? nullptr : module->source();
    if (source == nullptr) {
        return values;
    }
    const bool globals = scope.kind == ScopeKind::Globals;
    const auto variables = globals ? source->unit_globals(scope.frame.pc.offset)
                                   : source->variables_at(scope.frame.pc.offset, scope.frame.kind(),
                                                          scope.frame.level);
    for (const dwarf::Variable& each : variables) {
        if (!globals && scope_of(each.kind) != scope.kind) {
            continue;
        }
        const std::string& name = globals ? each.qualified_name : each.name;
        NamedValue value{.name = name,
                         .value = variable_value(access_, *source, scope.frame, each),
                         .path = each.shadowed ? "" : name,
                         .file = each.file,
                         .line = each.line};
        if (each.shadowed) { // two of a name: say which
            value.name += " @" + std::to_string(each.line);
        }
        values.push_back(std::move(value));
    }
    return values;
}

std::optional<SourcePlace> Inspector::place(InstanceId instance, dwarf::FileIndex file,
                                            std::uint32_t line) {
    LoadedModule* module = modules_.find(instance);
    if (module == nullptr || line == 0 || file == dwarf::no_file || module->source() == nullptr) {
        return std::nullopt;
    }
    return SourcePlace{.path = modules_.local_path(*module->source(), file), .line = line};
}

std::optional<SourcePlace> Inspector::function_place(const TypedValue& pointer) {
    const TypeRef type = stripped(pointer.type);
    const auto slot = access_.pointer(pointer);
    LoadedModule* module = modules_.find(pointer.instance);
    if (stripped(target_of(type))->kind != dwarf::TypeKind::Function || !slot || *slot == 0 ||
        module == nullptr || module->wasm() == nullptr || module->source() == nullptr) {
        return std::nullopt;
    }
    const auto element = debuggee_.table_element(pointer.instance, 0, *slot);
    const auto bodies = module->wasm()->bodies();
    const auto body = element ? std::ranges::find(bodies, element->as<std::uint32_t>(),
                                                  &wasm::FunctionBody::index)
                              : bodies.end();
    const auto function = body == bodies.end()
                              ? std::nullopt
                              : module->source()->function_at(body->first_instruction);
    return function ? place(pointer.instance, function->file, function->line) : std::nullopt;
}

std::vector<Inspector::NamedValue> Inspector::wasm_variables(const ScopeNode& scope) {
    std::vector<NamedValue> values;
    const FrameRef& frame = scope.frame;
    const std::uint32_t count = std::min(wasm_count(frame, scope.kind), max_wasm_values);
    LoadedModule* module = modules_.find(frame.pc.instance);
    const wasm::Module* wasm = module == nullptr ? nullptr : module->wasm();
    const MachineFrame state(access_, frame);
    for (std::uint32_t i = 0; i < count; ++i) {
        RegisterPlace place{.thread = frame.thread, .frame = frame.frame, .index = i};
        std::string name = std::to_string(i);
        Result<Value> value = fail(ErrorCode::Internal, "");
        std::string path;
        if (scope.kind == ScopeKind::WasmLocals) {
            value = state.local(i);
            path = "$local" + name;
        } else if (scope.kind == ScopeKind::WasmGlobals) {
            place.kind = PlaceKind::Global;
            value = state.global(i);
            path = "$global" + name;
            if (wasm != nullptr && wasm->names().globals.contains(i)) {
                name += " " + std::string(wasm->names().globals.at(i));
            }
        } else {
            value = state.stack_value(i);
            path = "$stack" + name;
        }
        const bool writable = scope.kind != ScopeKind::WasmStack;
        values.push_back(
            {.name = "[" + name + "]",
             .value = value ? wasm_value(frame.pc.instance, *value,
                                         writable ? std::optional(place) : std::nullopt)
                            : unavailable_value(builtin(Builtin::Int), value.error().message),
             .path = path});
    }
    return values;
}

// --- Completions --------------------------------------------------------------------------------

namespace {

bool in_name(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$';
}

/// The expression whose member is named behind `text`; nullopt: none is.
std::optional<std::string_view> parent_of_member(std::string_view text) {
    if (text.ends_with('.')) {
        return text.substr(0, text.size() - 1);
    }
    return text.ends_with("->") ? std::optional(text.substr(0, text.size() - 2)) : std::nullopt;
}

} // namespace

Result<std::vector<Completion>> Inspector::completions(FrameHandle handle, std::string_view text,
                                                       std::uint32_t column) {
    const auto frame = frame_or_none(handle);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    const std::size_t end = std::min<std::size_t>(column == 0 ? 0 : column - 1, text.size());
    std::size_t begin = end;
    while (begin > 0 && in_name(text[begin - 1])) {
        --begin;
    }
    const std::string_view prefix = text.substr(begin, end - begin);
    std::vector<Completion> found;
    const auto add = [&](const std::string& name, const char* type) {
        if (name.starts_with(prefix) && found.size() < 500) {
            found.push_back({.label = name,
                             .type = type,
                             .start = static_cast<std::uint32_t>(begin),
                             .length = static_cast<std::uint32_t>(end - begin)});
        }
    };
    if (const auto parent = parent_of_member(text.substr(0, begin))) {
        if (auto value = run(*frame, *parent)) {
            for (const Child& each :
                 presenter_.children(value->value, {.raw = true}, false, 0, 1000)) {
                add(each.name, "field");
            }
        }
        return found;
    }
    if (!*frame) {
        return found;
    }
    for (const ScopeRow& row : scope_table) {
        if (row.kind < ScopeKind::WasmLocals) {
            for (const NamedValue& each : source_variables({**frame, row.kind})) {
                add(each.name, "variable");
            }
        }
    }
    return found;
}

} // namespace wdbg::source
