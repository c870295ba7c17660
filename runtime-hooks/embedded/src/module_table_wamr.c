/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "aot_runtime.h"
#include "wdbg_module_table_wamr.h"

uint32_t wdbg_module_instantiated(const struct WASMModuleInstanceCommon* instance, const char* name,
                                  const uint8_t* build_id, size_t build_id_size) {
    if (instance->module_type != Wasm_Module_AoT) {
        return 0;
    }
    const AOTModule* module = (const AOTModule*)((const AOTModuleInstance*)instance)->module;
    const struct WdbgModuleInfo info = {
        .code = module->code,
        .code_size = module->code_size,
        .module = module,
        .instance = instance,
        .build_id = build_id,
        .build_id_size = build_id_size,
        .name = name,
    };
    return wdbg_module_loaded(&info);
}
