// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "code_tables.h"
#include "guest_thread.h"
#include "signal_chain.h"

#include <atomic>

/// What handlers and gates of this process share with the ProcessTarget.
namespace wdbg::native {

struct ProcessState {
    CodeTables tables;
    SignalChain chain;
    int stop_signal = 0;
    int event_fd = -1; ///< eventfd(2): a thread has parked, or something else happened
    /// Nobody wants to hear of faults and watchpoints otherwise.
    std::atomic<bool> attached{true};

    void notify() const; ///< async-signal-safe
};

/// nullptr while there is no ProcessTarget.
[[nodiscard]] ProcessState* process_state();
void set_process_state(ProcessState* state);

} // namespace wdbg::native
