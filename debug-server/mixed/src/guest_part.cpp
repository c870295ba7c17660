// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_part.h"

#include <utility>

namespace wdbg::mixed {

CodeAddress joint_address(std::uint32_t part, CodeAddress own) {
    return {.instance = joint_id(part, own.instance), .offset = own.offset};
}

CodeAddress own_address(CodeAddress joint) {
    return {.instance = own_id(joint.instance), .offset = joint.offset};
}

StopReason joint_reason(std::uint32_t part, StopReason own) {
    if (auto* hit = std::get_if<BreakpointHit>(&own)) {
        for (CodeAddress& address : hit->requested) {
            address = joint_address(part, address);
        }
    } else if (auto* access = std::get_if<WatchpointHit>(&own)) {
        access->watchpoint = joint_id(part, access->watchpoint);
        access->address.instance = joint_id(part, access->address.instance);
    }
    return own;
}

} // namespace wdbg::mixed
