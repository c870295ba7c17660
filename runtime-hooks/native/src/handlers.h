// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <csignal>

namespace wdbg::native {

/// SIGTRAP and faults.
void on_signal(int signal, siginfo_t* info, void* context);
/// The signal that asks a thread to park.
void on_stop_signal(int signal, siginfo_t* info, void* context);

} // namespace wdbg::native
