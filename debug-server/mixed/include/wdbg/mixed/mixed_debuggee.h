// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <cstdint>
#include <functional>
#include <memory>

/// One guest whose modules run in two engines of this process: some interpreted, some compiled.
namespace wdbg::mixed {

/// One engine's part of the guest. It has its own instances, breakpoints and stops; a thread that
/// has to do with both is known to both, and by its ThreadInfo::system_id for one.
struct Part {
    Debuggee& debuggee;
    /// The thread with this system_id stops (StepDone) when it comes into this part's code from
    /// elsewhere; 0: none does any more.
    std::function<void(std::uint64_t system_id)> step_in;
};

/// A Debuggee of two parts.
///
/// - Each id of an instance, module or watchpoint is 2 × the part's own, + 1 for the other part's.
/// - The guest is stopped when both parts are: the part that stops first makes the other one stop.
/// - A thread's stack is put together of both parts' frames, by Frame::native_stack.
/// - A step is one of the part that the thread is in; it ends also where the thread comes into the
///   other part, by a call (single instructions only) or a return.
///
/// `main` is the part with the guest's main thread: it has a thread whenever it is stopped. The
/// other one must stop also while it has none.
[[nodiscard]] std::unique_ptr<Debuggee> make_mixed_debuggee(Part main, Part other);

} // namespace wdbg::mixed
