/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_GUEST_H
#define WDBG_GUEST_H

/* What the packets' side of the stub knows of the guest: stub_wamr.c has it for WAMR, tests for a
 * fake. The guest stands still during these calls. Offsets of code count from the start of the
 * .wasm. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The largest wasm value, a v128, in bytes. */
#define WDBG_VALUE_SIZE 16

/* Offset of what frame `index` (0: innermost) executes next: in callers the return address. In a
 * host call, frame 0 is within the call instruction. False if there is no such frame. */
bool wdbg_guest_pc(uint32_t index, uint32_t* offset);

/* A wasm local of frame `index`, parameters first, little-endian. Returns its size; 0 if there is
 * none. */
size_t wdbg_guest_local(uint32_t index, uint32_t local, uint8_t value[WDBG_VALUE_SIZE]);
/* A global of the instance. Returns its size; 0 if there is none. */
size_t wdbg_guest_global(uint32_t global, uint8_t value[WDBG_VALUE_SIZE]);

/* Cells of 4 bytes on the operand stack of frame `index`, bottom first, and where the frame stands.
 * Returns how many there are. */
struct WdbgGuestCode {
    uint32_t begin; /* first instruction of the frame's function */
    uint32_t end;   /* behind its last one */
    uint32_t pc;    /* what it executes next */
};

uint32_t wdbg_guest_stack(uint32_t index, const uint32_t** cells, struct WdbgGuestCode* code);

/* Types, as the binary format numbers them. */
struct WdbgSignature {
    uint32_t param_count;
    uint32_t result_count;
    const uint8_t* types; /* parameters, then results */
};

/* Of the type or the function with this index; false if there is none. */
bool wdbg_guest_type(uint32_t type, struct WdbgSignature* signature);
bool wdbg_guest_function_type(uint32_t function, struct WdbgSignature* signature);
/* i32 for what does not exist. */
uint8_t wdbg_guest_global_type(uint32_t global);
uint8_t wdbg_guest_local_type(uint32_t frame, uint32_t local);

/* Linear memory 0. Null and size 0 if there is none. */
uint8_t* wdbg_guest_memory(uint64_t* size);

/* Where a breakpoint that was asked for at `offset` belongs: there, or, if that is among a
 * function's local declarations, at its first instruction. False if no instruction begins there. */
bool wdbg_guest_breakpoint_place(uint32_t offset, uint32_t* place);

#ifdef __cplusplus
}
#endif

#endif
