// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* A second or two of what an interpreter does all day: integer and floating-point arithmetic, loads
 * and stores, branches, direct and indirect calls. Prints a checksum.
 * `loops 40` does it longer, for compiled code; `loops pause` afterwards waits for a byte on stdin.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { sieve_size = 200000, matrix_size = 48, fib_of = 25, rounds = 4 };

static uint8_t sieve[sieve_size];
static double a[matrix_size][matrix_size], b[matrix_size][matrix_size], c[matrix_size][matrix_size];

static int count_primes(void) {
    int count = 0;
    memset(sieve, 1, sizeof sieve);
    for (int i = 2; i < sieve_size; i++) {
        if (sieve[i]) {
            count++;
            for (int j = i + i; j < sieve_size; j += i) {
                sieve[j] = 0;
            }
        }
    }
    return count;
}

static double multiply(void) {
    for (int i = 0; i < matrix_size; i++) {
        for (int j = 0; j < matrix_size; j++) {
            double sum = 0;
            for (int k = 0; k < matrix_size; k++) {
                sum += a[i][k] * b[k][j];
            }
            c[i][j] = sum;
        }
    }
    return c[matrix_size - 1][matrix_size - 1];
}

__attribute__((noinline)) static int fib(int n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint32_t add(uint32_t x) {
    return x + 0x9e3779b9U;
}

static uint32_t mix(uint32_t x) {
    return (x ^ (x >> 15)) * 0x2c1b3c6dU;
}

static uint32_t turn(uint32_t x) {
    return (x << 7) | (x >> 25);
}

static uint32_t hash(uint32_t steps) {
    static uint32_t (*const operations[])(uint32_t) = {add, mix, turn};
    uint32_t x = 1;
    for (uint32_t i = 0; i < steps; i++) {
        x = operations[i % 3](x);
    }
    return x;
}

/* Never runs unless it is asked for: room for breakpoints that are not hit. */
__attribute__((noinline)) static int cold(volatile int* p) {
#define LINE                                                                                       \
    p[0] = p[1] * 3 + p[2];                                                                        \
    p[1] = p[0] ^ p[2];                                                                            \
    p[2] += p[1] - p[0];
#define LINES LINE LINE LINE LINE LINE LINE LINE LINE LINE LINE
    LINES LINES LINES LINES LINES return p[0];
}

int main(int argc, char** argv) {
    volatile int cells[3] = {1, 2, 3};
    uint32_t sum = 0;
    int wanted = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 0; i < matrix_size * matrix_size; i++) {
        a[i / matrix_size][i % matrix_size] = i;
        b[i / matrix_size][i % matrix_size] = 1.0 / (1 + i);
    }
    for (int round = 0; round < (wanted > 0 ? wanted : rounds); round++) {
        sum += (uint32_t)count_primes();
        for (int i = 0; i < 8; i++) {
            sum += (uint32_t)multiply();
        }
        sum += (uint32_t)fib(fib_of) + hash(1000000);
    }
    if (argc > 2) {
        sum += (uint32_t)cold(cells);
    }
    printf("%u\n", sum);
    fflush(stdout);
    return argc > 1 && strcmp(argv[1], "pause") == 0 ? getchar() == EOF : 0;
}
