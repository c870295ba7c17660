/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* qemu's virt: the 16550 UART is the debugger's line; output goes out by semihosting. */

#include "board.h"

#define UART ((volatile uint8_t*)0x10000000)
#define PLIC_PRIORITY ((volatile uint32_t*)0x0c000000)
#define PLIC_ENABLE (*(volatile uint32_t*)0x0c002000)
#define PLIC_CLAIM (*(volatile uint32_t*)0x0c200004)

enum {
    Data = 0,
    Interrupts = 1,
    LineStatus = 5,
    Received = 1, /* in the line status */
    Sent = 0x20,
    OnReceive = 1,      /* in the interrupts */
    UartSource = 10,    /* of the PLIC */
    External = 1 << 11, /* in mie */
    SemihostingWriteCharacter = 0x03,
    SemihostingExit = 0x20,
    ApplicationExit = 0x20026,
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
    UART[Interrupts] = OnReceive;
    PLIC_PRIORITY[UartSource] = 1;
    PLIC_ENABLE = 1U << UartSource;
    __asm__ volatile("csrs mie, %0" : : "r"(External));
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

static void sleep_until_bytes_come(void) {
    while (!(UART[LineStatus] & Received)) {
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
    while (count < size && (UART[LineStatus] & Received)) {
        at[count++] = UART[Data];
    }
    return (int)count;
}

static int write_bytes(void* context, const void* bytes, size_t size) {
    (void)context;
    const uint8_t* at = bytes;
    for (size_t i = 0; i < size; i++) {
        while (!(UART[LineStatus] & Sent)) {
        }
        UART[Data] = at[i];
    }
    return 0;
}

const struct WdbgStubTransport board_transport = {read_bytes, write_bytes, NULL};
