// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <stdint.h>

/// Guest code of the tests: guest_asm.S and guest_c.c. Functions of two numbers without side
/// effects that matter.
#ifdef __cplusplus
extern "C" {
#endif

uint64_t asm_jumps(uint64_t a, uint64_t b);
uint64_t asm_counters(uint64_t a, uint64_t b);
uint64_t asm_calls(uint64_t a, uint64_t b);
uint64_t asm_pushed_address(uint64_t a, uint64_t b);
uint64_t asm_indirect_calls(uint64_t a, uint64_t b);
uint64_t asm_switch(uint64_t a, uint64_t b);
uint64_t asm_memory(uint64_t a, uint64_t b);
uint64_t asm_hot(uint64_t rounds, uint64_t b);
uint64_t asm_wide(uint64_t rounds, uint64_t b);
uint64_t asm_narrow(uint64_t rounds, uint64_t b);

uint64_t c_vectors(uint64_t a, uint64_t b);
uint64_t c_floats(uint64_t a, uint64_t b);
uint64_t c_switches(uint64_t a, uint64_t b);
uint64_t c_recursion(uint64_t a, uint64_t b);
uint64_t c_strings(uint64_t a, uint64_t b);
uint64_t c_pointers(uint64_t a, uint64_t b);
uint64_t c_atomics(uint64_t a, uint64_t b);

uint64_t asm_spin(const volatile uint64_t* stop, uint64_t* rounds);
uint64_t asm_fill(uint64_t* address, uint64_t times);
uint64_t asm_load(const void* address);
uint64_t asm_store(uint64_t* address, uint64_t value);
void asm_call_out(uint64_t times, void (*function)(void*), void* argument);
uint64_t asm_own_trap(void);

// Instructions within them.
extern const char asm_hot_body[];
extern const char asm_hot_return[];
extern const char asm_wide_body[];
extern const char asm_narrow_body[];
extern const char asm_narrow_second[];
extern const char asm_narrow_third[];
extern const char asm_fill_body[];
extern const char asm_spin_body[];
extern const char asm_load_instruction[];
extern const char asm_store_next[];
extern const char asm_called_out[];

// The sections, named by the linker.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern const char __start_guest_asm[];
extern const char __stop_guest_asm[];
extern const char __start_guest_c[];
extern const char __stop_guest_c[];
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

#ifdef __cplusplus
}
#endif
