/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_STUB_HOOKS_H
#define WDBG_STUB_HOOKS_H

/* What WAMR's interpreter loop calls, compiled through interp_classic.c. */

#include <stdbool.h>
#include <stdint.h>

struct WASMExecEnv;

/* Counted down before each instruction; at 0 or less the loop calls wdbg_stub_on_attention(). */
extern volatile int32_t wdbg_stub_countdown;

/* Before the instruction at frame->ip. True if the guest has to end: its exception is set. */
bool wdbg_stub_on_attention(struct WASMExecEnv* exec_env);

/* A planted byte was fetched at frame->ip. Returns the opcode to execute in its place. */
uint8_t wdbg_stub_on_break(struct WASMExecEnv* exec_env);

/* Of the instruction at `ip`, planted or not. */
uint8_t wdbg_stub_original_opcode(const uint8_t* ip);

/* An exception reached the loop; frame->ip is the instruction that raised it. */
void wdbg_stub_on_exception(struct WASMExecEnv* exec_env);

/* The loop begins. */
void wdbg_stub_on_enter(struct WASMExecEnv* exec_env);

/* Around what reads the running code. */
void wdbg_breakpoints_hide(void);
void wdbg_breakpoints_show(void);

#endif
