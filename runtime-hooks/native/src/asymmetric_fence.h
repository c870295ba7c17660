// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <atomic>

/// A store followed by a load, as Dekker's algorithm has it on both sides, of which one side is
/// much rarer: the rare side pays for both (membarrier(2)). Where the system does not offer that,
/// light_store() is sequentially consistent.
namespace wdbg::native {

/// Once for the process, before light_store() is used.
void prepare_asymmetric_fence();

/// Whether heavy_fence() orders the light sides' accesses.
extern std::atomic<bool> fence_is_asymmetric;

/// The frequent side: what is loaded behind it was not loaded before others see the store, or is
/// at least as new as what stood before a heavy_fence() that did not see the store.
template <class T>
void light_store(std::atomic<T>& to, T value) {
    if (fence_is_asymmetric.load(std::memory_order_relaxed)) {
        to.store(value, std::memory_order_release);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
        to.store(value);
    }
}

/// The rare side, between its store and its load.
void heavy_fence();

} // namespace wdbg::native
