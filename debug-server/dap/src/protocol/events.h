// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "types.h"

/// Bodies of the events ("Events"), with their names on the wire. `name` is the event's.
// NOLINTBEGIN(readability-identifier-naming): the wire's spelling
namespace wdbg::dap::protocol {

struct InitializedEvent : Empty {
    static constexpr std::string_view name = "initialized";
};

struct StoppedEvent {
    static constexpr std::string_view name = "stopped";

    std::string reason{}; ///< "step", "breakpoint", "exception", "pause", "entry", …
    Optional<std::string> description{};
    Optional<std::int64_t> threadId{};
    Optional<std::string> text{};
    Optional<bool> allThreadsStopped{};
    Optional<std::vector<int>> hitBreakpointIds{};

    static constexpr auto fields() {
        using Self = StoppedEvent;
        return std::tuple(field("reason", &Self::reason), field("description", &Self::description),
                          field("threadId", &Self::threadId), field("text", &Self::text),
                          field("allThreadsStopped", &Self::allThreadsStopped),
                          field("hitBreakpointIds", &Self::hitBreakpointIds));
    }
};

struct ContinuedEvent {
    static constexpr std::string_view name = "continued";

    std::int64_t threadId = 0;
    bool allThreadsContinued = true;

    static constexpr auto fields() {
        return std::tuple(field("threadId", &ContinuedEvent::threadId),
                          field("allThreadsContinued", &ContinuedEvent::allThreadsContinued));
    }
};

struct ExitedEvent {
    static constexpr std::string_view name = "exited";

    int exitCode = 0;

    static constexpr auto fields() { return std::tuple(field("exitCode", &ExitedEvent::exitCode)); }
};

struct TerminatedEvent : Empty {
    static constexpr std::string_view name = "terminated";
};

struct OutputEvent {
    static constexpr std::string_view name = "output";

    std::string category{}; ///< "console", "important", "stdout", "stderr"
    std::string output{};

    static constexpr auto fields() {
        return std::tuple(field("category", &OutputEvent::category),
                          field("output", &OutputEvent::output));
    }
};

struct ThreadEvent {
    static constexpr std::string_view name = "thread";

    std::string reason{}; ///< "started", "exited"
    std::int64_t threadId = 0;

    static constexpr auto fields() {
        return std::tuple(field("reason", &ThreadEvent::reason),
                          field("threadId", &ThreadEvent::threadId));
    }
};

struct BreakpointEvent {
    static constexpr std::string_view name = "breakpoint";

    std::string reason{}; ///< "changed"
    Breakpoint breakpoint{};

    static constexpr auto fields() {
        return std::tuple(field("reason", &BreakpointEvent::reason),
                          field("breakpoint", &BreakpointEvent::breakpoint));
    }
};

struct ModuleEvent {
    static constexpr std::string_view name = "module";

    std::string reason{}; ///< "new", "changed", "removed"
    Module module{};

    static constexpr auto fields() {
        return std::tuple(field("reason", &ModuleEvent::reason),
                          field("module", &ModuleEvent::module));
    }
};

struct LoadedSourceEvent {
    static constexpr std::string_view name = "loadedSource";

    std::string reason{};
    Source source{};

    static constexpr auto fields() {
        return std::tuple(field("reason", &LoadedSourceEvent::reason),
                          field("source", &LoadedSourceEvent::source));
    }
};

struct ProcessEvent {
    static constexpr std::string_view event_name = "process";

    std::string name{};
    Optional<std::int64_t> systemProcessId{};
    bool isLocalProcess = true;
    std::string startMethod{}; ///< "launch", "attach"

    static constexpr auto fields() {
        return std::tuple(field("name", &ProcessEvent::name),
                          field("systemProcessId", &ProcessEvent::systemProcessId),
                          field("isLocalProcess", &ProcessEvent::isLocalProcess),
                          field("startMethod", &ProcessEvent::startMethod));
    }
};

struct InvalidatedEvent {
    static constexpr std::string_view name = "invalidated";

    std::vector<std::string> areas{}; ///< "all", "stacks", "threads", "variables"

    static constexpr auto fields() { return std::tuple(field("areas", &InvalidatedEvent::areas)); }
};

struct MemoryEvent {
    static constexpr std::string_view name = "memory";

    std::string memoryReference{};
    std::int64_t offset = 0;
    std::int64_t count = 0;

    static constexpr auto fields() {
        return std::tuple(field("memoryReference", &MemoryEvent::memoryReference),
                          field("offset", &MemoryEvent::offset),
                          field("count", &MemoryEvent::count));
    }
};

struct ProgressStartEvent {
    static constexpr std::string_view name = "progressStart";

    std::string progressId{};
    std::string title{};
    Optional<std::string> message{};

    static constexpr auto fields() {
        return std::tuple(field("progressId", &ProgressStartEvent::progressId),
                          field("title", &ProgressStartEvent::title),
                          field("message", &ProgressStartEvent::message));
    }
};

struct ProgressEndEvent {
    static constexpr std::string_view name = "progressEnd";

    std::string progressId{};

    static constexpr auto fields() {
        return std::tuple(field("progressId", &ProgressEndEvent::progressId));
    }
};

} // namespace wdbg::dap::protocol

// NOLINTEND(readability-identifier-naming)
