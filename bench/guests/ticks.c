// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Calls a function argv[1] times: for breakpoints whose condition is false. */
#include <stdlib.h>

static volatile int sink;

__attribute__((noinline)) static void tick(int i) {
    sink = i; // BREAK: tick
}

int main(int argc, char** argv) {
    const int count = argc > 1 ? atoi(argv[1]) : 1000;
    for (int i = 0; i < count; i++) {
        tick(i);
    }
    return 0;
}
