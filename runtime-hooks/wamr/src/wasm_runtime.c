/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's runtime of interpreted modules: an instance that is about to be freed is told to the
 * engine. */

#include "wasm_runtime.h"

#include "../common/wasm_memory.h"
#include "../common/wasm_runtime_common.h"
#include "../common/wasm_shared_memory.h"
#include "../libraries/thread-mgr/thread_manager.h"
#include "bh_common.h"
#include "bh_log.h"
#include "hooks.h"
#include "mem_alloc.h"
#include "wasm_interp.h"
#include "wasm_loader.h"

/* In wasm_deinstantiate(), which also ends an instantiation that fails. */
#define wasm_runtime_sub_module_deinstantiate(instance)                                            \
    (wdbg_on_instance_destroyed((WASMModuleInstance*)(instance)),                                  \
     (wasm_runtime_sub_module_deinstantiate)(instance))

#include WDBG_WASM_RUNTIME_SOURCE
