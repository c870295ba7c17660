/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

/* All headers of wasm_interp_classic.c, with the structs of the whole WAMR build. What follows may
 * then change macros for the loop alone. */

#include "../common/wasm_exec_env.h"
#include "../common/wasm_shared_memory.h"
#include "../libraries/thread-mgr/thread_manager.h"
#include "bh_log.h"
#include "hooks.h"
#include "wasm_interp.h"
#include "wasm_loader.h"
#include "wasm_memory.h"
#include "wasm_opcode.h"
#include "wasm_runtime.h"

#undef OS_ENABLE_HW_BOUND_CHECK
