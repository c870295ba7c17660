// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine_passes.h"

#include "held_places.h"
#include "stack_offsets.h"
#include "stale_locations.h"

#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#if __has_include(<llvm/Target/RegisterTargetPassConfigCallback.h>)
#define WDBG_HAS_PASS_CONFIG_CALLBACK // LLVM 22
#include <llvm/Target/RegisterTargetPassConfigCallback.h>
#endif

namespace wdbg::compile {

void add_machine_passes() {
#ifdef WDBG_HAS_PASS_CONFIG_CALLBACK
    static const llvm::RegisterTargetPassConfigCallback callback(
        [](llvm::TargetMachine&, llvm::legacy::PassManagerBase&, llvm::TargetPassConfig* config) {
            config->insertPass(&llvm::PatchableFunctionID, make_held_places_pass());
            config->insertPass(&llvm::LiveDebugValuesID, make_stale_locations_pass());
            config->insertPass(&llvm::LiveDebugValuesID, make_stack_offsets_pass());
        });
#endif
}

} // namespace wdbg::compile
