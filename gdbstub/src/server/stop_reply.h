// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "reply.h"
#include "session.h"

#include <string>
#include <string_view>

namespace wdbg::rsp {

/// How a thread's stop is told.
struct StopText {
    unsigned signal = 0;     ///< Linux numbers, as LLDB's wasm process expects
    std::string_view reason; ///< LLDB's word; empty for none
    std::string description; ///< for people; for a watchpoint "address index hit-address"
};

/// | model            | signal       | reason     | description               |
/// |------------------|--------------|------------|---------------------------|
/// | StoppedAtEntry   | 05 SIGTRAP   | signal     | attached                  |
/// | BreakpointHit    | 05           | breakpoint |                           |
/// | StepDone         | 05           | trace      |                           |
/// | Interrupted      | 02 SIGINT    | signal     | only within a host call   |
/// | InstancesChanged | 00           |            | (`library:1;`: LLDB loads, resumes) |
/// | WatchpointHit    | 05           | watchpoint | address index hit-address |
/// | Trapped          | 08 SIGFPE for arithmetic, 04 SIGILL for unreachable, else 0b SIGSEGV |
/// |                  |              | exception  | the runtime's words       |
/// | (none)           | 00           |            |                           |
[[nodiscard]] StopText describe_stop(const Session& session, const ThreadView& thread);

/// The T packet for one thread: after a resume, for `?` and for qThreadStopInfo.
void write_stop_reply(const Session& session, const ThreadView& thread, Reply& out);

/// jThreadsInfo's array: for all threads, what a T packet tells of one.
[[nodiscard]] std::string threads_as_json(const Session& session, bool with_registers);

} // namespace wdbg::rsp
