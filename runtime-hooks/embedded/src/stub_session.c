/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "guest.h"
#include "stub_internal.h"

#include <string.h>

enum { Portion = 64 }; /* bytes taken from the transport at once, on the stack */

struct WdbgStub wdbg_stub;
volatile int32_t wdbg_stub_countdown = WDBG_STUB_POLL_INTERVAL;

void wdbg_stub_init(const struct WdbgStubTransport* transport) {
    memset(&wdbg_stub, 0, sizeof(wdbg_stub));
    wdbg_stub.transport = *transport;
    wdbg_stub.signal = WdbgSignalTrap;
    wdbg_deframer_init(&wdbg_stub.deframer, wdbg_stub.in, sizeof(wdbg_stub.in), false);
}

void wdbg_stub_wait_for_client(void) {
    wdbg_stub.wait_for_client = true;
    wdbg_stub_countdown = 1;
}

void wdbg_stub_notify(void) {
    wdbg_stub_countdown = 1;
}

bool wdbg_stub_attached(void) {
    return wdbg_stub.attached;
}

/* --- Stop replies ------------------------------------------------------------------------------
 */

void wdbg_write_stop_reply(void) {
    const uint64_t pc = wdbg_code_address(wdbg_stub.pc);
    wdbg_reply_byte('T');
    wdbg_reply_hex(&wdbg_stub.signal, 1);
    wdbg_reply_text("thread:1;name:main;");
    if (wdbg_stub.list_threads) {
        wdbg_reply_text("threads:1;thread-pcs:");
        wdbg_reply_number(pc);
        wdbg_reply_byte(';');
    }
    wdbg_reply_text("00:");
    wdbg_reply_le64(pc);
    if (wdbg_stub.reason) {
        wdbg_reply_text(";reason:");
        wdbg_reply_text(wdbg_stub.reason);
    }
    if (wdbg_stub.description) {
        wdbg_reply_text(";description:");
        wdbg_reply_hex_text(wdbg_stub.description);
    }
    wdbg_reply_byte(';');
}

static void send_stop_reply(void) {
    if (wdbg_stub.attached && wdbg_stub.owes_stop_reply) {
        wdbg_stub.owes_stop_reply = false;
        wdbg_reply_begin();
        wdbg_write_stop_reply();
        wdbg_reply_send();
    }
}

void wdbg_stub_exited(unsigned status) {
    const uint8_t code = (uint8_t)status;
    if (wdbg_stub.attached) {
        wdbg_reply_begin();
        wdbg_reply_byte('W');
        wdbg_reply_hex(&code, 1);
        wdbg_reply_send();
    }
    wdbg_stub_detach();
}

/* --- Coming and going --------------------------------------------------------------------------
 */

void wdbg_stub_resume(bool step) {
    wdbg_stub.stopped = false;
    wdbg_stub.stepping = step;
    wdbg_stub.stop_requested = false;
    wdbg_stub_countdown = step ? 1 : WDBG_STUB_POLL_INTERVAL;
}

void wdbg_stub_detach(void) {
    wdbg_breakpoints_clear();
    wdbg_stub.attached = false;
    wdbg_stub.no_ack = false;
    wdbg_stub.list_threads = false;
    wdbg_stub.owes_stop_reply = false;
    wdbg_stub.wait_for_client = false;
    wdbg_stub_resume(false);
    if (wdbg_stub.killed) {
        wdbg_stub_countdown = 1;
    }
}

static void request_stop(void) {
    wdbg_stub.stop_requested = true;
    wdbg_stub_countdown = 1;
}

/* A client begins its session: one that was there before has gone without a word. */
static void attach(void) {
    wdbg_breakpoints_clear();
    wdbg_stub.attached = true;
    wdbg_stub.no_ack = false;
    wdbg_stub.list_threads = false;
    wdbg_stub.owes_stop_reply = false;
    if (!wdbg_stub.stopped) {
        request_stop();
    }
}

/* --- Bytes in ----------------------------------------------------------------------------------
 */

/* The target was reset and the client does not know: the guest that it waits for has ended. */
static void tell_of_reset(void) {
    static const char killed[] = "$X09#c1";
    wdbg_stub_write(killed, sizeof(killed) - 1);
}

static bool begins_with(const struct WdbgDeframer* in, const char* text) {
    const size_t size = strlen(text);
    return in->size >= size && memcmp(in->buffer, text, size) == 0;
}

static bool is_resume(const struct WdbgDeframer* in) {
    return in->size != 0 && (strchr("cCsS", in->buffer[0]) || begins_with(in, "vCont;"));
}

static void on_packet(void) {
    static const char hello[] = "QStartNoAckMode"; /* a client's first packet, and only that */
    const struct WdbgDeframer* in = &wdbg_stub.deframer;
    const bool greets = in->size == sizeof(hello) - 1 && begins_with(in, hello);
    if (!wdbg_stub.attached && is_resume(in)) {
        tell_of_reset();
        return;
    }
    if (!wdbg_stub.attached || greets) {
        attach();
    }
    if (!wdbg_stub.no_ack) {
        wdbg_stub_write("+", 1);
    }
    wdbg_stub_dispatch(in->buffer, in->size);
}

static void on_bad_packet(const char* error) {
    if (!wdbg_stub.attached) {
        return; /* noise on the line */
    }
    if (!wdbg_stub.no_ack) {
        wdbg_stub_write("-", 1);
        return;
    }
    wdbg_reply_begin();
    wdbg_reply_text(error);
    wdbg_reply_send();
}

static void on_frame(enum WdbgFrameEvent event) {
    switch (event) {
    case WdbgFramePacket:
        on_packet();
        break;
    case WdbgFrameBadChecksum:
        on_bad_packet("E4a");
        break;
    case WdbgFrameOversized:
        if (wdbg_stub.attached && !wdbg_stub.no_ack) {
            wdbg_stub_write("+", 1); /* it would be too long again */
        }
        wdbg_reply_begin();
        wdbg_reply_text("E1c");
        wdbg_reply_send();
        break;
    case WdbgFrameInterrupt:
        if (!wdbg_stub.attached) {
            tell_of_reset();
        } else if (!wdbg_stub.stopped) {
            request_stop();
        }
        break;
    case WdbgFrameNack:
        if (!wdbg_stub.no_ack && wdbg_stub.out_size != 0) {
            wdbg_reply_resend();
        }
        break;
    case WdbgFrameAck:
    case WdbgFrameNeedMore:
        break;
    }
}

void wdbg_stub_receive(bool wait) {
    char portion[Portion];
    int count = 0;
    do {
        count =
            wdbg_stub.transport.read(wdbg_stub.transport.context, portion, sizeof(portion), wait);
        if (count < 0 || (size_t)count > sizeof(portion)) {
            wdbg_stub_detach();
            return;
        }
        const char* at = portion;
        size_t left = (size_t)count;
        while (left != 0) {
            on_frame(wdbg_deframer_next(&wdbg_stub.deframer, &at, &left));
        }
    } while (count == Portion && !wait);
}

/* --- Standing still ----------------------------------------------------------------------------
 */

void wdbg_stub_stop(enum WdbgStubSignal signal, const char* reason, const char* description) {
    wdbg_stub.stopped = true;
    wdbg_stub.stepping = false;
    wdbg_stub.stop_requested = false;
    wdbg_stub.wait_for_client = false;
    wdbg_stub.signal = (uint8_t)signal;
    wdbg_stub.reason = reason;
    wdbg_stub.description = description;
    if (!wdbg_guest_pc(0, &wdbg_stub.pc)) {
        wdbg_stub.pc = 0;
    }
    if (strcmp(reason, "breakpoint") == 0) { /* as it was asked for */
        const struct WdbgStubBreakpoint* hit = wdbg_breakpoint_at(wdbg_stub.pc);
        wdbg_stub.pc = hit ? hit->requested : wdbg_stub.pc;
    }
    send_stop_reply();
    while (wdbg_stub.stopped) {
        wdbg_stub_receive(true);
    }
}
