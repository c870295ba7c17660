/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_INTERP_SEAMS_H
#define WDBG_INTERP_SEAMS_H

/* The places for a debugger in WAMR's classic interpreter loop (wasm_interp_classic.c with
 * WASM_ENABLE_DEBUG_INTERP) that mean the same to every debugger. They are macros that expand
 * inside the loop, where its registers (frame, frame_ip, frame_sp) are in scope. To be included
 * behind WAMR's headers and before the loop's source, by one who has defined
 *
 *   WDBG_SEAM_BREAK(exec_env)      a planted byte was fetched: gives the opcode to execute; it may
 *                                  have moved the frame's ip (within the function) and csp
 *   WDBG_SEAM_ORIGINAL(ip)         the opcode of the instruction at ip, planted or not
 *   WDBG_SEAM_EXCEPTION(exec_env)  an exception, with the frame at the instruction to blame
 *   WDBG_SEAM_ENTER(exec_env)      the loop is entered; there is no frame yet
 */

/* What WDBG_SEAM_BREAK may have moved. */
#define WDBG_SEAM_TAKE_FRAME()                                                                     \
    do {                                                                                           \
        frame_ip = frame->ip;                                                                      \
        frame_csp = frame->csp;                                                                    \
        frame_ip_orig = frame_ip;                                                                  \
    } while (0)

/* The table of instructions gets a row for the planted byte. */
#define DEBUG_OP_BREAK 0xdc
#undef DEF_DEBUG_BREAK_HANDLE
#define DEF_DEBUG_BREAK_HANDLE() [DEBUG_OP_BREAK] = HANDLE_OPCODE(DEBUG_OP_BREAK),

/* DEBUG_OP_BREAK's first statement. The original instruction is dispatched from here with its
 * immediates where they always are: the byte stays planted for all others. */
#define WAMR_SIG_TRAP 5
#define wasm_cluster_thread_send_signal(unused_env, unused_signal)                                 \
    do {                                                                                           \
        frame_ip--;                                                                                \
        SYNC_ALL_TO_FRAME();                                                                       \
        opcode = WDBG_SEAM_BREAK(exec_env);                                                        \
        WDBG_SEAM_TAKE_FRAME();                                                                    \
        frame_ip++;                                                                                \
        goto* handle_table[opcode];                                                                \
    } while (0)

/* Opcodes that share their code read their byte again there, to tell which one it is: that of the
 * planted instruction is the one that equals it. */
#define WDBG_SEAM_IS(number)                                                                       \
    (opcode == DEBUG_OP_BREAK && WDBG_SEAM_ORIGINAL(frame_ip_orig) == (number) ? DEBUG_OP_BREAK    \
                                                                               : (number))
#define WASM_OP_RETURN_CALL_INDIRECT WDBG_SEAM_IS(0x13)
#define WASM_OP_I32_STORE8 WDBG_SEAM_IS(0x3a)
#define WASM_OP_I64_STORE8 WDBG_SEAM_IS(0x3c)
#define WASM_OP_I64_STORE16 WDBG_SEAM_IS(0x3d)

/* Used twice: where the loop's locals are declared (no frame yet), and at got_exception. The value
 * is a null pointer in both, so that WAMR's own code there (a jump to the planted-byte code above)
 * is never reached. */
#undef wasm_exec_env_get_instance
#define wasm_exec_env_get_instance(unused_env)                                                     \
    ({                                                                                             \
        if (frame) {                                                                               \
            uint8* raised_behind_ = frame_ip;                                                      \
            if (frame_ip_orig) {                                                                   \
                frame_ip = frame_ip_orig;                                                          \
            }                                                                                      \
            SYNC_ALL_TO_FRAME();                                                                   \
            WDBG_SEAM_EXCEPTION(exec_env);                                                         \
            frame_ip = raised_behind_;                                                             \
        } else {                                                                                   \
            WDBG_SEAM_ENTER(exec_env);                                                             \
        }                                                                                          \
        (WASMDebugInstance*)NULL;                                                                  \
    })

/* WAMR's lists of watchpoints stay empty. The guard of debug_engine.h keeps its own structs out. */
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

static inline void* wdbg_list_first(bh_list* list) {
    return list ? (bh_list_first_elem)(list) : NULL;
}

#define bh_list_first_elem(list) wdbg_list_first(list)

#endif
