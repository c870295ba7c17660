// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/model/events.h>
#include <wdbg/model/ids.h>
#include <wdbg/source/breakpoints.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What the source level shows. Handles (FrameHandle, VariableHandle) are valid for one stop
/// generation; a stale one is a clear error. 0 is none.
namespace wdbg::source {

using FrameHandle = Id<struct FrameHandleTag>;
using VariableHandle = Id<struct VariableHandleTag>;

struct StackFrame {
    FrameHandle id;
    std::string name{}; ///< "geometry::Square::area", or "function[7]", or the host function's name
    std::string path{}; ///< after source mapping; empty without line information
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    CodeAddress pc{};
    std::string module{};    ///< name of the instance
    bool inlined = false;    ///< shares its machine frame with the next one
    bool host_call = false;  ///< a host function: no variables
    std::uint32_t frame = 0; ///< of the machine model, 0 innermost
};

/// The activation of the machine model behind a source frame.
struct FramePlace {
    ThreadId thread;
    std::uint32_t frame = 0; ///< 0 innermost
    CodeAddress pc{};
    bool pc_is_return_address = false;
};

/// `total` counts all source frames if the whole stack was looked at; else it is at least one more
/// than what was returned so far (DAP's delayed loading of stack traces).
struct StackPage {
    std::vector<StackFrame> frames;
    std::uint32_t total = 0;
    bool total_is_exact = false;
};

enum class ScopeKind : std::uint8_t {
    Arguments,
    Locals,
    Statics,
    Globals,
    WasmLocals,
    WasmGlobals,
    WasmStack
};

struct ScopeView {
    ScopeKind kind = ScopeKind::Locals;
    std::string name; ///< "Arguments", "Locals", "Statics", "Globals", "Wasm locals" …
    VariableHandle variables;
    std::uint32_t count = 0;
    bool expensive = false;
};

/// How values are written. Expressions may override it by a format specifier (`,x`).
struct FormatOptions {
    bool hex = false;
};

struct SourcePlace {
    std::string path{}; ///< after source mapping
    std::uint32_t line = 0;
};

/// A variable, member, element or result.
struct VariableView {
    std::string name{};
    std::string value{}; ///< "<optimized out>" and the like where it is not known
    std::string type{};
    /// Not 0: it has children.
    VariableHandle children{};
    std::uint64_t named_children = 0;
    std::uint64_t indexed_children = 0;
    std::string evaluate_name{}; ///< an expression that gives it again; may be empty
    std::optional<MemoryAddress> address{};
    std::optional<std::uint64_t> size{}; ///< bytes, where it lies in memory
    bool available = true;               ///< false: `value` is the reason why it is not known
    bool writable = false;               ///< set_variable() can change it
    bool is_pointer = false;             ///< `pointee` is what memory views should show
    std::optional<MemoryAddress> pointee{};
    std::optional<SourcePlace> declared{};  ///< of a variable
    std::optional<SourcePlace> points_to{}; ///< of a pointer to a function: where that is
    bool synthetic = false; ///< made by a formatter: "[size]", an element of a vector
};

enum class ChildFilter : std::uint8_t { All, Named, Indexed };

/// For watchpoints (DAP's dataBreakpointInfo).
struct DataLocation {
    MemoryAddress address;
    std::uint64_t size = 0;
    std::string description{}; ///< "counter (4 bytes at 0x1234)"
};

enum class StepKind : std::uint8_t { Over, Into, Out };
enum class StepGranularity : std::uint8_t { Statement, Line, Instruction };

/// A call on the current line that step-in can choose.
struct StepTarget {
    std::uint32_t id = 0;
    std::string name; ///< of the function
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

/// A place on a line that a thread could execute next.
struct JumpTarget {
    CodeAddress address{};
    std::string function{};
    std::uint32_t line = 0; ///< the line it really is on
    std::uint32_t column = 0;
};

enum class StopKind : std::uint8_t {
    Entry,
    Breakpoint,
    Step,
    Pause,
    Watchpoint,
    Trap,
    ModulesChanged,
    Goto,
};

/// Why one thread stopped.
struct ThreadStopView {
    ThreadId thread{};
    StopKind kind = StopKind::Pause;
    std::vector<BreakpointId> breakpoints{}; ///< those hit whose conditions hold
    std::string text{};                      ///< "division by zero", "the step was interrupted" …
    StopReason reason{};                     ///< the machine model's
};

/// All threads stand still. The first entry is the thread to show.
struct StoppedView {
    std::uint64_t generation = 0;
    std::vector<ThreadStopView> threads;
};

/// A breakpoint got locations, lost them, or its message changed.
struct BreakpointChanged {
    BreakpointInfo breakpoint;
};

/// Text of a log point, or of a condition that cannot be evaluated.
struct LogOutput {
    std::string text; ///< ends with a line break
    bool is_error = false;
    std::string path{};
    std::uint32_t line = 0;
};

/// Instances appeared or vanished; breakpoints have been resolved anew.
struct ModulesUpdated {};

using SourceEvent =
    std::variant<StoppedView, BreakpointChanged, LogOutput, ModulesUpdated, Exited, Killed>;

struct ModuleView {
    InstanceInfo instance;
    bool has_debug_info = false;
    bool loaded = false;   ///< somebody has asked already for its debug information
    std::string message{}; ///< why there is none
    std::string debug_file{};
};

/// A proposal for the debug console.
struct Completion {
    std::string label;
    std::string type{};       ///< "variable", "field", "function", "keyword"
    std::uint32_t start = 0;  ///< in the text, bytes
    std::uint32_t length = 0; ///< what is replaced
};

} // namespace wdbg::source
