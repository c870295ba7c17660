/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's interpreter loop as it is, under a name of its own. Memory is bounds-checked in software
 * (WAMR's guard pages remain for AOT code): a load behind the end then traps at its instruction,
 * not in a signal handler that does not know the interpreter's registers. */

#include "interp_headers.h"

#define wasm_interp_call_wasm wdbg_interp_plain

/* Asked for behind host calls, and at the end of a call into wasm while the frame that trapped is
 * still there: that tells where. */
#define wasm_copy_exception(instance, buffer)                                                      \
    ({                                                                                             \
        bool raised_ = (wasm_copy_exception)(instance, buffer);                                    \
        if (__builtin_expect(raised_, 0)) {                                                        \
            wdbg_note_exception(exec_env);                                                         \
        }                                                                                          \
        raised_;                                                                                   \
    })

#include WDBG_INTERP_SOURCE
