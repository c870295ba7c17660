/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Arm MPS2: UART 0 (CMSDK APB UART) is the debugger's line; output goes out by semihosting. */

#include "board.h"

struct Uart {
    volatile uint32_t data;
    volatile uint32_t state; /* bit 0: transmit buffer full, bit 1: receive buffer full */
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t divider;
};

#define DEBUG_LINE ((struct Uart*)0x40004000)
#define NVIC_ENABLE (*(volatile uint32_t*)0xe000e100)
#define NVIC_CLEAR (*(volatile uint32_t*)0xe000e280)

enum {
    SemihostingWriteCharacter = 0x03,
    SemihostingExit = 0x20,
    ApplicationExit = 0x20026,
    TransmitAndReceive = 3,
    ReceiveInterrupt = 8,  /* in `control` */
    ReceivePending = 2,    /* in `interrupt` */
    DebugLineReceives = 1, /* the NVIC's bit of it */
};

void board_init(int argc, char** argv) {
    (void)argc;
    (void)argv;
    DEBUG_LINE->divider = 16;
    DEBUG_LINE->control = TransmitAndReceive | ReceiveInterrupt;
    __asm__ volatile("cpsid i"); /* interrupts only end a sleep */
    NVIC_ENABLE = DebugLineReceives;
}

static void sleep_until_bytes_come(void) {
    while (!(DEBUG_LINE->state & 2U)) {
        __asm__ volatile("wfi");
        DEBUG_LINE->interrupt = ReceivePending;
        NVIC_CLEAR = DebugLineReceives;
    }
}

static void semihosting(uint32_t operation, const void* argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void* r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void board_print(const char* text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        semihosting(SemihostingWriteCharacter, &text[i]);
    }
}

_Noreturn void board_exit(int status) {
    const uint32_t parameters[2] = {ApplicationExit, (uint32_t)status};
    semihosting(SemihostingExit, parameters);
    for (;;) {
    }
}

void board_relax(void) {
    __asm__ volatile("nop");
}

static int read_bytes(void* context, void* bytes, size_t size, bool wait) {
    (void)context;
    uint8_t* at = bytes;
    size_t count = 0;
    if (wait) {
        sleep_until_bytes_come();
    }
    while (count < size && (DEBUG_LINE->state & 2U)) {
        at[count++] = (uint8_t)DEBUG_LINE->data;
    }
    return (int)count;
}

static int write_bytes(void* context, const void* bytes, size_t size) {
    (void)context;
    const uint8_t* at = bytes;
    for (size_t i = 0; i < size; i++) {
        while (DEBUG_LINE->state & 1U) {
        }
        DEBUG_LINE->data = at[i];
    }
    return 0;
}

const struct WdbgStubTransport board_transport = {read_bytes, write_bytes, NULL};
