// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "formatter_table.h"
#include "frame_names.h"
#include "module_table.h"
#include "presenter.h"
#include "stop_handles.h"
#include "typed_value.h"

#include <wdbg/source/views.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

namespace wdbg::source {

/// Stacks, scopes, variables and expressions of one stop.
class Inspector {
  public:
    Inspector(Debuggee& debuggee, ModuleTable& modules, const FormatterTable& formatters)
        : debuggee_(debuggee)
        , modules_(modules)
        , access_(debuggee, modules)
        , presenter_(access_, formatters) {}

    /// Forgets all handles.
    void clear();

    [[nodiscard]] Result<StackPage> stack(ThreadId thread, std::uint32_t first,
                                          std::uint32_t count);
    [[nodiscard]] Result<std::vector<ScopeView>> scopes(FrameHandle frame);
    [[nodiscard]] Result<std::vector<VariableView>>
    variables(VariableHandle handle, ChildFilter filter, std::uint64_t start, std::uint64_t count,
              const FormatOptions& format);
    Result<VariableView> set_variable(VariableHandle handle, std::string_view name,
                                      std::string_view value, const FormatOptions& format);
    Result<VariableView> evaluate(FrameHandle frame, std::string_view expression,
                                  const FormatOptions& format);
    Result<VariableView> set_expression(FrameHandle frame, std::string_view expression,
                                        std::string_view value, const FormatOptions& format);
    [[nodiscard]] Result<DataLocation> data_location(VariableHandle handle, FrameHandle frame,
                                                     std::string_view name);
    [[nodiscard]] Result<std::vector<Completion>>
    completions(FrameHandle frame, std::string_view text, std::uint32_t column);

    [[nodiscard]] Result<FrameRef> frame(FrameHandle handle) const {
        return frames_.find(handle, "frame");
    }

    // For conditions and log points: the innermost source frame of a thread.
    [[nodiscard]] Result<bool> holds(ThreadId thread, const std::string& condition);
    [[nodiscard]] std::string expand(ThreadId thread, const std::string& text);

  private:
    struct ScopeNode {
        FrameRef frame;
        ScopeKind kind = ScopeKind::Locals;
    };

    struct ValueNode {
        TypedValue value;
        std::string path; ///< expression
        Presentation how;
        std::optional<FrameRef> frame;
    };

    using Node = std::variant<ScopeNode, ValueNode>;

    struct ThreadStack {
        std::vector<StackFrame> frames;
        std::uint32_t machine_frames = 0; ///< looked at
        std::uint32_t machine_total = 0;
        bool complete = false;
    };

    struct NamedValue {
        std::string name;
        TypedValue value;
        std::string path;
        bool synthetic = false;
        bool raw = false;
        dwarf::FileIndex file = dwarf::no_file; ///< of a variable's declaration
        std::uint32_t line = 0;
    };

    struct Evaluated {
        TypedValue value;
        FormatSpecifier format;
    };

    Result<void> extend(ThreadId thread, ThreadStack& stack, std::uint64_t wanted);
    void add_frames(ThreadId thread, std::uint32_t number, const Frame& frame, ThreadStack& stack);
    [[nodiscard]] StackFrame source_frame(LoadedModule& module, const FrameRef& ref,
                                          const dwarf::ScopeFrame* scope, std::uint32_t function);
    [[nodiscard]] std::vector<NamedValue> scope_variables(const ScopeNode& scope);
    [[nodiscard]] std::vector<NamedValue> source_variables(const ScopeNode& scope);
    [[nodiscard]] std::vector<NamedValue> wasm_variables(const ScopeNode& scope);
    [[nodiscard]] std::uint32_t wasm_count(const FrameRef& frame, ScopeKind kind);
    [[nodiscard]] VariableView view(const NamedValue& child, const Presentation& how,
                                    const std::optional<FrameRef>& frame);
    [[nodiscard]] std::optional<SourcePlace> place(InstanceId instance, dwarf::FileIndex file,
                                                   std::uint32_t line);
    [[nodiscard]] std::optional<SourcePlace> function_place(const TypedValue& pointer);
    [[nodiscard]] Result<NamedValue> child(const Node& node, std::string_view name);
    [[nodiscard]] Result<NamedValue> scope_child(const ScopeNode& scope, std::string_view name);
    [[nodiscard]] Result<NamedValue> value_child(const ValueNode& parent, std::string_view name);
    [[nodiscard]] std::vector<VariableView> scope_views(const ScopeNode& scope, std::uint64_t start,
                                                        std::uint64_t limit,
                                                        const FormatOptions& format);
    [[nodiscard]] std::vector<VariableView> value_views(const ValueNode& parent, ChildFilter filter,
                                                        std::uint64_t start, std::uint64_t limit,
                                                        const FormatOptions& format);
    [[nodiscard]] Result<Evaluated> run(const std::optional<FrameRef>& frame,
                                        std::string_view expression,
                                        const TypeRef* expected = nullptr);
    [[nodiscard]] Result<std::optional<FrameRef>> frame_or_none(FrameHandle handle) const;
    [[nodiscard]] Result<FrameRef> top_frame(ThreadId thread) const;
    Result<VariableView> assign(const NamedValue& target, std::string_view value,
                                const std::optional<FrameRef>& frame, const Presentation& how);
    [[nodiscard]] static DataLocation describe(const NamedValue& value, std::uint64_t size);
    [[nodiscard]] InstanceId main_instance() const;

    Debuggee& debuggee_;
    ModuleTable& modules_;
    ValueAccess access_;
    Presenter presenter_;
    std::map<ThreadId, ThreadStack> stacks_;
    StopHandles<FrameHandle, FrameRef> frames_;
    StopHandles<VariableHandle, Node> nodes_;
};

} // namespace wdbg::source
