// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "types.h"

/// Arguments and bodies of the requests ("Requests"), with their names on the wire: beginning and
/// end, breakpoints, run control. The rest is in state_requests.h.
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
    Optional<std::string>
        console{}; ///< "internalConsole", "integratedTerminal", "externalTerminal"
    Optional<std::vector<std::string>> preopens{};
    Optional<std::string> engine{};
    Optional<std::string> optLevel{};
    Optional<std::string> cpu{};
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
                          field("cpu", &Self::cpu), field("debugFile", &Self::debugFile),
                          field("sourceMap", &Self::sourceMap), field("noDebug", &Self::noDebug));
    }
};

struct AttachArguments {
    Optional<std::string> connect{};
    Optional<std::string> native{};
    Optional<std::string> module{};
    Optional<std::string> debugFile{};
    Optional<std::string> hostFile{};
    Optional<std::int64_t> reconnect{}; ///< seconds
    Optional<std::map<std::string, std::string>> sourceMap{};
    Optional<bool> stopOnAttach{};

    static constexpr auto fields() {
        using Self = AttachArguments;
        return std::tuple(field("connect", &Self::connect), field("native", &Self::native),
                          field("module", &Self::module), field("debugFile", &Self::debugFile),
                          field("hostFile", &Self::hostFile), field("reconnect", &Self::reconnect),
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

struct GotoTargetsArguments {
    Source source{};
    std::int64_t line = 0;

    static constexpr auto fields() {
        return std::tuple(field("source", &GotoTargetsArguments::source),
                          field("line", &GotoTargetsArguments::line));
    }
};

struct GotoTargetsBody {
    std::vector<GotoTarget> targets{};

    static constexpr auto fields() {
        return std::tuple(field("targets", &GotoTargetsBody::targets));
    }
};

struct GotoArguments {
    std::int64_t threadId = 0;
    std::int64_t targetId = 0;

    static constexpr auto fields() {
        return std::tuple(field("threadId", &GotoArguments::threadId),
                          field("targetId", &GotoArguments::targetId));
    }
};

} // namespace wdbg::dap::protocol

// NOLINTEND(readability-identifier-naming)
