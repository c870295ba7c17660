/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's interpreter loop with the debugger's checks.
 *
 * The source has places for a debugger (WASM_ENABLE_DEBUG_INTERP). They are made of macros that
 * expand inside the loop, where its registers (frame, frame_ip, frame_sp) are in scope. Here each
 * of these macros becomes a call of ours; WAMR's debug engine, its structs and its per-instruction
 * locks are not used. What it costs: one load and one branch per instruction.
 *
 *   before each instruction   GET_SIGNAL_FLAG      -> wdbg_on_attention, if the thread's bit is set
 *   planted byte fetched      DEBUG_OP_BREAK       -> wdbg_on_break, then the original instruction
 *   exception                 got_exception        -> wdbg_on_exception
 *   host calls, atomic waits                       -> wdbg_host_call_enter / _leave
 *
 * Watchpoints are found by wdbg_on_attention, before the access.
 */

#include "interp_headers.h"

#undef WASM_ENABLE_DEBUG_INTERP
#define WASM_ENABLE_DEBUG_INTERP 1

#define wasm_interp_call_wasm wdbg_interp_debug

#define WDBG_SEAM_BREAK wdbg_on_break
#define WDBG_SEAM_ORIGINAL wdbg_original_opcode
#define WDBG_SEAM_EXCEPTION wdbg_on_exception
#define WDBG_SEAM_ENTER(unused_env) ((void)0)
#include <wdbg_interp_seams.h>
_Static_assert(DEBUG_OP_BREAK == WDBG_BREAK_OPCODE, "one number for the planted byte");

/* --- Before each instruction -------------------------------------------------------------------
 * GET_SIGNAL_FLAG() loads through BH_ATOMIC_32_LOAD. The value given back is constant, so that the
 * stepping code that WAMR has behind it is compiled away; the names below let it parse. */
#undef BH_ATOMIC_32_LOAD
#define BH_ATOMIC_32_LOAD(unused)                                                                  \
    ({                                                                                             \
        if (__builtin_expect(__atomic_load_n(&exec_env->suspend_flags.flags, __ATOMIC_RELAXED) &   \
                                 WDBG_ATTENTION,                                                   \
                             0)) {                                                                 \
            SYNC_ALL_TO_FRAME();                                                                   \
            wdbg_on_attention(exec_env);                                                           \
            WDBG_SEAM_TAKE_FRAME();                                                                \
        }                                                                                          \
        0U;                                                                                        \
    })
#undef WAMR_SIG_SINGSTEP
#define WAMR_SIG_SINGSTEP 1U
#define current_status cluster
#define step_count stack_size
#define signal_flag has_exception
#define wasm_cluster_thread_waiting_run(exec_env) ((void)0)

/* --- CHECK_SUSPEND_FLAGS: only "shall this thread end?"; it needs no lock ------------------------
 */
#undef IS_WAMR_TERM_SIG
#define IS_WAMR_TERM_SIG(unused)                                                                   \
    (__atomic_load_n(&exec_env->suspend_flags.flags, __ATOMIC_RELAXED) &                           \
     WASM_SUSPEND_FLAG_TERMINATE)
#undef IS_WAMR_STOP_SIG
#define IS_WAMR_STOP_SIG(unused) 0
#define os_mutex_lock(mutex)                                                                       \
    ((void*)(mutex) == (void*)&exec_env->wait_lock ? 0 : (os_mutex_lock)(mutex))
#define os_mutex_unlock(mutex)                                                                     \
    ((void*)(mutex) == (void*)&exec_env->wait_lock ? 0 : (os_mutex_unlock)(mutex))

/* --- Calls that may block ------------------------------------------------------------------------
 */
#define WDBG_HOST_CALL(call)                                                                       \
    ({                                                                                             \
        wdbg_host_call_enter(exec_env);                                                            \
        __typeof__(call) wdbg_result_ = call;                                                      \
        wdbg_host_call_leave(exec_env);                                                            \
        wdbg_result_;                                                                              \
    })
#define wasm_runtime_invoke_native(...) WDBG_HOST_CALL((wasm_runtime_invoke_native)(__VA_ARGS__))
#define wasm_runtime_invoke_native_raw(...)                                                        \
    WDBG_HOST_CALL((wasm_runtime_invoke_native_raw)(__VA_ARGS__))
#define wasm_runtime_invoke_c_api_native(...)                                                      \
    WDBG_HOST_CALL((wasm_runtime_invoke_c_api_native)(__VA_ARGS__))
/* The waiting instruction has taken its operands already; the frame still shows it. */
#define wasm_runtime_atomic_wait(...)                                                              \
    ({                                                                                             \
        uint8* behind_ = frame_ip;                                                                 \
        frame_ip = frame_ip_orig;                                                                  \
        SYNC_ALL_TO_FRAME();                                                                       \
        frame_ip = behind_;                                                                        \
        WDBG_HOST_CALL((wasm_runtime_atomic_wait)(__VA_ARGS__));                                   \
    })

/* Only wasm_interp_call_func_import() does this: it keeps the caller's ip in a local variable and
 * clears it in the frame. */
#define wasm_exec_env_set_module_inst(env, instance)                                               \
    (wdbg_import_call_enter(env, prev_frame, ip), (wasm_exec_env_set_module_inst)(env, instance))

/* --- Ends of blocks ------------------------------------------------------------------------------
 * Searching reads the code, where bytes may be planted. The debug flavour of `block` searches at
 * once; as in the plain flavour, leave it to the branch that needs it. */
static bool wdbg_find_block_addr(WASMExecEnv* env, BlockAddr* cache, const uint8* start,
                                 const uint8* code_end, uint8 label, uint8** else_address,
                                 uint8** end_address) {
    const size_t line = (uintptr_t)start & (BLOCK_ADDR_CACHE_SIZE - 1);
    BlockAddr* cached = cache + BLOCK_ADDR_CONFLICT_SIZE * line;
    for (size_t i = 0; i < BLOCK_ADDR_CONFLICT_SIZE; i++) {
        if (cached[i].start_addr == start) {
            *else_address = cached[i].else_addr;
            *end_address = cached[i].end_addr;
            return true;
        }
    }
    uint8 *running, *unplanted;
    size_t size;
    if (!wdbg_unplanted_code(start, &running, &unplanted, &size)) {
        if (wasm_loader_find_block_addr(env, cache, start, code_end, label, else_address,
                                        end_address)) {
            return true;
        }
        /* The first byte may just have been planted. */
        if (!wdbg_unplanted_code(start, &running, &unplanted, &size)) {
            return false;
        }
    }
    static __thread BlockAddr scratch[BLOCK_ADDR_CACHE_SIZE][BLOCK_ADDR_CONFLICT_SIZE];
    memset(scratch, 0, sizeof(scratch));
    if (!wasm_loader_find_block_addr(env, &scratch[0][0], unplanted + (start - running), code_end,
                                     label, else_address, end_address)) {
        return false;
    }
    if (*else_address >= unplanted && *else_address < unplanted + size) {
        *else_address = running + (*else_address - unplanted);
    }
    *end_address = running + (*end_address - unplanted);
    cached[1] = cached[0];
    cached[0] =
        (BlockAddr){.start_addr = start, .else_addr = *else_address, .end_addr = *end_address};
    return true;
}

#define wasm_loader_find_block_addr(env, cache, start, code_end, label, else_out, end_out)         \
    ((label) == LABEL_TYPE_BLOCK && __builtin_strcmp(#start, "frame_ip") == 0                      \
         ? (*(end_out) = NULL, true)                                                               \
         : wdbg_find_block_addr(env, cache, start, code_end, label, else_out, end_out))

#include WDBG_INTERP_SOURCE
