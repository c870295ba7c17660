/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "stub_internal.h"

/* What follows an opcode. */
enum Immediate {
    Nothing,
    Byte,
    Leb,
    TwoLebs,
    FourBytes,
    EightBytes,
    Types,   /* a vector of types */
    BrTable, /* WAMR's loader: a count, then one byte per depth, then nops in what is left over */
    Misc,
    Atomic,
};

struct Row {
    uint8_t first;
    uint8_t last;
    uint8_t immediate;
};

/* wasm core §5.4, and the opcodes that WAMR's loader writes over them (wasm_opcode.h). */
static const struct Row rows[] = {
    {0x00, 0x01, Nothing},   {0x02, 0x04, Leb},        {0x05, 0x05, Nothing}, {0x0b, 0x0b, Nothing},
    {0x0c, 0x0d, Leb},       {0x0e, 0x0e, BrTable},    {0x0f, 0x0f, Nothing}, {0x10, 0x10, Leb},
    {0x11, 0x11, TwoLebs},   {0x12, 0x12, Leb},        {0x13, 0x13, TwoLebs}, {0x1a, 0x1b, Nothing},
    {0x1c, 0x1c, Types},     {0x1d, 0x26, Leb},        {0x28, 0x3e, TwoLebs}, {0x3f, 0x42, Leb},
    {0x43, 0x43, FourBytes}, {0x44, 0x44, EightBytes}, {0x45, 0xc6, Nothing}, {0xc7, 0xcb, Byte},
    {0xd0, 0xd0, Leb},       {0xd1, 0xd1, Nothing},    {0xd2, 0xd2, Leb},     {0xd7, 0xd9, Leb},
    {0xda, 0xda, BrTable},   {0xfc, 0xfc, Misc},       {0xfe, 0xfe, Atomic},
};

struct Cursor {
    uint32_t at;
    uint32_t end;
    bool failed;
};

static uint8_t take_byte(struct Cursor* cursor) {
    if (cursor->at >= cursor->end) {
        cursor->failed = true;
        return 0;
    }
    return wdbg_code_byte(cursor->at++);
}

/* The low 32 bits. */
static uint32_t take_leb(struct Cursor* cursor) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        const uint8_t byte = take_byte(cursor);
        if (shift < 32) {
            value |= (uint32_t)(byte & 0x7FU) << shift;
        }
        if ((byte & 0x80U) == 0) {
            return value;
        }
    }
    cursor->failed = true;
    return 0;
}

static void skip(struct Cursor* cursor, uint32_t count) {
    if (count > cursor->end - cursor->at) {
        cursor->failed = true;
    } else {
        cursor->at += count;
    }
}

static void take_misc(struct Cursor* cursor) {
    /* Immediates of 0xfc 8 to 17: memory.init, data.drop, memory.copy, memory.fill, table.init,
     * elem.drop, table.copy, table.grow, table.size, table.fill. */
    static const uint8_t lebs[] = {2, 1, 2, 1, 2, 1, 2, 1, 1, 1};
    const uint32_t code = take_leb(cursor);
    if (code < 8) {
        return; /* saturating conversions */
    }
    if (code - 8 >= sizeof(lebs)) {
        cursor->failed = true;
        return;
    }
    for (unsigned i = 0; i < lebs[code - 8]; i++) {
        (void)take_leb(cursor);
    }
}

static void take_immediate(struct Cursor* cursor, enum Immediate immediate) {
    switch (immediate) {
    case Nothing:
        return;
    case Byte:
        skip(cursor, 1);
        return;
    case TwoLebs:
        (void)take_leb(cursor);
        (void)take_leb(cursor);
        return;
    case Leb:
        (void)take_leb(cursor);
        return;
    case FourBytes:
        skip(cursor, 4);
        return;
    case EightBytes:
        skip(cursor, 8);
        return;
    case Types:
        skip(cursor, take_leb(cursor));
        return;
    case BrTable: {
        const uint32_t count = take_leb(cursor);
        skip(cursor, count);
        skip(cursor, 1);
        return;
    }
    case Misc:
        take_misc(cursor);
        return;
    case Atomic:
        if (take_byte(cursor) == 0x03) { /* fence */
            skip(cursor, 1);
            return;
        }
        (void)take_leb(cursor);
        (void)take_leb(cursor);
        return;
    }
}

size_t wdbg_instruction_size(uint32_t offset, uint32_t end) {
    struct Cursor cursor = {.at = offset, .end = end, .failed = false};
    const uint8_t opcode = take_byte(&cursor);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (opcode >= rows[i].first && opcode <= rows[i].last) {
            take_immediate(&cursor, (enum Immediate)rows[i].immediate);
            return cursor.failed ? 0 : cursor.at - offset;
        }
    }
    return 0;
}
