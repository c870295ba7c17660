/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* From reset to main(). */

#include "board.h"

#include <string.h>

extern uint8_t board_data[], board_data_end[], board_bss[], board_bss_end[];
extern const uint8_t board_data_image[];
extern uint8_t board_stack_top[];

int main(int argc, char** argv);
void board_reset(void);

static void on_fault(void) {
    static const char text[] = "board: fault\n";
    board_print(text, sizeof(text) - 1);
    board_exit(135);
}

void board_reset(void) {
#ifdef __ARM_FP
    *(volatile uint32_t*)0xe000ed88 |= 0xfU
                                       << 20; /* CPACR: the floating point unit for everybody */
    __asm__ volatile("dsb\nisb" ::: "memory");
#endif
    memcpy(board_data, board_data_image, (size_t)(board_data_end - board_data));
    memset(board_bss, 0, (size_t)(board_bss_end - board_bss));
    board_exit(main(0, NULL));
}

typedef void Handler(void);

/* Stack, reset, NMI, and the four faults. */
__attribute__((section(".vectors"), used)) static Handler* const vectors[16] = {
    (Handler*)board_stack_top, board_reset, on_fault, on_fault, on_fault, on_fault, on_fault,
};
