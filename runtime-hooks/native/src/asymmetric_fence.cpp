// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace wdbg::native {

std::atomic<bool> fence_is_asymmetric{false};

void prepare_asymmetric_fence() {
    const bool offered =
        ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    fence_is_asymmetric.store(offered);
}

void heavy_fence() {
    if (fence_is_asymmetric.load(std::memory_order_relaxed)) {
        ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    }
}

} // namespace wdbg::native
