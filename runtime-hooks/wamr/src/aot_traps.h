/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#pragma once

/* Where compiled code trapped, while nobody debugs it (the gate is closed): costs nothing before a
 * trap. */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Native address within the last instruction that faulted, or that called the runtime to raise an
 * exception; 0 if none did. Written by aot_gate.S and by the signal handler. */
extern uint64_t wdbg_aot_trap_pc;

/* Puts a handler in front of WAMR's, once for each thread, because WAMR installs its own for each.
 */
void wdbg_aot_note_faults(void);

#ifdef __cplusplus
}
#endif
