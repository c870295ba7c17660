/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's classic interpreter loop with the stub's checks: compile this in place of
 * wasm_interp_classic.c, in a WAMR that is otherwise as you had it (no thread manager, no debug
 * option).
 *
 * The source has places for a debugger (WASM_ENABLE_DEBUG_INTERP). They are made of macros that
 * expand inside the loop, where its registers (frame, frame_ip, frame_sp) are in scope. Here each
 * becomes a call of the stub's; all other sources of WAMR keep their structs.
 *
 *   before each instruction   GET_SIGNAL_FLAG    -> wdbg_stub_on_attention, at the count's end
 *   planted byte fetched      DEBUG_OP_BREAK     -> wdbg_stub_on_break, then the original
 *   exception                 got_exception      -> wdbg_stub_on_exception
 *
 * WDBG_INTERP_SOURCE is the full path of wasm_interp_classic.c, in quotes. */

#include "bh_log.h"
#include "mem_alloc.h"
#include "stub_hooks.h"
#include "wasm_exec_env.h"
#include "wasm_interp.h"
#include "wasm_loader.h"
#include "wasm_memory.h"
#include "wasm_opcode.h"
#include "wasm_runtime.h"
#include "wasm_runtime_common.h"
#include "wasm_shared_memory.h"

#if WASM_ENABLE_THREAD_MGR != 0
#error "The stub serves one guest thread: build WAMR with WAMR_BUILD_THREAD_MGR=0"
#endif
#if WASM_ENABLE_FAST_INTERP != 0
#error "The fast interpreter has no place for a debugger: build WAMR with WAMR_BUILD_FAST_INTERP=0"
#endif
#if defined(OS_ENABLE_HW_BOUND_CHECK)
#error "Traps by signals have no place in the guest: build WAMR with WAMR_DISABLE_HW_BOUND_CHECK=1"
#endif

#undef WASM_ENABLE_DEBUG_INTERP
#define WASM_ENABLE_DEBUG_INTERP 1
/* The hooks' condition; what else it brings is defined away below. */
#undef WASM_ENABLE_THREAD_MGR
#define WASM_ENABLE_THREAD_MGR 1
#define _THREAD_MANAGER_H

#define WDBG_SEAM_BREAK wdbg_stub_on_break
#define WDBG_SEAM_ORIGINAL wdbg_stub_original_opcode
#define WDBG_SEAM_EXCEPTION wdbg_stub_on_exception
#define WDBG_SEAM_ENTER wdbg_stub_on_enter
#include <wdbg_interp_seams.h>

/* --- Before each instruction
 *
 * GET_SIGNAL_FLAG() loads through BH_ATOMIC_32_LOAD. The value given back is constant, so that the
 * stepping code that WAMR has behind it is compiled away; the names below let it parse. */
#undef BH_ATOMIC_32_IS_ATOMIC
#define BH_ATOMIC_32_IS_ATOMIC 1
#undef BH_ATOMIC_32_LOAD
#define BH_ATOMIC_32_LOAD(unused)                                                                  \
    ({                                                                                             \
        if (__builtin_expect(--wdbg_stub_countdown <= 0, 0)) {                                     \
            SYNC_ALL_TO_FRAME();                                                                   \
            if (wdbg_stub_on_attention(exec_env)) {                                                \
                goto got_exception;                                                                \
            }                                                                                      \
        }                                                                                          \
        0U;                                                                                        \
    })
#define WAMR_SIG_SINGSTEP 1U
#define current_status next
#define step_count wasm_stack_size
#define signal_flag wasm_stack_size
#define wasm_cluster_thread_waiting_run(unused_env) ((void)0)

/* --- CHECK_SUSPEND_FLAGS: nothing, without threads */
#define IS_WAMR_TERM_SIG(unused) 0
#define IS_WAMR_STOP_SIG(unused) 0
#define os_mutex_lock(unused) ((void)0)
#define os_mutex_unlock(unused) ((void)0)

/* --- Ends of blocks
 *
 * Searching reads the code: without planted bytes, please. The debug flavour of `block` searches at
 * once; as in the plain flavour, leave it to the branch that needs it. */
static bool find_block(WASMExecEnv* env, BlockAddr* cache, const uint8* start,
                       const uint8* code_end, uint8 label, uint8** else_address,
                       uint8** end_address) {
    wdbg_breakpoints_hide();
    const bool found =
        wasm_loader_find_block_addr(env, cache, start, code_end, label, else_address, end_address);
    wdbg_breakpoints_show();
    return found;
}

#define wasm_loader_find_block_addr(env, cache, start, code_end, label, else_out, end_out)         \
    ((label) == LABEL_TYPE_BLOCK && __builtin_strcmp(#start, "frame_ip") == 0                      \
         ? (*(end_out) = NULL, true)                                                               \
         : find_block(env, cache, start, code_end, label, else_out, end_out))

#include WDBG_INTERP_SOURCE
