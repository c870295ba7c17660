// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_passes.h"

#include "debug_order.h"
#include "held_places.h"
#include "jump_room.h"
#include "stack_offsets.h"
#include "stale_locations.h"

#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#if __has_include(<llvm/Target/RegisterTargetPassConfigCallback.h>)
#define WDBG_HAS_PASS_CONFIG_CALLBACK // LLVM 22
#include <llvm/Target/RegisterTargetPassConfigCallback.h>
#endif

namespace wdbg::compile {

#ifdef WDBG_HAS_PASS_CONFIG_CALLBACK
namespace {

/// `before` runs in front of the scheduler, as the last pass that all machines have.
void keep_debug_order(llvm::TargetPassConfig& config, char& before, char& scheduler) {
    const DebugOrderPasses order = make_debug_order_passes();
    config.insertPass(&before, order.remember);
    config.insertPass(&scheduler, order.restore);
}

} // namespace
#endif

void add_machine_passes() {
#ifdef WDBG_HAS_PASS_CONFIG_CALLBACK
    static const llvm::RegisterTargetPassConfigCallback callback(
        [](llvm::TargetMachine&, llvm::legacy::PassManagerBase&, llvm::TargetPassConfig* config) {
            config->insertPass(&llvm::FinalizeISelID, make_line_order_pass());
            keep_debug_order(*config, llvm::RegisterCoalescerID, llvm::MachineSchedulerID);
            // One of the two, which one is up to the machine.
            keep_debug_order(*config, llvm::ExpandPostRAPseudosID, llvm::PostRASchedulerID);
            keep_debug_order(*config, llvm::ExpandPostRAPseudosID, llvm::PostMachineSchedulerID);
            config->insertPass(&llvm::PatchableFunctionID, make_held_places_pass());
            config->insertPass(&llvm::LiveDebugValuesID, make_stale_locations_pass());
            config->insertPass(&llvm::LiveDebugValuesID, make_stack_offsets_pass());
            config->insertPass(&llvm::LiveDebugValuesID, make_jump_room_pass());
        });
#endif
}

} // namespace wdbg::compile
