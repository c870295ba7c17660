// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "signal_chain.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace wdbg::native {

namespace {

/// The signal that this thread is handing on just now, to recognise it when it comes back. A
/// handler that left by longjmp leaves this behind; then the next signal's frame is not below
/// `frame`.
struct PassingOn {
    const siginfo_t* info = nullptr;
    std::uintptr_t frame = 0;
};

[[gnu::tls_model("initial-exec")]] thread_local PassingOn passing_on;

bool is_ours(const struct sigaction& action, SignalFunction ours) {
    return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == ours;
}

/// As if we had never been there: the thread ends with this signal. A fault comes again by itself.
void default_action(int signal, const siginfo_t* info) {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
    const bool comes_again = signal != SIGTRAP && info->si_code > 0;
    if (!comes_again) {
        ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
    }
}

/// The mask that the kernel would have set for this handler: it may leave by longjmp, and SIGTRAP
/// must not stay blocked then.
void set_mask(const ucontext_t* context, const struct sigaction& action, int signal) {
    sigset_t mask = context->uc_sigmask;
    sigorset(&mask, &context->uc_sigmask, &action.sa_mask);
    if ((action.sa_flags & SA_NODEFER) == 0) {
        sigaddset(&mask, signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

} // namespace

SignalChain::~SignalChain() {
    for (std::size_t i = 0; i < signals.size(); ++i) {
        struct sigaction now{};
        ::sigaction(signals.at(i), nullptr, &now);
        if (entries_.at(i).installed && is_ours(now, ours_)) {
            ::sigaction(signals.at(i), &entries_.at(i).latest, nullptr);
        }
    }
}

Result<void> SignalChain::install(SignalFunction ours, int also_blocked) {
    ours_ = ours;
    for (std::size_t i = 0; i < signals.size(); ++i) {
        struct sigaction now{};
        ::sigaction(signals.at(i), nullptr, &now);
        if (is_ours(now, ours)) {
            continue;
        }
        Entry& entry = entries_.at(i);
        entry.latest = now;
        if (!entry.installed) {
            entry.first = now;
            entry.installed = true;
        }
        struct sigaction action{};
        action.sa_sigaction = ours;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaddset(&action.sa_mask, also_blocked);
        if (::sigaction(signals.at(i), &action, nullptr) != 0) {
            return fail(ErrorCode::Io, std::string("sigaction: ") + std::strerror(errno));
        }
    }
    return {};
}

bool SignalChain::came_back(const siginfo_t* info, const void* frame) {
    return passing_on.info == info && reinterpret_cast<std::uintptr_t>(frame) < passing_on.frame;
}

void SignalChain::pass_on(int signal, siginfo_t* info, ucontext_t* context,
                          bool guest_thread) const {
    const auto* place = std::ranges::find(signals, signal);
    const Entry& entry = entries_[static_cast<std::size_t>(place - signals.begin())];
    const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const struct sigaction& next = guest_thread ? entry.latest : entry.first;
    if (next.sa_handler == SIG_IGN && (info->si_code <= 0)) {
        return;
    }
    if (next.sa_handler == SIG_DFL || next.sa_handler == SIG_IGN) {
        default_action(signal, info);
        return;
    }
    const PassingOn outer = passing_on;
    passing_on = {.info = info, .frame = frame};
    sigset_t mask_before;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
    set_mask(context, next, signal);
    if ((next.sa_flags & SA_SIGINFO) != 0) {
        next.sa_sigaction(signal, info, context);
    } else {
        next.sa_handler(signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    passing_on = outer;
}

} // namespace wdbg::native
