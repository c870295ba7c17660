// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>

#include <array>
#include <csignal>
#include <ucontext.h>

namespace wdbg::native {

using SignalFunction = void (*)(int, siginfo_t*, void*);

/// Our place among the process's handlers of a few signals. Two others are kept for each signal:
/// `first`, which was there before the very first install (the host's), and `latest`, which the
/// runtime may have installed since.
class SignalChain {
  public:
    static constexpr std::array<int, 5> signals{SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

    SignalChain() = default;
    SignalChain(const SignalChain&) = delete;
    SignalChain& operator=(const SignalChain&) = delete;
    /// Where our handlers are in front, puts back `latest`.
    ~SignalChain();

    /// Puts `ours` in front wherever it is not. `also_blocked` is blocked in the handlers.
    Result<void> install(SignalFunction ours, int also_blocked);

    // Both are async-signal-safe.

    /// The signal is not ours. Hands it to `latest` if `guest_thread`, else to `first`. The called
    /// handler may leave by longjmp.
    void pass_on(int signal, siginfo_t* info, ucontext_t* context, bool guest_thread) const;

    /// This thread has passed on this very signal, and the handler has called us back with it: WAMR
    /// keeps one previous handler for the process, not one for each thread, and may well find ours
    /// there. `frame` is the asking handler's frame address.
    [[nodiscard]] static bool came_back(const siginfo_t* info, const void* frame);

  private:
    struct Entry {
        struct sigaction first{};
        struct sigaction latest{};
        bool installed = false;
    };

    std::array<Entry, signals.size()> entries_{};
    SignalFunction ours_ = nullptr;
};

} // namespace wdbg::native
