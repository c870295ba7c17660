// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/rsp/server.h>

#include <optional>

namespace wdbg::rsp {

/// LLDB's "fast stepping": over the rest of a line it sets a breakpoint in front of what it takes
/// for the next branch, or behind the line, and continues. Where it has overlooked what leaves the
/// line (ServerOptions::leaves_unseen), the guest would be lost: here such a `c` becomes a step
/// over the range up to the breakpoint. Until LLDB takes that away, or shows a stop to its user, a
/// mere `c` means that it wants to go on within the line: then it becomes a step by one
/// instruction.
class FastStep {
  public:
    using LeavesUnseen = decltype(ServerOptions::leaves_unseen);

    /// Another packet comes: a breakpoint counts for the next one only.
    void packet_begins();
    void breakpoint_set(CodeAddress address);
    void breakpoint_removed(CodeAddress address);

    /// Also where a stop is shown (jThreadsInfo).
    void end() { step_.reset(); }

    /// The thread of a step that is under way.
    [[nodiscard]] std::optional<ThreadId> thread() const {
        return step_ ? std::optional(step_->thread) : std::nullopt;
    }

    /// `thread`, at `pc`, is the one that LLDB looks at. Of other clients: not to be called.
    void change(ResumeRequest& request, ThreadId thread, CodeAddress pc,
                const LeavesUnseen& leaves_unseen);

  private:
    struct Step {
        ThreadId thread;
        CodeAddress breakpoint;
    };

    /// The one that was removed last: LLDB steps off a breakpoint so, and puts it back.
    struct Lifted {
        CodeAddress breakpoint;
        unsigned resumes = 0; ///< since then
    };

    std::optional<CodeAddress> set_now_;    ///< by this packet
    std::optional<CodeAddress> set_before_; ///< by the one before
    std::optional<Lifted> lifted_;
    std::optional<Step> step_;
};

} // namespace wdbg::rsp
