// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions uint64_t f(uint64_t a, uint64_t b) whose instructions need every kind of rewrite.
    .macro guest name
    .globl \name
    .type \name, @function
\name:
    .endm

    .section guest_asm, "ax", @progbits

// Short and near conditional jumps, both ways.
guest asm_jumps
    xor %eax, %eax
    cmp %rsi, %rdi
    jb 1f
    add $1, %rax
1:  test $1, %dil
    jz 2f
    add $10, %rax
2:  cmp %rsi, %rdi
    {disp32} jne 3f
    add $100, %rax
3:  bt $3, %rdi
    {disp32} jc 4f
    jmp 5f
4:  add $1000, %rax
5:  {disp32} jmp 6f
    ud2
6:  ret

// loop, loope, loopne, jrcxz, jecxz.
guest asm_counters
    xor %eax, %eax
    mov %rdi, %rcx
    and $15, %rcx
    jrcxz 2f
1:  add %rsi, %rax
    loop 1b
2:  mov $7, %ecx
3:  inc %rax
    cmp %rax, %rax
    loope 3b
    mov $5, %ecx
4:  inc %rax
    test %rsp, %rsp
    loopne 4b
    mov %rdi, %rcx
    shl $32, %rcx
    jecxz 5f
    add $77, %rax
5:  ret

// Direct calls, recursive: a + (a-1) + ... + b.
guest asm_calls
    test %rdi, %rdi
    jz 1f
    push %rdi
    lea -1(%rdi), %rdi
    call asm_calls
    pop %rdi
    add %rdi, %rax
    ret
1:  mov %rsi, %rax
    ret

// The return address seen by a callee, as an offset from the function: fixed.
guest asm_pushed_address
    call 1f
2:  lea asm_pushed_address(%rip), %rcx
    sub %rcx, %rax
    ret
1:  mov (%rsp), %rax
    ret

// Calls through registers and memory: rip-relative, stack, indexed, with REX.
guest asm_indirect_calls
    push %rbx
    push %r12
    sub $40, %rsp
    xor %ebx, %ebx
    lea asm_twice(%rip), %rax
    mov %rax, (%rsp)
    lea asm_thrice(%rip), %rax
    mov %rax, 8(%rsp)
    mov %rax, 32(%rsp)
    mov %rsp, %r12
    lea asm_twice(%rip), %rdx
    call *%rdx
    add %rax, %rbx
    lea asm_thrice(%rip), %r11
    call *%r11
    add %rax, %rbx
    call *(%rsp)
    add %rax, %rbx
    call *8(%rsp)
    add %rax, %rbx
    {disp32} call *32(%rsp)
    add %rax, %rbx
    call *(%r12)
    add %rax, %rbx
    mov $1, %ecx
    call *(%r12, %rcx, 8)
    add %rax, %rbx
    call *asm_pointer(%rip)
    add %rax, %rbx
    mov %rbx, %rax
    add $40, %rsp
    pop %r12
    pop %rbx
    ret

guest asm_twice
    lea (%rdi, %rdi), %rax
    ret

guest asm_thrice
    lea (%rdi, %rdi, 2), %rax
    ret

// Jump table, position independent and absolute, and through memory.
guest asm_switch
    and $3, %edi
    lea asm_table(%rip), %rdx
    movslq (%rdx, %rdi, 4), %rcx
    add %rdx, %rcx
    notrack jmp *%rcx
asm_case0:
    mov $11, %eax
    jmp *asm_done_pointer(%rip)
asm_case1:
    mov $22, %eax
    jmp *asm_done_pointer(%rip)
asm_case2:
    lea 33(%rsi), %rax
    push %rax
    lea asm_switch_done(%rip), %rax
    xchg %rax, (%rsp)
    ret
asm_case3:
    mov %rsi, %rax
guest asm_switch_done
    ret

// rip-relative operands with and without immediates, lock and rep prefixes, flags kept.
guest asm_memory
    lock xadd %rdi, asm_counter(%rip)
    lock subq $5, asm_counter(%rip)
    movl $0x12345678, asm_scratch(%rip)
    movw $0x4321, asm_scratch+4(%rip)
    cmpb $0x21, asm_scratch+4(%rip)
    sete %al
    movzbl %al, %eax
    mov asm_scratch(%rip), %rcx
    add %rcx, %rax
    stc
    adcq $0, %rax
    lea -64(%rsp), %rdi
    lea asm_scratch(%rip), %rsi
    mov $8, %ecx
    rep movsb
    add -64(%rsp), %rax
    pushf
    popf
    movdqa asm_vector(%rip), %xmm0
    pshufd $0x1b, asm_vector(%rip), %xmm1
    paddd %xmm1, %xmm0
    movq %xmm0, %rcx
    add %rcx, %rax
    cvtsi2sdq asm_scratch(%rip), %xmm2
    addsd asm_double(%rip), %xmm2
    cvttsd2si %xmm2, %rcx
    add %rcx, %rax
    ret

// A hot loop with a body of one instruction to plant at: asm_hot_body runs `a` times.
guest asm_hot
    xor %eax, %eax
    test %rdi, %rdi
    jz 2f
guest asm_hot_body
    add %rsi, %rax
    dec %rdi
    jnz asm_hot_body
2:
guest asm_hot_return
    ret

// As asm_hot, with room for a jump at asm_wide_body, and with scratch registers, flags and the red
// zone in use there.
guest asm_wide
    xor %eax, %eax
    test %rdi, %rdi
    jz 2f
1:  mov %rsi, -8(%rsp)
    mov %rdi, %rcx
    lea 3(%rsi), %rdx
    mov $0x7f, %r8b
    add $1, %r8b
    stc
guest asm_wide_body
    lea 0x10000(%rax,%rsi), %rax
    seto %r9b
    movzbl %r9b, %r9d
    adc %r9, %rax
    add -8(%rsp), %rax
    add %rcx, %rax
    add %rdx, %rax
    dec %rdi
    jnz 1b
2:  ret

// As asm_wide, with instructions that are too short for a jump.
guest asm_narrow
    xor %eax, %eax
    test %rdi, %rdi
    jz 2f
1:  mov %rsi, -8(%rsp)
    mov %rdi, %rcx
    stc
guest asm_narrow_body
    lea (%rax,%rsi), %rax
guest asm_narrow_second
    setc %r9b
guest asm_narrow_third
    movzbl %r9b, %r9d
    adc %r9, %rax
    add -8(%rsp), %rax
    add %rcx, %rax
    dec %rdi
    jnz 1b
2:  ret

// b stores through a, by an instruction that has room for a jump.
guest asm_fill
guest asm_fill_body
    movq $7, (%rdi)
    dec %rsi
    jnz asm_fill_body
    ret

// Spins until *a becomes nonzero; returns the number of rounds in asm_spin_rounds.
guest asm_spin
1:  incq (%rsi)
    pause
guest asm_spin_body
    cmpq $0, (%rdi)
    je 1b
    mov $1, %eax
    ret

// Reads through a: faults for a bad pointer, at asm_load_instruction.
guest asm_load
    xor %eax, %eax
guest asm_load_instruction
    mov (%rdi), %rax
    ret

// Stores b through a.
guest asm_store
    mov %rsi, (%rdi)
guest asm_store_next
    mov %rsi, %rax
    ret

// rdi calls of the function in rsi with argument rdx: out of guest code and back.
guest asm_call_out
    push %rbx
    push %rbp
    push %r12
    mov %rdi, %rbx
    mov %rsi, %rbp
    mov %rdx, %r12
1:  mov %r12, %rdi
    call *%rbp
guest asm_called_out
    dec %rbx
    jnz 1b
    pop %r12
    pop %rbp
    pop %rbx
    ret

// The code's own trap, for the host's handler.
guest asm_own_trap
    int3
    mov $42, %eax
    ret

    .section .data.rel.local, "aw", @progbits
    .align 16
asm_pointer:
    .quad asm_thrice
asm_done_pointer:
    .quad asm_switch_done
    .globl asm_counter
asm_counter:
    .quad 0
asm_scratch:
    .quad 0

    .section .rodata
    .align 16
asm_vector:
    .long 1, 20, 300, 4000
asm_double:
    .double 0.75
asm_table:
    .long asm_case0-asm_table, asm_case1-asm_table, asm_case2-asm_table, asm_case3-asm_table

    .section .note.GNU-stack, "", @progbits
