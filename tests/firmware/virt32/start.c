/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* From reset to main(). */

#include "board.h"

#include <string.h>

extern uint8_t board_bss[], board_bss_end[];

int main(int argc, char** argv);

__attribute__((section(".text.reset"), naked, used)) void board_reset(void) {
    __asm__ volatile(".option push\n"
                     ".option norelax\n"
                     "la gp, __global_pointer$\n"
                     ".option pop\n"
                     "la sp, board_stack_top\n"
                     "la t0, board_fault\n"
                     "csrw mtvec, t0\n"
                     "li ra, 0\n" /* there is no caller: registers survive a reset */
                     "j board_start\n");
}

__attribute__((aligned(4), used)) void board_fault(void) {
    static const char text[] = "board: fault\n";
    board_print(text, sizeof(text) - 1);
    board_exit(135);
}

__attribute__((used)) void board_start(void) {
    memset(board_bss, 0, (size_t)(board_bss_end - board_bss));
    board_exit(main(0, NULL));
}
