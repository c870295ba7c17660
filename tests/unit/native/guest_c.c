// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Optimised C as a compiler for WebAssembly makes it: loops, calls, jump tables, vectors, floats.
#include "guest_code.h"

#include <string.h>

#if defined(__clang__)
#define GUEST __attribute__((section("guest_c"), noinline))
#else
#define GUEST __attribute__((section("guest_c"), noinline, noclone))
#endif

GUEST static uint64_t mix(uint64_t value) {
    value ^= value >> 33;
    value *= 0xFF51AFD7ED558CCDULL;
    value ^= value >> 29;
    return value;
}

GUEST static uint64_t choose(uint64_t selector, uint64_t value) {
    switch (selector % 9) {
    case 0:
        return value + 1;
    case 1:
        return mix(value);
    case 2:
        return value * 3;
    case 3:
        return value ^ 0x55;
    case 4:
        return mix(value) + mix(value + 1);
    case 5:
        return value >> 3;
    case 6:
        return value - selector;
    case 7:
        return ~value;
    default:
        return value / 7;
    }
}

static uint64_t (*const table[])(uint64_t, uint64_t) = {c_vectors, c_floats, c_switches};

GUEST uint64_t c_vectors(uint64_t a, uint64_t b) {
    uint32_t numbers[64];
    for (unsigned i = 0; i < 64; ++i) {
        numbers[i] = (uint32_t)(a * i + b);
    }
    uint64_t sum = 0;
    for (unsigned i = 0; i < 64; ++i) {
        sum += numbers[i] ^ (numbers[63 - i] >> 2);
    }
    return sum;
}

GUEST uint64_t c_floats(uint64_t a, uint64_t b) {
    double sum = 0.5;
    for (uint64_t i = 0; i < (a & 31); ++i) {
        sum = sum * 1.25 + (double)(b & 0xFF) / (double)(i + 1);
    }
    return (uint64_t)sum;
}

GUEST uint64_t c_switches(uint64_t a, uint64_t b) {
    uint64_t value = b;
    for (uint64_t i = 0; i < 40; ++i) {
        value = choose(a + i, value);
    }
    return value;
}

GUEST uint64_t c_recursion(uint64_t a, uint64_t b) {
    if ((a & 15) == 0) {
        return mix(b);
    }
    return c_recursion((a & 15) - 1, b + 1) + c_recursion(((a & 15) - 1) / 2, b);
}

GUEST uint64_t c_strings(uint64_t a, uint64_t b) {
    char text[128];
    memset(text, (int)('a' + (a % 26)), sizeof text);
    memcpy(text + 16, &b, sizeof b);
    uint64_t hash = 14695981039346656037ULL;
    for (unsigned i = 0; i < sizeof text; ++i) {
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211ULL;
    }
    return hash;
}

GUEST uint64_t c_pointers(uint64_t a, uint64_t b) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < 6; ++i) {
        sum += table[(a + i) % 3](a + i, b);
    }
    return sum;
}

GUEST uint64_t c_atomics(uint64_t a, uint64_t b) {
    uint64_t local = a;
    for (unsigned i = 0; i < 5; ++i) {
        __atomic_fetch_add(&local, b, __ATOMIC_SEQ_CST);
        uint64_t expected = local;
        __atomic_compare_exchange_n(&local, &expected, local ^ 3, 0, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
    }
    return local;
}
