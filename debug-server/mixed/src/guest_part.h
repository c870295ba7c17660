// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/mixed/mixed_debuggee.h>

#include <array>
#include <cstddef>
#include <vector>

namespace wdbg::mixed {

inline constexpr std::uint32_t part_count = 2;

/// Of an instance, a module or a watchpoint: the part's own id and the guest's.
template <class Id>
[[nodiscard]] constexpr Id joint_id(std::uint32_t part, Id own) {
    return Id{own.value * part_count + part};
}

template <class Id>
[[nodiscard]] constexpr std::uint32_t part_of(Id joint) {
    return joint.value % part_count;
}

template <class Id>
[[nodiscard]] constexpr Id own_id(Id joint) {
    return Id{joint.value / part_count};
}

[[nodiscard]] CodeAddress joint_address(std::uint32_t part, CodeAddress own);
[[nodiscard]] CodeAddress own_address(CodeAddress joint);

/// All that it names by the guest's ids, but for threads.
[[nodiscard]] StopReason joint_reason(std::uint32_t part, StopReason own);

/// A part and how far it has come in the stop that is under way.
struct PartState {
    Part part;
    bool stopped = false;
    bool asked = false; ///< to stop
    std::vector<ThreadStop> reasons{};

    void go() {
        stopped = false;
        asked = false;
        reasons.clear();
    }
};

using Parts = std::array<PartState, part_count>;

} // namespace wdbg::mixed
