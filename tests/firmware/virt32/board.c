/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* qemu's virt: the 16550 UART is the debugger's line; output goes out by semihosting. */

#include "board.h"

#define UART ((volatile uint8_t*)0x10000000)
#define PLIC_PRIORITY ((volatile uint32_t*)0x0c000000)
#define PLIC_ENABLE (*(volatile uint32_t*)0x0c002000)
#define PLIC_CLAIM (*(volatile uint32_t*)0x0c200004)

enum {
    DATA = 0,
    INTERRUPTS = 1,
    LINE_STATUS = 5,
    RECEIVED = 1, /* in the line status */
    SENT = 0x20,
    ON_RECEIVE = 1,     /* in the interrupts */
    UART_SOURCE = 10,   /* of the PLIC */
    EXTERNAL = 1 << 11, /* in mie */
    SEMIHOSTING_WRITE_CHARACTER = 0x03,
    SEMIHOSTING_EXIT = 0x20,
    APPLICATION_EXIT = 0x20026,
};

/* The three instructions are what tells it from a breakpoint. */
static void semihosting(uint32_t operation, const void* argument) {
    register uint32_t a0 __asm__("a0") = operation;
    register const void* a1 __asm__("a1") = argument;
    __asm__ volatile(".option push\n"
                     ".option norvc\n"
                     ".balign 16\n"
                     "slli x0, x0, 0x1f\n"
                     "ebreak\n"
                     "srai x0, x0, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
}

/* Interrupts stay off; they only end a sleep. */
void board_init(int argc, char** argv) {
    (void)argc;
    (void)argv;
    UART[INTERRUPTS] = ON_RECEIVE;
    PLIC_PRIORITY[UART_SOURCE] = 1;
    PLIC_ENABLE = 1U << UART_SOURCE;
    __asm__ volatile("csrs mie, %0" : : "r"(EXTERNAL));
}

void board_print(const char* text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        semihosting(SEMIHOSTING_WRITE_CHARACTER, &text[i]);
    }
}

_Noreturn void board_exit(int status) {
    const uint32_t parameters[2] = {APPLICATION_EXIT, (uint32_t)status};
    semihosting(SEMIHOSTING_EXIT, parameters);
    for (;;) {
    }
}

void board_relax(void) {
    __asm__ volatile("nop");
}

static void sleep_until_bytes_come(void) {
    while (!(UART[LINE_STATUS] & RECEIVED)) {
        __asm__ volatile("wfi");
        PLIC_CLAIM = PLIC_CLAIM;
    }
}

static int read_bytes(void* context, void* bytes, size_t size, bool wait) {
    (void)context;
    uint8_t* at = bytes;
    size_t count = 0;
    if (wait) {
        sleep_until_bytes_come();
    }
    while (count < size && (UART[LINE_STATUS] & RECEIVED)) {
        at[count++] = UART[DATA];
    }
    return (int)count;
}

static int write_bytes(void* context, const void* bytes, size_t size) {
    (void)context;
    const uint8_t* at = bytes;
    for (size_t i = 0; i < size; i++) {
        while (!(UART[LINE_STATUS] & SENT)) {
        }
        UART[DATA] = at[i];
    }
    return 0;
}

const struct WdbgStubTransport board_transport = {read_bytes, write_bytes, NULL};
