/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* The gate around each helper that compiled code calls. What a call preserves is stored as the
 * caller, compiled code, will find it: an unwinder starts there without any host frame.
 *
 *   rsp+0    GuestExit (wdbg/model/guest_gate.h): rbx rbp r12 r13 r14 r15 rsp rip, outer
 *   rsp+72   rdi rsi rdx rcx r8 r9, then the result
 *   rsp+120  return address
 *
 * While the gate is closed, only the place of an exception is noted (aot_traps.h). A short copy or
 * fill (its size is the third argument) is not worth the gate unless a watchpoint may see it.
 */
    .set SHORT, 4096

    .text

.macro GATED name, raises=0, copies=0
    .globl wdbg_gated_\name
    .hidden wdbg_gated_\name
    .type wdbg_gated_\name, @function
    .p2align 4
wdbg_gated_\name:
    .cfi_startproc
    cmpb $0, wdbg_aot_gate_open(%rip)
    je 1f
.if \copies
    cmpq $SHORT, %rdx
    jae 2f
    movq wdbg_aot_watch_count(%rip), %rax
    cmpl $0, (%rax)
    je 1f
2:
.endif
    subq $120, %rsp
    .cfi_def_cfa_offset 128
    movq %rbx, 0(%rsp)
    movq %rbp, 8(%rsp)
    movq %r12, 16(%rsp)
    movq %r13, 24(%rsp)
    movq %r14, 32(%rsp)
    movq %r15, 40(%rsp)
    leaq 128(%rsp), %rax
    movq %rax, 48(%rsp)
    movq 120(%rsp), %rax
    movq %rax, 56(%rsp)
    movq $0, 64(%rsp)
    movq %rdi, 72(%rsp)
    movq %rsi, 80(%rsp)
    movq %rdx, 88(%rsp)
    movq %rcx, 96(%rsp)
    movq %r8, 104(%rsp)
    movq %r9, 112(%rsp)
    movq %rsp, %rdi
    call wdbg_aot_gate_out@PLT
    movq 72(%rsp), %rdi
    movq 80(%rsp), %rsi
    movq 88(%rsp), %rdx
    movq 96(%rsp), %rcx
    movq 104(%rsp), %r8
    movq 112(%rsp), %r9
    call \name@PLT
    movq %rax, 72(%rsp)
    movq %rsp, %rdi
    call wdbg_aot_gate_in@PLT
    movq 72(%rsp), %rax
    addq $120, %rsp
    .cfi_def_cfa_offset 8
    ret
1:
.if \raises
    movq (%rsp), %rax
    decq %rax
    movq %rax, wdbg_aot_trap_pc(%rip)
.endif
    jmp \name@PLT
    .cfi_endproc
    .size wdbg_gated_\name, . - wdbg_gated_\name
.endm

    GATED aot_set_exception_with_id, 1
    GATED aot_set_exception, 1
    GATED aot_invoke_native
    GATED aot_call_indirect
    GATED aot_enlarge_memory
    GATED wasm_runtime_quick_invoke_c_api_native
    GATED wasm_runtime_atomic_wait
    GATED wasm_runtime_atomic_notify
    GATED aot_memory_init
    GATED aot_memset, copies=1
    GATED aot_memmove, copies=1
    GATED aot_table_init
    GATED aot_table_copy
    GATED aot_table_fill
    GATED aot_table_grow

    .section .note.GNU-stack, "", @progbits
