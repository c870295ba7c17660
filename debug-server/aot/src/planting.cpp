// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Breakpoints that clients ask for.
#include "debuggee_impl.h"

#include <utility>

namespace wdbg::aot {

/// Frames on the stacks known so far that return to `address`: `finish` stops where the call really
/// returns, wherever optimisation has put what comes behind it.
std::vector<AotBreakpoints::ReturnSite> AotDebuggeeImpl::return_sites(CodeAddress address) const {
    std::vector<AotBreakpoints::ReturnSite> sites;
    for (const auto& [thread, stack] : stacks_) {
        for (std::size_t i = 0; i < stack.frames.size(); ++i) {
            const WasmFrame& frame = stack.frames[i];
            const NativeFrame& native = stack.native[frame.native];
            if (!frame.pc_is_return_address || frame.depth != 0 || frame.pc != address.offset ||
                native.kind != dwarf::AddressKind::ReturnAddress || native.instance == nullptr ||
                native.instance->id != address.instance) {
                continue;
            }
            AotBreakpoints::ReturnSite site{.site = native.registers.pc, .positions = {}};
            for (std::size_t outer = i;
                 outer < stack.frames.size() && stack.frames[outer].native == frame.native;
                 ++outer) {
                site.positions.push_back(stack.frames[outer].position);
            }
            site.positions.front().offset = address.offset;
            sites.push_back(std::move(site));
        }
    }
    return sites;
}

/// For one who is in the same function already and may be about to execute the instruction (a
/// step's end) whatever comes next stands for it. Others must not stop where it would never have
/// been.
dwarf::BreakpointSeeker AotDebuggeeImpl::seeker_of(CodeAddress address) const {
    dwarf::BreakpointSeeker seeker;
    for (const auto& [thread, stack] : stacks_) {
        for (const WasmFrame& frame : stack.frames) {
            const NativeFrame& native = stack.native[frame.native];
            const auto& wasm = native.module->wasm;
            const wasm::FunctionBody* body =
                wasm ? wasm->function_containing(address.offset) : nullptr;
            if (body != nullptr && body->index == frame.position.function &&
                native.instance != nullptr && native.instance->id == address.instance) {
                seeker.reach = dwarf::BreakpointReach::AnyWay;
                seeker.threads.push_back(native.pc);
            }
        }
    }
    return seeker;
}

Result<void> AotDebuggeeImpl::plant(CodeAddress address) {
    const auto instance = instance_at(address.instance);
    if (!instance && instances_.may_return(address.instance)) {
        breakpoints_.plant_later(address);
        return {};
    }
    if (!instance) {
        return std::unexpected(instance.error());
    }
    return breakpoints_.plant(**instance, address, seeker_of(address), return_sites(address),
                              others_of(**instance));
}

std::vector<InstanceMark> AotDebuggeeImpl::others_of(const AotInstance& instance) const {
    return options_.decides_hits ? instances_.others_of(instance) : std::vector<InstanceMark>();
}

Result<void> AotDebuggeeImpl::unplant(CodeAddress address) {
    return breakpoints_.unplant(address);
}

} // namespace wdbg::aot
