/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* What is on a frame's operand stack: WAMR's interpreter has cells of 4 bytes and no types. The
 * widths of the values follow from the function's code up to the instruction (wasm core, appendix
 * "Validation Algorithm", as far as widths need it). Atomic instructions and the unknown are given
 * up on. */

#include "guest.h"
#include "stub_internal.h"

enum { MaxValues = 128, MaxBlocks = 32 };

struct Block {
    uint32_t height; /* values below it, its parameters not counted */
    struct WdbgSignature signature;
    uint8_t result; /* the type's byte, where it has no signature */
};

struct Walk {
    uint32_t at; /* in the code */
    uint32_t end;
    uint32_t count;
    uint32_t depth;
    uint32_t dead; /* 0: control can be here; else blocks begun since it cannot, plus 1 */
    bool failed;
    uint8_t cells[MaxValues]; /* of each value, bottom first */
    struct Block blocks[MaxBlocks];
};

/* Takes `pops` values, gives one of `cells` (0: none). */
struct Row {
    uint8_t first;
    uint8_t last;
    uint8_t pops;
    uint8_t cells;
};

static const struct Row rows[] = {
    {0x01, 0x01, 0, 0}, {0x0d, 0x0d, 1, 0}, {0x1a, 0x1a, 1, 0}, {0x1e, 0x1f, 1, 0},
    {0x21, 0x21, 1, 0}, {0x22, 0x22, 0, 0}, {0x24, 0x24, 1, 0}, {0x25, 0x25, 1, 1},
    {0x26, 0x26, 2, 0}, {0x28, 0x28, 1, 1}, {0x29, 0x29, 1, 2}, {0x2a, 0x2a, 1, 1},
    {0x2b, 0x2b, 1, 2}, {0x2c, 0x2f, 1, 1}, {0x30, 0x35, 1, 2}, {0x36, 0x3e, 2, 0},
    {0x3f, 0x3f, 0, 1}, {0x40, 0x40, 1, 1}, {0x41, 0x41, 0, 1}, {0x42, 0x42, 0, 2},
    {0x43, 0x43, 0, 1}, {0x44, 0x44, 0, 2}, {0x45, 0x45, 1, 1}, {0x46, 0x4f, 2, 1},
    {0x50, 0x50, 1, 1}, {0x51, 0x66, 2, 1}, {0x67, 0x69, 1, 1}, {0x6a, 0x78, 2, 1},
    {0x79, 0x7b, 1, 2}, {0x7c, 0x8a, 2, 2}, {0x8b, 0x91, 1, 1}, {0x92, 0x98, 2, 1},
    {0x99, 0x9f, 1, 2}, {0xa0, 0xa6, 2, 2}, {0xa7, 0xab, 1, 1}, {0xac, 0xb1, 1, 2},
    {0xb2, 0xb6, 1, 1}, {0xb7, 0xbb, 1, 2}, {0xbc, 0xbc, 1, 1}, {0xbd, 0xbd, 1, 2},
    {0xbe, 0xbe, 1, 1}, {0xbf, 0xbf, 1, 2}, {0xc0, 0xc1, 1, 1}, {0xc2, 0xc4, 1, 2},
    {0xc5, 0xc5, 1, 0}, {0xc8, 0xc9, 1, 0}, {0xca, 0xcb, 0, 0}, {0xd0, 0xd0, 0, 1},
    {0xd1, 0xd1, 1, 1}, {0xd2, 0xd2, 0, 1},
};

/* 0xfc 0 to 17. */
static const struct Row misc_rows[] = {
    {0, 3, 1, 1},   {4, 7, 1, 2},   {8, 8, 3, 0},   {9, 9, 0, 0},   {10, 12, 3, 0},
    {13, 13, 0, 0}, {14, 14, 3, 0}, {15, 15, 2, 1}, {16, 16, 0, 1}, {17, 17, 3, 0},
};

static uint8_t cells_of_type(uint8_t type) {
    return (uint8_t)(wdbg_size_of_type(type) / 4);
}

static void push(struct Walk* walk, uint8_t cells) {
    if (walk->count == MaxValues) {
        walk->failed = true;
        return;
    }
    walk->cells[walk->count++] = cells;
}

static void pop(struct Walk* walk, uint32_t count) {
    const uint32_t floor = walk->depth ? walk->blocks[walk->depth - 1].height : 0;
    if (walk->count < floor + count) {
        walk->failed = true;
        return;
    }
    walk->count -= count;
}

static void push_types(struct Walk* walk, const uint8_t* types, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        push(walk, cells_of_type(types[i]));
    }
}

/* The number at `at`, low 32 bits. */
static uint32_t number_at(const struct Walk* walk, uint32_t at) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35 && at < walk->end; shift += 7) {
        const uint8_t byte = wdbg_code_byte(at++);
        if (shift < 32) {
            value |= (uint32_t)(byte & 0x7FU) << shift;
        }
        if ((byte & 0x80U) == 0) {
            break;
        }
    }
    return value;
}

static void leave(struct Walk* walk) {
    walk->count = walk->depth ? walk->blocks[walk->depth - 1].height : 0;
    walk->dead = 1;
}

static void call(struct Walk* walk, const struct WdbgSignature* signature) {
    pop(walk, signature->param_count);
    push_types(walk, signature->types + signature->param_count, signature->result_count);
}

static void call_function(struct Walk* walk) {
    struct WdbgSignature signature;
    if (!wdbg_guest_function_type(number_at(walk, walk->at + 1), &signature)) {
        walk->failed = true;
        return;
    }
    call(walk, &signature);
}

static void call_indirect(struct Walk* walk) {
    struct WdbgSignature signature;
    if (!wdbg_guest_type(number_at(walk, walk->at + 1), &signature)) {
        walk->failed = true;
        return;
    }
    pop(walk, 1);
    call(walk, &signature);
}

static void begin_block(struct Walk* walk, uint8_t opcode) {
    static const uint8_t no_types[1];
    static const struct WdbgSignature none = {0, 0, no_types};
    if (walk->depth == MaxBlocks) {
        walk->failed = true;
        return;
    }
    struct Block block = {0, none, 0x40};
    const uint8_t type = wdbg_code_byte(walk->at + 1);
    if (opcode >= 0xd7 || (type & 0xC0U) != 0x40) { /* WAMR's own opcode, or no one-byte type */
        if (!wdbg_guest_type(number_at(walk, walk->at + 1), &block.signature)) {
            walk->failed = true;
            return;
        }
    } else {
        block.result = type;
    }
    if (opcode == 0x04 || opcode == 0xd9) {
        pop(walk, 1);
    }
    pop(walk, block.signature.param_count);
    block.height = walk->count;
    walk->blocks[walk->depth++] = block;
    push_types(walk, block.signature.types, block.signature.param_count);
}

static void middle_or_end(struct Walk* walk, bool is_end) {
    if (walk->depth == 0) {
        return; /* the function's own end */
    }
    const struct Block block = walk->blocks[walk->depth - 1];
    const struct WdbgSignature* signature = &block.signature;
    walk->count = block.height;
    walk->dead = 0;
    if (!is_end) {
        push_types(walk, signature->types, signature->param_count);
        return;
    }
    walk->depth--;
    push_types(walk, signature->types + signature->param_count, signature->result_count);
    if (block.result != 0x40) {
        push(walk, cells_of_type(block.result));
    }
}

static bool is_block(uint8_t opcode) {
    return (opcode >= 0x02 && opcode <= 0x04) || (opcode >= 0xd7 && opcode <= 0xd9);
}

/* Code that no execution reaches: only where it ends counts. */
static void pass_dead(struct Walk* walk, uint8_t opcode) {
    if (is_block(opcode)) {
        walk->dead++;
    } else if (opcode == 0x0b && walk->dead > 1) {
        walk->dead--;
    } else if ((opcode == 0x0b || opcode == 0x05) && walk->dead == 1) {
        middle_or_end(walk, opcode == 0x0b);
    }
}

static void apply_row(struct Walk* walk, const struct Row* table, size_t size, uint32_t opcode) {
    for (size_t i = 0; i < size; i++) {
        if (opcode >= table[i].first && opcode <= table[i].last) {
            pop(walk, table[i].pops);
            if (table[i].cells) {
                push(walk, table[i].cells);
            }
            return;
        }
    }
    walk->failed = true;
}

static void select_one(struct Walk* walk) {
    pop(walk, 2);
    if (!walk->failed) {
        const uint8_t cells = walk->cells[walk->count];
        pop(walk, 1);
        push(walk, cells);
    }
}

/* Instructions that `rows` cannot express. */
static void apply(struct Walk* walk, uint32_t frame, uint8_t opcode) {
    const uint32_t number = number_at(walk, walk->at + 1);
    if (is_block(opcode)) {
        begin_block(walk, opcode);
        return;
    }
    switch (opcode) {
    case 0x05:
    case 0x0b:
        middle_or_end(walk, opcode == 0x0b);
        return;
    case 0x00: /* unreachable, br, br_table, return, tail calls */
    case 0x0c:
    case 0x0e:
    case 0x0f:
    case 0x12:
    case 0x13:
    case 0xda:
        leave(walk);
        return;
    case 0x10:
        call_function(walk);
        return;
    case 0x11:
        call_indirect(walk);
        return;
    case 0x1b:
    case 0x1c:
    case 0xc6:
        select_one(walk);
        return;
    case 0x1d:
    case 0x23:
        push(walk, cells_of_type(wdbg_guest_global_type(number)));
        return;
    case 0x20:
        push(walk, cells_of_type(wdbg_guest_local_type(frame, number)));
        return;
    case 0xc7: /* WAMR's local.get: bit 7 says that it is wide */
        push(walk, wdbg_code_byte(walk->at + 1) & 0x80U ? 2 : 1);
        return;
    case 0xfc:
        apply_row(walk, misc_rows, sizeof(misc_rows) / sizeof(misc_rows[0]), number);
        return;
    default:
        apply_row(walk, rows, sizeof(rows) / sizeof(rows[0]), opcode);
    }
}

bool wdbg_operand_place(uint32_t frame, const struct WdbgGuestCode* code, uint32_t slot,
                        uint32_t* first_cell, uint32_t* cells) {
    struct Walk walk; /* about 800 bytes of stack; cleared as far as it is used */
    walk.at = code->begin;
    walk.end = code->end;
    walk.count = walk.depth = walk.dead = 0;
    walk.failed = false;
    while (walk.at < code->pc && !walk.failed) {
        const uint8_t opcode = wdbg_code_byte(walk.at);
        const size_t size = wdbg_instruction_size(walk.at, walk.end);
        if (walk.dead) {
            pass_dead(&walk, opcode);
        } else {
            apply(&walk, frame, opcode);
        }
        walk.failed = walk.failed || size == 0;
        walk.at += (uint32_t)size;
    }
    if (walk.failed || walk.dead || walk.at != code->pc || slot >= walk.count) {
        return false;
    }
    *first_cell = 0;
    for (uint32_t i = 0; i < slot; i++) {
        *first_cell += walk.cells[i];
    }
    *cells = walk.cells[slot];
    return true;
}
