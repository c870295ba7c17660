/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef BOARD_H
#define BOARD_H

/* What the program needs of the machine it runs on. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wdbg_stub.h>

/* The line to the debugger is ready then. */
void board_init(int argc, char** argv);
/* To whoever watches the board: not to the debugger. */
void board_print(const char* text, size_t size);
/* Ends the program, where that is possible. */
_Noreturn void board_exit(int status);
/* A moment of doing nothing. */
void board_relax(void);

extern const struct WdbgStubTransport board_transport;

#endif
