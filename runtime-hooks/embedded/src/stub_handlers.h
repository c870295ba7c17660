/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_STUB_HANDLERS_H
#define WDBG_STUB_HANDLERS_H

/* What the handlers of packets share: stub_packets.c has the table of them. */

#include "stub_internal.h"

/* A packet's arguments, taken from left to right. */
struct WdbgArgs {
    const char* at;
    size_t left;
};

bool wdbg_args_take(struct WdbgArgs* args, char expected);
bool wdbg_args_number(struct WdbgArgs* args, unsigned base, uint64_t* value);
/* As above; false if it does not fit into 32 bits. */
bool wdbg_args_number32(struct WdbgArgs* args, unsigned base, uint32_t* value);

/* Handlers write the reply, or give the number of an error. */
typedef enum WdbgStubError WdbgStubHandler(struct WdbgArgs* args);
WdbgStubHandler wdbg_handle_read_memory, wdbg_handle_read_binary, wdbg_handle_write_memory,
    wdbg_handle_region, wdbg_handle_libraries, wdbg_handle_call_stack, wdbg_handle_local,
    wdbg_handle_global, wdbg_handle_stack_value, wdbg_handle_insert, wdbg_handle_remove;

#endif
