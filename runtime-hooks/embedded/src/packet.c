/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "wdbg_packet.h"

#include <string.h>

enum { NotHex = 0x100, EscapeBit = 0x20, RepeatBias = 29, BinaryHead = 64 };

enum State {
    Idle,
    Payload,
    Escaped,
    Repeat,
    Checksum1,
    Checksum2,
    Notification,
    NotificationEnd,
};

/* --- Hex and numbers ------------------------------------------------------------------------- */

int wdbg_hex_value(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char wdbg_hex_digit(unsigned nibble) {
    return "0123456789abcdef"[nibble & 0xFU];
}

void wdbg_encode_hex(const uint8_t* bytes, size_t size, char* out) {
    for (size_t i = 0; i < size; i++) {
        *out++ = wdbg_hex_digit(bytes[i] >> 4U);
        *out++ = wdbg_hex_digit(bytes[i]);
    }
}

bool wdbg_decode_hex(const char* digits, size_t digit_count, uint8_t* into, size_t size) {
    if (digit_count % 2 != 0 || digit_count / 2 != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const int high = wdbg_hex_value(digits[2 * i]);
        const int low = wdbg_hex_value(digits[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        into[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

size_t wdbg_format_number(uint64_t value, unsigned base, char* out) {
    size_t digits = 0;
    for (uint64_t rest = value; digits == 0 || rest != 0; rest /= base) {
        digits++;
    }
    for (size_t at = digits; at-- > 0; value /= base) {
        out[at] = wdbg_hex_digit((unsigned)(value % base));
    }
    return digits;
}

void wdbg_format_le64(uint64_t value, char* out) {
    for (unsigned i = 0; i < 8; i++, value >>= 8U) {
        *out++ = wdbg_hex_digit((unsigned)(value >> 4U));
        *out++ = wdbg_hex_digit((unsigned)value);
    }
}

size_t wdbg_parse_number(const char* text, size_t size, unsigned base, uint64_t* value) {
    uint64_t number = 0;
    size_t length = 0;
    for (; length < size; length++) {
        const int digit = wdbg_hex_value(text[length]);
        if (digit < 0 || (unsigned)digit >= base) {
            break;
        }
        if (number > (UINT64_MAX - (unsigned)digit) / base) {
            return 0;
        }
        number = number * base + (unsigned)digit;
    }
    if (length != 0) {
        *value = number;
    }
    return length;
}

/* --- Packets out ----------------------------------------------------------------------------- */

static bool must_escape(char byte) {
    return byte == '#' || byte == '$' || byte == '}' || byte == '*';
}

size_t wdbg_frame(const char* payload, size_t size, char* out) {
    char* at = out;
    uint8_t sum = 0;
    *at++ = '$';
    for (size_t i = 0; i < size; i++) {
        char coded = payload[i];
        if (must_escape(coded)) {
            *at++ = '}';
            sum = (uint8_t)(sum + '}');
            coded = (char)((unsigned char)coded ^ EscapeBit);
        }
        *at++ = coded;
        sum = (uint8_t)(sum + (unsigned char)coded);
    }
    *at++ = '#';
    *at++ = wdbg_hex_digit(sum >> 4U);
    *at++ = wdbg_hex_digit(sum);
    return (size_t)(at - out);
}

/* --- Packets in ------------------------------------------------------------------------------ */

void wdbg_deframer_init(struct WdbgDeframer* deframer, char* buffer, size_t capacity,
                        bool to_client) {
    memset(deframer, 0, sizeof(*deframer));
    deframer->buffer = buffer;
    deframer->capacity = capacity;
    deframer->to_client = to_client;
}

static void begin(struct WdbgDeframer* self) {
    self->state = Payload;
    self->size = 0;
    self->sum = 0;
    self->oversized = false;
}

static void add_to_sum(struct WdbgDeframer* self, char byte) {
    self->sum = (uint8_t)(self->sum + (unsigned char)byte);
}

static void store(struct WdbgDeframer* self, char byte) {
    if (self->size == self->capacity) {
        self->oversized = true;
        return;
    }
    self->buffer[self->size++] = byte;
}

static void repeat(struct WdbgDeframer* self, char count) {
    if (self->size == 0) {
        return;
    }
    const char last = self->buffer[self->size - 1];
    for (int times = (unsigned char)count - RepeatBias; times > 0; times--) {
        store(self, last);
    }
}

/* In `Xaddress,length:data` everything behind the colon is binary. */
static bool expects_binary(const struct WdbgDeframer* self) {
    const size_t head = self->size < BinaryHead ? self->size : BinaryHead;
    return self->size != 0 && self->buffer[0] == 'X' && memchr(self->buffer, ':', head) != NULL;
}

static enum WdbgFrameEvent idle(struct WdbgDeframer* self, char byte) {
    switch (byte) {
    case '$':
        begin(self);
        return WdbgFrameNeedMore;
    case '+':
        return WdbgFrameAck;
    case '-':
        return WdbgFrameNack;
    case WDBG_INTERRUPT_BYTE:
        return self->to_client ? WdbgFrameNeedMore : WdbgFrameInterrupt;
    case '%':
        self->state = self->to_client ? Notification : Idle;
        return WdbgFrameNeedMore;
    default:
        return WdbgFrameNeedMore; /* noise between packets */
    }
}

static enum WdbgFrameEvent payload_byte(struct WdbgDeframer* self, char byte) {
    if (byte == '$') { /* never within a packet: the one before was cut off */
        begin(self);
        return WdbgFrameNeedMore;
    }
    if (byte == '#') {
        self->state = Checksum1;
        return WdbgFrameNeedMore;
    }
    if (byte == WDBG_INTERRUPT_BYTE && !self->to_client && !expects_binary(self)) {
        return WdbgFrameInterrupt; /* not part of the packet, nor of its sum */
    }
    add_to_sum(self, byte);
    if (byte == '}') {
        self->state = Escaped;
    } else if (byte == '*' && self->to_client) {
        self->state = Repeat;
    } else {
        store(self, byte);
    }
    return WdbgFrameNeedMore;
}

static enum WdbgFrameEvent checksum_byte(struct WdbgDeframer* self, char byte) {
    if (byte == '$') {
        begin(self);
        return WdbgFrameNeedMore;
    }
    if (byte == WDBG_INTERRUPT_BYTE && !self->to_client) {
        return WdbgFrameInterrupt;
    }
    const int digit = wdbg_hex_value(byte);
    if (self->state == Checksum1) {
        self->checksum = digit < 0 ? NotHex : digit * 16;
        self->state = Checksum2;
        return WdbgFrameNeedMore;
    }
    self->state = Idle;
    self->checksum = digit < 0 ? NotHex : self->checksum + digit;
    if (self->oversized) {
        return WdbgFrameOversized;
    }
    return self->checksum == self->sum ? WdbgFramePacket : WdbgFrameBadChecksum;
}

static enum WdbgFrameEvent step(struct WdbgDeframer* self, char byte) {
    switch (self->state) {
    case Payload:
        return payload_byte(self, byte);
    case Escaped:
        add_to_sum(self, byte);
        store(self, (char)((unsigned char)byte ^ EscapeBit));
        self->state = Payload;
        return WdbgFrameNeedMore;
    case Repeat:
        add_to_sum(self, byte);
        repeat(self, byte);
        self->state = Payload;
        return WdbgFrameNeedMore;
    case Checksum1:
    case Checksum2:
        return checksum_byte(self, byte);
    case Notification:
        if (byte == '#') {
            self->state = NotificationEnd;
            self->size = 0;
        }
        return WdbgFrameNeedMore;
    case NotificationEnd:
        if (++self->size == 2) {
            self->state = Idle;
        }
        return WdbgFrameNeedMore;
    default:
        return idle(self, byte);
    }
}

/* Copies the run of ordinary bytes at the front; the common case, without a state per byte. */
static size_t copy_plain(struct WdbgDeframer* self, const char* input, size_t size) {
    size_t length = 0;
    uint8_t sum = self->sum;
    while (length < size && !must_escape(input[length]) && input[length] != WDBG_INTERRUPT_BYTE) {
        sum = (uint8_t)(sum + (unsigned char)input[length]);
        length++;
    }
    self->sum = sum;
    const size_t room = self->capacity - self->size;
    const size_t stored = length < room ? length : room;
    if (stored != 0) {
        memcpy(self->buffer + self->size, input, stored);
        self->size += stored;
    }
    self->oversized = self->oversized || stored < length;
    return length;
}

enum WdbgFrameEvent wdbg_deframer_next(struct WdbgDeframer* self, const char** input,
                                       size_t* size) {
    while (*size != 0) {
        if (self->state == Payload) {
            const size_t copied = copy_plain(self, *input, *size);
            *input += copied;
            *size -= copied;
            if (*size == 0) {
                break;
            }
        }
        const char byte = **input;
        *input += 1;
        *size -= 1;
        const enum WdbgFrameEvent event = step(self, byte);
        if (event != WdbgFrameNeedMore) {
            return event;
        }
    }
    return WdbgFrameNeedMore;
}
