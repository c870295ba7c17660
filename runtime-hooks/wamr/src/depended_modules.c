/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR knows the modules that others import from by their names only: one of the other kind than
 * the importing module's was taken for one of its own kind. (The linker's --wrap.) */

#include "../common/wasm_runtime_common.h"
#include "hooks.h"

#include <stdio.h>

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names */
WASMModuleCommon* __real_wasm_runtime_load_depended_module(const WASMModuleCommon* parent,
                                                           const char* name, char* error,
                                                           uint32 size);

WASMModuleCommon* __wrap_wasm_runtime_load_depended_module(const WASMModuleCommon* parent,
                                                           const char* name, char* error,
                                                           uint32 size) {
    const WASMModuleCommon* known = wasm_runtime_find_module_registered(name);
    if (known && known->module_type != parent->module_type) {
        wdbg_wants_other_kind(name);
        snprintf(error, size, "unknown import %s", name);
        return NULL;
    }
    return __real_wasm_runtime_load_depended_module(parent, name, error, size);
}

/* NOLINTEND(bugprone-reserved-identifier) */
