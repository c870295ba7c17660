/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's classic interpreter loop with the stub's checks: compile this in place of
 * wasm_interp_classic.c, in a WAMR that is otherwise as you had it (no thread manager, no debug
 * option).
 *
 * The source has places for a debugger (WASM_ENABLE_DEBUG_INTERP). They are made of macros that
 * expand inside the loop, where its registers (frame, frame_ip, frame_sp) are in scope. Here each
 * becomes a call of the stub's; all other sources of WAMR keep their structs.
 *
 *   before each instruction   GET_SIGNAL_FLAG      -> wdbg_stub_on_attention, when the count is
 * down planted byte fetched      DEBUG_OP_BREAK       -> wdbg_stub_on_break, then the original
 * instruction exception                 got_exception        -> wdbg_stub_on_exception
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
#undef WASM_ENABLE_THREAD_MGR
#define WASM_ENABLE_THREAD_MGR                                                                     \
    1 /* the hooks' condition; what else it brings is defined away below */

/* --- The table of instructions gets a row for the planted byte -----------------------------------
 */
#define DEBUG_OP_BREAK 0xdc
#undef DEF_DEBUG_BREAK_HANDLE
#define DEF_DEBUG_BREAK_HANDLE() [DEBUG_OP_BREAK] = HANDLE_OPCODE(DEBUG_OP_BREAK),

/* --- Before each instruction
 * ----------------------------------------------------------------------- GET_SIGNAL_FLAG() loads
 * through BH_ATOMIC_32_LOAD. The value given back is constant, so that the stepping code that WAMR
 * has behind it is compiled away; the names below let it parse. */
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

/* --- CHECK_SUSPEND_FLAGS: nothing, without threads
 * -------------------------------------------------- */
#define IS_WAMR_TERM_SIG(unused) 0
#define IS_WAMR_STOP_SIG(unused) 0
#define os_mutex_lock(unused) ((void)0)
#define os_mutex_unlock(unused) ((void)0)

/* --- A planted byte
 * ----------------------------------------------------------------------------------
 * DEBUG_OP_BREAK's first statement. The original instruction is dispatched from here, with its
 * immediates where they always are. */
#define WAMR_SIG_TRAP 5
#define wasm_cluster_thread_send_signal(unused_env, unused_signal)                                 \
    do {                                                                                           \
        frame_ip--;                                                                                \
        SYNC_ALL_TO_FRAME();                                                                       \
        opcode = wdbg_stub_on_break(exec_env);                                                     \
        frame_ip++;                                                                                \
        goto* handle_table[opcode];                                                                \
    } while (0)

/* --- Exceptions
 * --------------------------------------------------------------------------------------- Used
 * twice: where the loop's locals are declared (no frame yet), and at got_exception. The value is a
 * null pointer in both, so that WAMR's own code there is never reached. */
#define wasm_exec_env_get_instance(unused_env)                                                     \
    ({                                                                                             \
        if (frame) {                                                                               \
            uint8* raised_behind_ = frame_ip;                                                      \
            if (frame_ip_orig) {                                                                   \
                frame_ip = frame_ip_orig;                                                          \
            }                                                                                      \
            SYNC_ALL_TO_FRAME();                                                                   \
            wdbg_stub_on_exception(exec_env);                                                      \
            frame_ip = raised_behind_;                                                             \
        } else {                                                                                   \
            wdbg_stub_on_enter(exec_env);                                                          \
        }                                                                                          \
        (WASMDebugInstance*)NULL;                                                                  \
    })

/* --- Watchpoints: none, so these lists stay empty
 * ------------------------------------------------------ The guards of thread_manager.h and
 * debug_engine.h keep WAMR's own structs out. */
#define _THREAD_MANAGER_H
#define _DEBUG_ENGINE_H

typedef struct WASMDebugWatchPoint {
    bh_list_link next;
    uint64 addr;
    uint64 length;
} WASMDebugWatchPoint;

typedef struct WASMDebugInstance {
    bh_list watch_point_list_read;
    bh_list watch_point_list_write;
} WASMDebugInstance;

#define WASM_ADDR_OFFSET(address) ((uint64)(uint32)(address))
#define bh_list_first_elem(list) ((list) ? (bh_list_first_elem)(list) : NULL)

/* --- Ends of blocks
 * ------------------------------------------------------------------------------------- Searching
 * reads the code: without planted bytes, please. The debug flavour of `block` searches at once; as
 * in the plain flavour, leave it to the branch that needs it. */
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
