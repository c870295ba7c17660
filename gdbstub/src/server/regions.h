// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wdbg::rsp {

/// A stretch of LLDB's 64-bit address space (see WasmAddress).
struct Region {
    std::uint64_t start = 0;
    std::uint64_t size = 0;       ///< never 0 (llvm#179913)
    const char* permissions = ""; ///< "rw", "rx"; empty for a hole
    std::string name;
};

/// All memories and modules, by address; nothing overlaps. A memory is cut at 4 GiB, the most an
/// offset can express; instances and memories whose numbers do not fit are left out. Fails with
/// NotStopped while the guest runs.
[[nodiscard]] Result<std::vector<Region>> mapped_regions(const Debuggee& debuggee);

/// The region that holds `address`, be it a hole: then it reaches to the next region, or to the
/// last address but one, since the length of all 2^64 cannot be told.
[[nodiscard]] Region region_at(const std::vector<Region>& mapped, std::uint64_t address);

} // namespace wdbg::rsp
