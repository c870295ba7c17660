// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Threads that WAMR tells to end: out of the gate, and out of system calls.
#include "engine.h"
#include "wamr_access.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

namespace wdbg::wamr {

namespace {
constexpr std::chrono::milliseconds longest_pause{50};
} // namespace

bool Engine::on_cancel(WASMExecEnv* env) {
    const std::lock_guard lock(mutex_);
    bool known = false;
    for (GuestThread* thread : threads_) {
        if (std::ranges::find(thread->activations, env, &Activation::env) !=
            thread->activations.end()) {
            thread->cancelled = true;
            thread->wake.notify_all();
            known = true;
        }
    }
    return known && keep_waking();
}

/// Signals each thread that is to end and blocks in a system call; false if there is none. Such a
/// thread stays in guest code, and so alive, for as long as the caller holds the lock.
bool Engine::wake_blocked() {
    bool any = false;
    for (const GuestThread* thread : threads_) {
        for (const Activation& activation : thread->activations) {
            any = (thread->cancelled && wdbg_env_wake_blocked(activation.env)) || any;
        }
    }
    return any;
}

/// Wakes until nobody who is to end blocks any more, on a thread of its own: a signal that comes
/// right before the system call is lost. False if that thread cannot be had.
bool Engine::keep_waking() {
    if (waking_ || !wake_blocked()) {
        return true;
    }
    try {
        std::thread([this] {
            std::chrono::milliseconds pause{1};
            Lock lock(mutex_);
            while (wake_blocked()) {
                lock.unlock();
                std::this_thread::sleep_for(pause);
                pause = std::min(pause * 2, longest_pause);
                lock.lock();
            }
            waking_ = false;
        }).detach();
    } catch (const std::system_error&) {
        return false;
    }
    waking_ = true;
    return true;
}

} // namespace wdbg::wamr
