/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Arm MPS2: UART 0 is the debugger's line, UART 1 shows output (CMSDK APB UART). */

#include "board.h"

struct Uart {
    volatile uint32_t data;
    volatile uint32_t state; /* bit 0: transmit buffer full, bit 1: receive buffer full */
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t divider;
};

#define DEBUG_LINE ((struct Uart*)0x40004000)
#define CONSOLE ((struct Uart*)0x40005000)

#define NVIC_ENABLE (*(volatile uint32_t*)0xe000e100)
#define NVIC_CLEAR (*(volatile uint32_t*)0xe000e280)

enum {
    SEMIHOSTING_EXIT = 0x20,
    APPLICATION_EXIT = 0x20026,
    TRANSMIT_AND_RECEIVE = 3,
    RECEIVE_INTERRUPT = 8,   /* in `control` */
    RECEIVE_PENDING = 2,     /* in `interrupt` */
    DEBUG_LINE_RECEIVES = 1, /* the NVIC's bit of it */
};

static void send(struct Uart* uart, const void* bytes, size_t size) {
    const uint8_t* at = bytes;
    for (size_t i = 0; i < size; i++) {
        while (uart->state & 1U) {
        }
        uart->data = at[i];
    }
}

void board_init(int argc, char** argv) {
    (void)argc;
    (void)argv;
    DEBUG_LINE->divider = 16;
    DEBUG_LINE->control = TRANSMIT_AND_RECEIVE | RECEIVE_INTERRUPT;
    CONSOLE->divider = 16;
    CONSOLE->control = TRANSMIT_AND_RECEIVE;
    __asm__ volatile("cpsid i"); /* interrupts only end a sleep */
    NVIC_ENABLE = DEBUG_LINE_RECEIVES;
}

static void sleep_until_bytes_come(void) {
    while (!(DEBUG_LINE->state & 2U)) {
        __asm__ volatile("wfi");
        DEBUG_LINE->interrupt = RECEIVE_PENDING;
        NVIC_CLEAR = DEBUG_LINE_RECEIVES;
    }
}

void board_print(const char* text, size_t size) {
    send(CONSOLE, text, size);
}

/* Arm semihosting, SYS_EXIT_EXTENDED. */
_Noreturn void board_exit(int status) {
    const uint32_t parameters[2] = {APPLICATION_EXIT, (uint32_t)status};
    register uint32_t operation __asm__("r0") = SEMIHOSTING_EXIT;
    register const void* argument __asm__("r1") = parameters;
    __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(argument) : "memory");
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
    send(DEBUG_LINE, bytes, size);
    return 0;
}

const struct WdbgStubTransport board_transport = {read_bytes, write_bytes, NULL};
