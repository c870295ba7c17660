/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "stub_internal.h"

#include <string.h>

enum { Tail = 3 }; /* `#cs` */

void wdbg_reply_begin(void) {
    wdbg_stub.out[0] = '$';
    wdbg_stub.out_size = 1;
    wdbg_stub.out_sum = 0;
    wdbg_stub.out_overflow = false;
}

static void put(char byte) {
    wdbg_stub.out[wdbg_stub.out_size++] = byte;
    wdbg_stub.out_sum = (uint8_t)(wdbg_stub.out_sum + (unsigned char)byte);
}

void wdbg_reply_byte(char byte) {
    if (wdbg_stub.out_size + Tail + 2 > sizeof(wdbg_stub.out)) {
        wdbg_stub.out_overflow = true;
        return;
    }
    if (byte == '#' || byte == '$' || byte == '}' || byte == '*') {
        put('}');
        byte = (char)((unsigned char)byte ^ 0x20U);
    }
    put(byte);
}

size_t wdbg_reply_room(void) {
    const size_t used = wdbg_stub.out_size + Tail + 1;
    return used < sizeof(wdbg_stub.out) ? sizeof(wdbg_stub.out) - used : 0;
}

void wdbg_reply_text(const char* text) {
    while (*text) {
        wdbg_reply_byte(*text++);
    }
}

void wdbg_reply_hex(const void* bytes, size_t size) {
    const uint8_t* at = bytes;
    for (size_t i = 0; i < size; i++) {
        wdbg_reply_byte(wdbg_hex_digit(at[i] >> 4U));
        wdbg_reply_byte(wdbg_hex_digit(at[i]));
    }
}

void wdbg_reply_hex_text(const char* text) {
    wdbg_reply_hex(text, strlen(text));
}

void wdbg_reply_number(uint64_t value) {
    char digits[20];
    const size_t count = wdbg_format_number(value, 16, digits);
    for (size_t i = 0; i < count; i++) {
        wdbg_reply_byte(digits[i]);
    }
}

void wdbg_reply_le64(uint64_t value) {
    char digits[16];
    wdbg_format_le64(value, digits);
    for (size_t i = 0; i < sizeof(digits); i++) {
        wdbg_reply_byte(digits[i]);
    }
}

void wdbg_stub_write(const void* bytes, size_t size) {
    if (wdbg_stub.transport.write(wdbg_stub.transport.context, bytes, size) < 0) {
        wdbg_stub_detach();
    }
}

void wdbg_reply_send(void) {
    if (wdbg_stub.out_overflow) {
        wdbg_reply_begin();
        wdbg_reply_text("E1c");
    }
    const unsigned sum = wdbg_stub.out_sum;
    put('#');
    put(wdbg_hex_digit(sum >> 4U));
    put(wdbg_hex_digit(sum));
    wdbg_reply_resend();
}

void wdbg_reply_resend(void) {
    wdbg_stub_write(wdbg_stub.out, wdbg_stub.out_size);
}
