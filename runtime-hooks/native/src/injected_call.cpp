// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "injected_call.h"

#include "guest_thread.h"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <limits>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wdbg::native {

namespace {

using namespace std::chrono_literals;

/// System V x86-64 psABI 3.2.2: bytes below the stack pointer that belong to the function.
constexpr std::uint64_t red_zone = 128;
constexpr std::uint64_t stack_alignment = 16;
/// How long a call that is told to end may still take, and how often it is told.
constexpr auto end_limit = 2s;
constexpr auto tell_period = 20ms;

/// Calls `function(data)` with the stack pointer `stack`, a multiple of 16.
extern "C" [[gnu::naked, gnu::noinline]] void
wdbg_native_call_on(std::uint64_t /*stack*/, void (* /*function*/)(void*), void* /*data*/) {
    __asm__("pushq %rbp\n\t"
            "movq %rsp, %rbp\n\t"
            "movq %rdi, %rsp\n\t"
            "movq %rdx, %rdi\n\t"
            "callq *%rsi\n\t"
            "movq %rbp, %rsp\n\t"
            "popq %rbp\n\t"
            "ret");
}

/// Returns the mask before.
sigset_t block_signals() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

/// Below the guest's frames. Signals are blocked on the way in and out, because until then they
/// would overwrite the stack of the handler that waits.
void run_on_guest_stack(void* data) {
    const auto& thread = *static_cast<const GuestThread*>(data);
    InjectedCall& call = *thread.call;
    const stack_t own{
        .ss_sp = call.signal_stack.data(), .ss_flags = 0, .ss_size = call.signal_stack.size()};
    stack_t before{};
    ::sigaltstack(&own, &before);
    ::pthread_sigmask(SIG_SETMASK, &thread.context.load()->uc_sigmask, nullptr);
    if (!call.leaving.load()) {
        call.guest->run();
    }
    block_signals();
    ::sigaltstack(&before, nullptr);
}

/// What the interrupted function does not use any more; aligned.
std::uint64_t free_stack(const ucontext_t& context) {
    return (sp_of(context) - red_zone) & ~(stack_alignment - 1);
}

[[noreturn]] void leave_call() {
    current_thread()->call->guest->leave();
    std::unreachable();
}

} // namespace

bool InjectedCall::wait(std::chrono::milliseconds limit) const {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (done.load() == 0) {
        const auto left = end - std::chrono::steady_clock::now();
        if (left <= 0s) {
            return false;
        }
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
        const timespec timeout{.tv_sec = seconds.count(),
                               .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
        ::syscall(SYS_futex, &done, FUTEX_WAIT_PRIVATE, 0, &timeout, nullptr, 0);
    }
    return true;
}

bool end_injected_call(InjectedCall& call, pid_t thread, int stop_signal) {
    call.leaving.store(true);
    const auto end = std::chrono::steady_clock::now() + end_limit;
    while (std::chrono::steady_clock::now() < end) {
        call.guest->end();
        ::syscall(SYS_tgkill, ::getpid(), thread, stop_signal);
        if (call.wait(tell_period)) {
            return true;
        }
    }
    return false;
}

void run_injected_call(GuestThread& thread) {
    const std::shared_ptr<InjectedCall> call = thread.call;
    const sigset_t mask = block_signals();
    stack_t now{};
    ::sigaltstack(nullptr, &now);
    if ((now.ss_flags & SS_ONSTACK) != 0) {
        wdbg_native_call_on(free_stack(*thread.context.load()), &run_on_guest_stack, &thread);
    } else { // the handler's frame is on the guest's stack, behind its red zone
        run_on_guest_stack(&thread);
    }
    ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    thread.calling.store(false);
    call->done.store(1);
    ::syscall(SYS_futex, &call->done, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr,
              nullptr, 0);
}

void leave_call_if_told(const GuestThread& thread) {
    if (thread.call->leaving.load()) {
        thread.call->guest->leave();
    }
}

void leave_call_if_told(const GuestThread& thread, ucontext_t& context) {
    if (!thread.call->leaving.load()) {
        return;
    }
    set_sp(context, free_stack(context) - sizeof(std::uint64_t)); // as behind a call
    set_pc(context, reinterpret_cast<std::uint64_t>(&leave_call));
}

} // namespace wdbg::native
