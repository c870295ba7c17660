/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_STUB_INTERNAL_H
#define WDBG_STUB_INTERNAL_H

#include "wdbg_packet.h"
#include "wdbg_stub.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The byte that stands in the code where a breakpoint is planted; no opcode has this number. */
#define WDBG_STUB_BREAK_OPCODE 0xdcU

/* Numbers of `Exx`, as gdbstub/src/error_numbers.h has them. */
enum WdbgStubError {
    WdbgStubOk = 0,
    WdbgStubNotFound = 0x02,
    WdbgStubUnreadable = 0x08,
    WdbgStubInvalid = 0x16,
    WdbgStubNoRoom = 0x1C,
    WdbgStubUnavailable = 0x3D,
    WdbgStubMalformed = 0x4A,
    WdbgStubUnsupported = 0x5F,
};

enum WdbgStubSignal {
    WdbgSignalInt = 2,
    WdbgSignalIll = 4,
    WdbgSignalTrap = 5,
    WdbgSignalFpe = 8,
    WdbgSignalSegv = 11,
};

struct WdbgStubBreakpoint {
    uint32_t requested; /* offset that the client named; 0: the row is free */
    uint32_t place;     /* where the byte is planted */
    uint8_t original;   /* what it hides */
};

/*            c, s, D, k                      step done, breakpoint, trap, interrupt
 *   STOPPED ------------> RUNNING (guest)  ------------------------------------> STOPPED
 */
struct WdbgStub {
    struct WdbgStubTransport transport;
    struct WdbgStubModule module;
    struct WdbgDeframer deframer;
    struct WdbgStubBreakpoint breakpoints[WDBG_STUB_BREAKPOINTS];

    bool attached; /* a client has sent a packet and has not left */
    bool no_ack;
    bool list_threads;    /* stop replies name the threads and their pcs */
    bool stopped;         /* the guest waits in serve() */
    bool owes_stop_reply; /* the client has resumed the guest and waits */
    bool killed;
    bool wait_for_client;
    bool stepping;
    bool stop_requested; /* by 0x03, or by a client that has just come */

    uint8_t signal;     /* of the last stop */
    const char* reason; /* "trace", "breakpoint", "signal", "exception" */
    const char* description;
    uint32_t pc; /* of frame 0, as reported: where a breakpoint was asked for */

    size_t out_size; /* of `out`: the reply being written, then the last one sent */
    bool out_overflow;
    uint8_t out_sum;
    char in[WDBG_STUB_PACKET_SIZE];
    char out[2 * WDBG_STUB_PACKET_SIZE + 4];
};

extern struct WdbgStub wdbg_stub;

/* Counts down to the next call of the attention hook; see interp_classic.c. */
extern volatile int32_t wdbg_stub_countdown;

/* --- Replies (stub_reply.c) -------------------------------------------------------------------
 * Framed while they are written. What does not fit makes the reply an error. */
void wdbg_reply_begin(void);
void wdbg_reply_byte(char byte);
void wdbg_reply_text(const char* text);
void wdbg_reply_hex(const void* bytes, size_t size);
void wdbg_reply_hex_text(const char* text);
void wdbg_reply_number(uint64_t value); /* hex, without leading zeros */
void wdbg_reply_le64(uint64_t value);
/* Payload bytes that still fit, if none of them needs an escape. */
size_t wdbg_reply_room(void);
void wdbg_reply_send(void);
/* The last reply once more. */
void wdbg_reply_resend(void);
void wdbg_stub_write(const void* bytes, size_t size);

/* --- Packets (stub_packets.c) ----------------------------------------------------------------- */
/* Answers one packet, with exactly one reply, or none if it resumes the guest. */
void wdbg_stub_dispatch(const char* packet, size_t size);

/* --- The session (stub_session.c) ------------------------------------------------------------- */
/* LLDB's address of an offset in the .wasm. */
uint64_t wdbg_code_address(uint32_t offset);
void wdbg_write_stop_reply(void);
/* Ends serve(): the guest goes on. */
void wdbg_stub_resume(bool step);
/* The client is gone, or says that it goes: the guest goes on without breakpoints. */
void wdbg_stub_detach(void);
/* Takes what bytes there are; with `wait` at least one. */
void wdbg_stub_receive(bool wait);
/* The guest stops here and now: tells the client, and serves it until it resumes the guest. */
void wdbg_stub_stop(enum WdbgStubSignal signal, const char* reason, const char* description);

/* --- Breakpoints (stub_breakpoints.c) ----------------------------------------------------------
 */
enum WdbgStubError wdbg_breakpoint_insert(uint32_t offset);
enum WdbgStubError wdbg_breakpoint_remove(uint32_t offset);
void wdbg_breakpoints_clear(void);
/* Takes the planted bytes out of the code and puts them back: around what reads the code. */
void wdbg_breakpoints_hide(void);
void wdbg_breakpoints_show(void);
/* The breakpoint planted at an offset; one asked for right there is preferred. Null if none is. */
const struct WdbgStubBreakpoint* wdbg_breakpoint_at(uint32_t place);
/* The code's byte, without planted ones. */
uint8_t wdbg_code_byte(uint32_t offset);

/* --- The operand stack (operand_stack.c) ---------------------------------------------------------
 */
struct WdbgGuestCode;
/* Bytes of a value of this type (the binary format's number). */
uint32_t wdbg_size_of_type(uint8_t type);
/* Where value `slot` (0: bottom) of a frame's operand stack is, before the instruction at code->pc:
 * its first cell and how many it has. False if that is not known. Linear in the function's code. */
bool wdbg_operand_place(uint32_t frame, const struct WdbgGuestCode* code, uint32_t slot,
                        uint32_t* first_cell, uint32_t* cells);

/* --- Instructions (instructions.c) -------------------------------------------------------------
 */
/* Bytes of the instruction at `offset` of the code as WAMR's classic interpreter has it in memory;
 * 0 if it is unknown or reaches behind `end` (an offset). */
size_t wdbg_instruction_size(uint32_t offset, uint32_t end);

#ifdef __cplusplus
}
#endif

#endif
