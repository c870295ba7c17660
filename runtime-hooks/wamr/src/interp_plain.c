/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* WAMR's interpreter loop as it is, under a name of its own. Memory is bounds-checked in software
 * (WAMR's guard pages remain for AOT code): a load behind the end then traps at its instruction,
 * not in a signal handler that does not know the interpreter's registers. */

#include "interp_headers.h"

#define wasm_interp_call_wasm wdbg_interp_plain

#include WDBG_INTERP_SOURCE
