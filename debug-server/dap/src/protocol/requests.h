// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "types.h"

/// Arguments and bodies of the requests ("Requests"), with their names on the wire.
// NOLINTBEGIN(readability-identifier-naming): the wire's spelling
namespace wdbg::dap::protocol {

struct InitializeArguments {
    Optional<std::string> clientID{};
    Optional<bool> linesStartAt1{};
    Optional<bool> columnsStartAt1{};
    Optional<std::string> pathFormat{};
    Optional<bool> supportsRunInTerminalRequest{};
    Optional<bool> supportsProgressReporting{};
    Optional<bool> supportsInvalidatedEvent{};
    Optional<bool> supportsMemoryEvent{};
    Optional<bool> supportsMemoryReferences{};

    static constexpr auto fields() {
        using Self = InitializeArguments;
        return std::tuple(
            field("clientID", &Self::clientID), field("linesStartAt1", &Self::linesStartAt1),
            field("columnsStartAt1", &Self::columnsStartAt1),
            field("pathFormat", &Self::pathFormat),
            field("supportsRunInTerminalRequest", &Self::supportsRunInTerminalRequest),
            field("supportsProgressReporting", &Self::supportsProgressReporting),
            field("supportsInvalidatedEvent", &Self::supportsInvalidatedEvent),
            field("supportsMemoryEvent", &Self::supportsMemoryEvent),
            field("supportsMemoryReferences", &Self::supportsMemoryReferences));
    }
};

/// The launch settings of shared use: docs/vscode.md.
struct LaunchArguments {
    Optional<std::string> program{};
    Optional<std::vector<std::string>> args{};
    Optional<std::map<std::string, Json>> env{}; ///< null removes nothing: the guest's begins empty
    Optional<std::string> cwd{};
    Optional<bool> stopOnEntry{};
    Optional<std::string> console{}; ///< "internalConsole", "integratedTerminal", "externalTerminal"
    Optional<std::vector<std::string>> preopens{};
    Optional<std::string> engine{};
    Optional<std::string> optLevel{};
    Optional<std::string> debugFile{};
    Optional<std::map<std::string, std::string>> sourceMap{};
    Optional<bool> noDebug{};

    static constexpr auto fields() {
        using Self = LaunchArguments;
        return std::tuple(field("program", &Self::program), field("args", &Self::args),
                          field("env", &Self::env), field("cwd", &Self::cwd),
                          field("stopOnEntry", &Self::stopOnEntry),
                          field("console", &Self::console), field("preopens", &Self::preopens),
                          field("engine", &Self::engine), field("optLevel", &Self::optLevel),
                          field("debugFile", &Self::debugFile),
                          field("sourceMap", &Self::sourceMap), field("noDebug", &Self::noDebug));
    }
};

struct AttachArguments {
    Optional<std::string> connect{};
    Optional<std::string> native{};
    Optional<std::string> module{};
    Optional<std::string> debugFile{};
    Optional<std::map<std::string, std::string>> sourceMap{};
    Optional<bool> stopOnAttach{};

    static constexpr auto fields() {
        using Self = AttachArguments;
        return std::tuple(field("connect", &Self::connect), field("native", &Self::native),
                          field("module", &Self::module), field("debugFile", &Self::debugFile),
                          field("sourceMap", &Self::sourceMap),
                          field("stopOnAttach", &Self::stopOnAttach));
    }
};

struct DisconnectArguments {
    Optional<bool> restart{};
    Optional<bool> terminateDebuggee{};
    Optional<bool> suspendDebuggee{};

    static constexpr auto fields() {
        return std::tuple(field("restart", &DisconnectArguments::restart),
                          field("terminateDebuggee", &DisconnectArguments::terminateDebuggee),
                          field("suspendDebuggee", &DisconnectArguments::suspendDebuggee));
    }
};

struct RestartArguments {
    Optional<LaunchArguments> arguments{};

    static constexpr auto fields() {
        return std::tuple(field("arguments", &RestartArguments::arguments));
    }
};

struct CancelArguments {
    Optional<std::int64_t> requestId{};
    Optional<std::string> progressId{};

    static constexpr auto fields() {
        return std::tuple(field("requestId", &CancelArguments::requestId),
                          field("progressId", &CancelArguments::progressId));
    }
};

// --- Breakpoints ---------------------------------------------------------------------------------

struct SetBreakpointsArguments {
    Source source{};
    Optional<std::vector<SourceBreakpoint>> breakpoints{};
    Optional<std::vector<std::int64_t>> lines{};

    static constexpr auto fields() {
        return std::tuple(field("source", &SetBreakpointsArguments::source),
                          field("breakpoints", &SetBreakpointsArguments::breakpoints),
                          field("lines", &SetBreakpointsArguments::lines));
    }
};

struct SetFunctionBreakpointsArguments {
    std::vector<FunctionBreakpoint> breakpoints{};

    static constexpr auto fields() {
        return std::tuple(field("breakpoints", &SetFunctionBreakpointsArguments::breakpoints));
    }
};

struct SetInstructionBreakpointsArguments {
    std::vector<InstructionBreakpoint> breakpoints{};

    static constexpr auto fields() {
        return std::tuple(field("breakpoints", &SetInstructionBreakpointsArguments::breakpoints));
    }
};

struct SetDataBreakpointsArguments {
    std::vector<DataBreakpoint> breakpoints{};

    static constexpr auto fields() {
        return std::tuple(field("breakpoints", &SetDataBreakpointsArguments::breakpoints));
    }
};

struct SetExceptionBreakpointsArguments {
    std::vector<std::string> filters{};

    static constexpr auto fields() {
        return std::tuple(field("filters", &SetExceptionBreakpointsArguments::filters));
    }
};

struct BreakpointsBody {
    std::vector<Breakpoint> breakpoints{};

    static constexpr auto fields() {
        return std::tuple(field("breakpoints", &BreakpointsBody::breakpoints));
    }
};

struct DataBreakpointInfoArguments {
    Optional<std::int64_t> variablesReference{};
    std::string name{};
    Optional<std::int64_t> frameId{};
    Optional<std::int64_t> bytes{};
    Optional<bool> asAddress{};

    static constexpr auto fields() {
        using Self = DataBreakpointInfoArguments;
        return std::tuple(field("variablesReference", &Self::variablesReference),
                          field("name", &Self::name), field("frameId", &Self::frameId),
                          field("bytes", &Self::bytes), field("asAddress", &Self::asAddress));
    }
};

struct DataBreakpointInfoBody {
    Json dataId{}; ///< null: there can be none
    std::string description{};
    Optional<std::vector<std::string>> accessTypes{};
    Optional<bool> canPersist{};

    static constexpr auto fields() {
        return std::tuple(field("dataId", &DataBreakpointInfoBody::dataId),
                          field("description", &DataBreakpointInfoBody::description),
                          field("accessTypes", &DataBreakpointInfoBody::accessTypes),
                          field("canPersist", &DataBreakpointInfoBody::canPersist));
    }
};

struct BreakpointLocationsArguments {
    Source source{};
    std::int64_t line = 0;
    Optional<std::int64_t> endLine{};

    static constexpr auto fields() {
        return std::tuple(field("source", &BreakpointLocationsArguments::source),
                          field("line", &BreakpointLocationsArguments::line),
                          field("endLine", &BreakpointLocationsArguments::endLine));
    }
};

struct BreakpointLocationsBody {
    std::vector<BreakpointLocation> breakpoints{};

    static constexpr auto fields() {
        return std::tuple(field("breakpoints", &BreakpointLocationsBody::breakpoints));
    }
};

// --- Run control ---------------------------------------------------------------------------------

struct ThreadArguments {
    std::int64_t threadId = 0;
    Optional<bool> singleThread{};

    static constexpr auto fields() {
        return std::tuple(field("threadId", &ThreadArguments::threadId),
                          field("singleThread", &ThreadArguments::singleThread));
    }
};

struct ContinueBody {
    bool allThreadsContinued = true;

    static constexpr auto fields() {
        return std::tuple(field("allThreadsContinued", &ContinueBody::allThreadsContinued));
    }
};

struct StepArguments {
    std::int64_t threadId = 0;
    Optional<bool> singleThread{};
    Optional<std::string> granularity{}; ///< "statement", "line", "instruction"
    Optional<std::int64_t> targetId{};   ///< stepIn only

    static constexpr auto fields() {
        return std::tuple(field("threadId", &StepArguments::threadId),
                          field("singleThread", &StepArguments::singleThread),
                          field("granularity", &StepArguments::granularity),
                          field("targetId", &StepArguments::targetId));
    }
};

struct FrameArguments {
    std::int64_t frameId = 0;

    static constexpr auto fields() {
        return std::tuple(field("frameId", &FrameArguments::frameId));
    }
};

struct StepInTargetsBody {
    std::vector<StepInTarget> targets{};

    static constexpr auto fields() {
        return std::tuple(field("targets", &StepInTargetsBody::targets));
    }
};

// --- State ---------------------------------------------------------------------------------------

struct ThreadsBody {
    std::vector<Thread> threads{};

    static constexpr auto fields() { return std::tuple(field("threads", &ThreadsBody::threads)); }
};

struct StackTraceArguments {
    std::int64_t threadId = 0;
    Optional<std::uint32_t> startFrame{};
    Optional<std::uint32_t> levels{}; ///< 0 or none: all

    static constexpr auto fields() {
        return std::tuple(field("threadId", &StackTraceArguments::threadId),
                          field("startFrame", &StackTraceArguments::startFrame),
                          field("levels", &StackTraceArguments::levels));
    }
};

struct StackTraceBody {
    std::vector<StackFrame> stackFrames{};
    Optional<std::int64_t> totalFrames{};

    static constexpr auto fields() {
        return std::tuple(field("stackFrames", &StackTraceBody::stackFrames),
                          field("totalFrames", &StackTraceBody::totalFrames));
    }
};

struct ScopesBody {
    std::vector<Scope> scopes{};

    static constexpr auto fields() { return std::tuple(field("scopes", &ScopesBody::scopes)); }
};

struct VariablesArguments {
    std::int64_t variablesReference = 0;
    Optional<std::string> filter{}; ///< "indexed", "named"
    Optional<std::uint64_t> start{};
    Optional<std::uint64_t> count{};
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        using Self = VariablesArguments;
        return std::tuple(field("variablesReference", &Self::variablesReference),
                          field("filter", &Self::filter), field("start", &Self::start),
                          field("count", &Self::count), field("format", &Self::format));
    }
};

struct VariablesBody {
    std::vector<Variable> variables{};

    static constexpr auto fields() {
        return std::tuple(field("variables", &VariablesBody::variables));
    }
};

struct SetVariableArguments {
    std::int64_t variablesReference = 0;
    std::string name{};
    std::string value{};
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        using Self = SetVariableArguments;
        return std::tuple(field("variablesReference", &Self::variablesReference),
                          field("name", &Self::name), field("value", &Self::value),
                          field("format", &Self::format));
    }
};

struct SetExpressionArguments {
    std::string expression{};
    std::string value{};
    Optional<std::int64_t> frameId{};
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        using Self = SetExpressionArguments;
        return std::tuple(field("expression", &Self::expression), field("value", &Self::value),
                          field("frameId", &Self::frameId), field("format", &Self::format));
    }
};

/// Body of setVariable and setExpression.
struct SetValueBody {
    std::string value{};
    Optional<std::string> type{};
    std::int64_t variablesReference = 0;
    Optional<std::int64_t> namedVariables{};
    Optional<std::int64_t> indexedVariables{};
    Optional<std::string> memoryReference{};

    static constexpr auto fields() {
        using Self = SetValueBody;
        return std::tuple(field("value", &Self::value), field("type", &Self::type),
                          field("variablesReference", &Self::variablesReference),
                          field("namedVariables", &Self::namedVariables),
                          field("indexedVariables", &Self::indexedVariables),
                          field("memoryReference", &Self::memoryReference));
    }
};

struct EvaluateArguments {
    std::string expression{};
    Optional<std::int64_t> frameId{};
    Optional<std::string> context{}; ///< "watch", "repl", "hover", "clipboard", "variables"
    Optional<ValueFormat> format{};

    static constexpr auto fields() {
        return std::tuple(field("expression", &EvaluateArguments::expression),
                          field("frameId", &EvaluateArguments::frameId),
                          field("context", &EvaluateArguments::context),
                          field("format", &EvaluateArguments::format));
    }
};

struct EvaluateBody {
    std::string result{};
    Optional<std::string> type{};
    Optional<VariablePresentationHint> presentationHint{};
    std::int64_t variablesReference = 0;
    Optional<std::int64_t> namedVariables{};
    Optional<std::int64_t> indexedVariables{};
    Optional<std::string> memoryReference{};

    static constexpr auto fields() {
        using Self = EvaluateBody;
        return std::tuple(field("result", &Self::result), field("type", &Self::type),
                          field("presentationHint", &Self::presentationHint),
                          field("variablesReference", &Self::variablesReference),
                          field("namedVariables", &Self::namedVariables),
                          field("indexedVariables", &Self::indexedVariables),
                          field("memoryReference", &Self::memoryReference));
    }
};

struct CompletionsArguments {
    Optional<std::int64_t> frameId{};
    std::string text{};
    std::int64_t column = 0;
    Optional<std::int64_t> line{};

    static constexpr auto fields() {
        return std::tuple(field("frameId", &CompletionsArguments::frameId),
                          field("text", &CompletionsArguments::text),
                          field("column", &CompletionsArguments::column),
                          field("line", &CompletionsArguments::line));
    }
};

struct CompletionsBody {
    std::vector<CompletionItem> targets{};

    static constexpr auto fields() {
        return std::tuple(field("targets", &CompletionsBody::targets));
    }
};

struct ExceptionDetails {
    Optional<std::string> message{};
    Optional<std::string> typeName{};

    static constexpr auto fields() {
        return std::tuple(field("message", &ExceptionDetails::message),
                          field("typeName", &ExceptionDetails::typeName));
    }
};

struct ExceptionInfoBody {
    std::string exceptionId{};
    Optional<std::string> description{};
    std::string breakMode{};
    Optional<ExceptionDetails> details{};

    static constexpr auto fields() {
        return std::tuple(field("exceptionId", &ExceptionInfoBody::exceptionId),
                          field("description", &ExceptionInfoBody::description),
                          field("breakMode", &ExceptionInfoBody::breakMode),
                          field("details", &ExceptionInfoBody::details));
    }
};

// --- Memory, code, modules -----------------------------------------------------------------------

struct ReadMemoryArguments {
    std::string memoryReference{};
    Optional<std::int64_t> offset{};
    std::int64_t count = 0;

    static constexpr auto fields() {
        return std::tuple(field("memoryReference", &ReadMemoryArguments::memoryReference),
                          field("offset", &ReadMemoryArguments::offset),
                          field("count", &ReadMemoryArguments::count));
    }
};

struct ReadMemoryBody {
    std::string address{};
    Optional<std::int64_t> unreadableBytes{};
    Optional<std::string> data{}; ///< base64

    static constexpr auto fields() {
        return std::tuple(field("address", &ReadMemoryBody::address),
                          field("unreadableBytes", &ReadMemoryBody::unreadableBytes),
                          field("data", &ReadMemoryBody::data));
    }
};

struct WriteMemoryArguments {
    std::string memoryReference{};
    Optional<std::int64_t> offset{};
    Optional<bool> allowPartial{};
    std::string data{}; ///< base64

    static constexpr auto fields() {
        return std::tuple(field("memoryReference", &WriteMemoryArguments::memoryReference),
                          field("offset", &WriteMemoryArguments::offset),
                          field("allowPartial", &WriteMemoryArguments::allowPartial),
                          field("data", &WriteMemoryArguments::data));
    }
};

struct WriteMemoryBody {
    Optional<std::int64_t> offset{};
    Optional<std::int64_t> bytesWritten{};

    static constexpr auto fields() {
        return std::tuple(field("offset", &WriteMemoryBody::offset),
                          field("bytesWritten", &WriteMemoryBody::bytesWritten));
    }
};

struct DisassembleArguments {
    std::string memoryReference{};
    Optional<std::int64_t> offset{};            ///< bytes
    Optional<std::int64_t> instructionOffset{}; ///< instructions, applied after `offset`
    std::int64_t instructionCount = 0;
    Optional<bool> resolveSymbols{};

    static constexpr auto fields() {
        using Self = DisassembleArguments;
        return std::tuple(field("memoryReference", &Self::memoryReference),
                          field("offset", &Self::offset),
                          field("instructionOffset", &Self::instructionOffset),
                          field("instructionCount", &Self::instructionCount),
                          field("resolveSymbols", &Self::resolveSymbols));
    }
};

struct DisassembleBody {
    std::vector<DisassembledInstruction> instructions{};

    static constexpr auto fields() {
        return std::tuple(field("instructions", &DisassembleBody::instructions));
    }
};

struct ModulesArguments {
    Optional<std::uint64_t> startModule{};
    Optional<std::uint64_t> moduleCount{}; ///< 0 or none: all

    static constexpr auto fields() {
        return std::tuple(field("startModule", &ModulesArguments::startModule),
                          field("moduleCount", &ModulesArguments::moduleCount));
    }
};

struct ModulesBody {
    std::vector<Module> modules{};
    Optional<std::uint64_t> totalModules{};

    static constexpr auto fields() {
        return std::tuple(field("modules", &ModulesBody::modules),
                          field("totalModules", &ModulesBody::totalModules));
    }
};

struct LoadedSourcesBody {
    std::vector<Source> sources{};

    static constexpr auto fields() {
        return std::tuple(field("sources", &LoadedSourcesBody::sources));
    }
};

struct SourceArguments {
    Optional<Source> source{};
    std::int64_t sourceReference = 0;

    static constexpr auto fields() {
        return std::tuple(field("source", &SourceArguments::source),
                          field("sourceReference", &SourceArguments::sourceReference));
    }
};

struct SourceBody {
    std::string content{};
    Optional<std::string> mimeType{};

    static constexpr auto fields() {
        return std::tuple(field("content", &SourceBody::content),
                          field("mimeType", &SourceBody::mimeType));
    }
};

struct LocationsArguments {
    std::int64_t locationReference = 0;

    static constexpr auto fields() {
        return std::tuple(field("locationReference", &LocationsArguments::locationReference));
    }
};

struct LocationsBody {
    Source source{};
    std::int64_t line = 0;
    Optional<std::int64_t> column{};

    static constexpr auto fields() {
        return std::tuple(field("source", &LocationsBody::source),
                          field("line", &LocationsBody::line),
                          field("column", &LocationsBody::column));
    }
};

} // namespace wdbg::dap::protocol
// NOLINTEND(readability-identifier-naming)
