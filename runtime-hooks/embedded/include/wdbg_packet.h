/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_PACKET_H
#define WDBG_PACKET_H

/* The GDB remote protocol's text: packets in a stream of bytes, hex, numbers. Freestanding C11
 * without allocation; the microcontroller's stub and the big server (gdbstub/) both stand on it.
 *
 *     $ p a y l o a d # c s        c s: sum of the bytes between $ and #, modulo 256, in hex
 *
 * Within the payload `}` escapes: the next byte is xor-ed with 0x20; `# $ } *` must be escaped.
 * `c*n` in a reply stands for c and n - 29 more c (run-length encoding). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Hex and numbers ------------------------------------------------------------------------- */

/* Value of a hex digit, -1 for any other character. */
int wdbg_hex_value(char digit);
/* The digit for the low four bits. */
char wdbg_hex_digit(unsigned nibble);

/* Two digits per byte; `out` has room for 2 * size characters. */
void wdbg_encode_hex(const uint8_t* bytes, size_t size, char* out);
/* Pairs of digits until `into` is full. False if a character is no digit, or the digits do not fill
 * `into` exactly. */
bool wdbg_decode_hex(const char* digits, size_t digit_count, uint8_t* into, size_t size);

/* Digits, most significant first, without leading zeros ("0" for 0); returns how many. `base` is 10
 * or 16; `out` has room for 20 characters. */
size_t wdbg_format_number(uint64_t value, unsigned base, char* out);
/* The value's bytes, lowest first, two digits each: 16 characters. */
void wdbg_format_le64(uint64_t value, char* out);
/* Takes digits from the front of `text`; returns how many, 0 if there is none or the number does
 * not fit into 64 bits. `base` is 10 or 16. */
size_t wdbg_parse_number(const char* text, size_t size, unsigned base, uint64_t* value);

/* --- Packets out ----------------------------------------------------------------------------- */

/* Writes `$payload#cs` with escapes; returns its length. `out` has 2 * size + 4 bytes. */
size_t wdbg_frame(const char* payload, size_t size, char* out);

/* --- Packets in ------------------------------------------------------------------------------ */

#define WDBG_INTERRUPT_BYTE '\x03'

enum WdbgFrameEvent {
    WdbgFrameNeedMore,    /* the input is used up */
    WdbgFramePacket,      /* buffer[0 .. size) is a payload, unescaped and expanded */
    WdbgFrameAck,         /* `+` */
    WdbgFrameNack,        /* `-` */
    WdbgFrameInterrupt,   /* 0x03 outside of binary data */
    WdbgFrameBadChecksum, /* a packet whose checksum is wrong or no number; the buffer has it */
    WdbgFrameOversized,   /* a packet that did not fit; its end has been reached */
};

/* Finds packets in a stream that arrives in portions of any size. What is no packet is passed over.
 *
 *          $              #             hex            hex
 *   Idle -----> Payload -----> Checksum1 -----> Checksum2 -----> Idle
 *    | %        |  ^ }/ *                                          ^
 *    v          v  |                                              |
 *   Notification  Escaped / Repeat          (# and two more) -----+
 */
struct WdbgDeframer {
    char* buffer;
    size_t capacity; /* bytes of buffer: the longest payload */
    size_t size;     /* bytes used of it */
    int checksum;
    uint8_t sum;
    uint8_t state;  /* 0: between packets */
    bool to_client; /* the stream is a server's: run-length encoding, notifications are passed over.
                       Otherwise a client's: 0x03 interrupts */
    bool oversized;
};

/* `buffer` must outlive the deframer. */
void wdbg_deframer_init(struct WdbgDeframer* deframer, char* buffer, size_t capacity,
                        bool to_client);
/* Takes bytes from the front of the input (moves *input, lowers *size) until there is something to
 * tell. */
enum WdbgFrameEvent wdbg_deframer_next(struct WdbgDeframer* deframer, const char** input,
                                       size_t* size);

#ifdef __cplusplus
}
#endif

#endif
