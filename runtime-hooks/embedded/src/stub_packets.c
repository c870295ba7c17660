/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "stub_handlers.h"

#include <string.h>

/* --- Arguments -------------------------------------------------------------------------------- */

bool wdbg_args_take(struct WdbgArgs* args, char expected) {
    if (args->left == 0 || *args->at != expected) {
        return false;
    }
    args->at++;
    args->left--;
    return true;
}

bool wdbg_args_number(struct WdbgArgs* args, unsigned base, uint64_t* value) {
    const size_t length = wdbg_parse_number(args->at, args->left, base, value);
    args->at += length;
    args->left -= length;
    return length != 0;
}

bool wdbg_args_number32(struct WdbgArgs* args, unsigned base, uint32_t* value) {
    uint64_t wide = 0;
    if (!wdbg_args_number(args, base, &wide) || wide > UINT32_MAX) {
        return false;
    }
    *value = (uint32_t)wide;
    return true;
}

/* --- What the stub is ------------------------------------------------------------------------- */

/* hex of "wasm32-unknown-unknown-wasm": LLDB 22 then takes the module from its own disk. */
#define TRIPLE "triple:7761736d33322d756e6b6e6f776e2d756e6b6e6f776e2d7761736d;"

static enum WdbgStubError start_no_ack(struct WdbgArgs* args) {
    (void)args;
    wdbg_stub.no_ack = true;
    wdbg_reply_text("OK");
    return WdbgStubOk;
}

static enum WdbgStubError supported(struct WdbgArgs* args) {
    (void)args;
    wdbg_reply_text("PacketSize=");
    wdbg_reply_number(WDBG_STUB_PACKET_SIZE);
    wdbg_reply_text(
        ";QStartNoAckMode+;QThreadSuffixSupported+;QListThreadsInStopReply+;binary-upload+"
        ";qMemoryRegionInfo+;swbreak+;vContSupported+;qWasmInstance+"
        ";qXfer:libraries:read+");
    return WdbgStubOk;
}

static enum WdbgStubError list_threads(struct WdbgArgs* args) {
    (void)args;
    wdbg_stub.list_threads = true;
    wdbg_reply_text("OK");
    return WdbgStubOk;
}

static enum WdbgStubError echo(struct WdbgArgs* args) {
    wdbg_reply_text("qEcho:");
    for (size_t i = 0; i < args->left; i++) {
        wdbg_reply_byte(args->at[i]);
    }
    return WdbgStubOk;
}

static enum WdbgStubError stop_reason(struct WdbgArgs* args) {
    (void)args;
    wdbg_write_stop_reply();
    return WdbgStubOk;
}

/* --- Registers: there is one, the pc -----------------------------------------------------------
 */

static enum WdbgStubError register_info(struct WdbgArgs* args) {
    uint32_t number = 0;
    if (!wdbg_args_number32(args, 16, &number)) {
        return WdbgStubInvalid;
    }
    if (number != 0) {
        wdbg_reply_text("E45"); /* the list's end */
        return WdbgStubOk;
    }
    wdbg_reply_text("name:pc;alt-name:pc;bitsize:64;offset:0;encoding:uint;format:hex;"
                    "set:General Purpose Registers;gcc:16;dwarf:16;generic:pc;");
    return WdbgStubOk;
}

static enum WdbgStubError all_registers(struct WdbgArgs* args) {
    (void)args;
    wdbg_reply_le64(wdbg_code_address(wdbg_stub.pc));
    return WdbgStubOk;
}

static enum WdbgStubError read_register(struct WdbgArgs* args) {
    uint32_t number = 0;
    if (!wdbg_args_number32(args, 16, &number) || number != 0) {
        return WdbgStubInvalid;
    }
    return all_registers(args);
}

/* --- Running ---------------------------------------------------------------------------------- */

/* `:<thread>`, or nothing. */
static bool names_our_thread(struct WdbgArgs* args) {
    uint32_t thread = 0;
    if (!wdbg_args_take(args, ':')) {
        return true;
    }
    if (wdbg_args_take(args, '-')) {
        return wdbg_args_take(args, '1');
    }
    return wdbg_args_number32(args, 16, &thread) && thread <= 1;
}

static enum WdbgStubError resume(bool step) {
    if (!wdbg_stub.stopped) {
        return WdbgStubInvalid;
    }
    wdbg_stub.owes_stop_reply = true;
    wdbg_stub_resume(step);
    return WdbgStubOk;
}

static enum WdbgStubError continue_all(struct WdbgArgs* args) {
    return args->left == 0 ? resume(false) : WdbgStubUnsupported;
}

static enum WdbgStubError step(struct WdbgArgs* args) {
    return args->left == 0 ? resume(true) : WdbgStubUnsupported;
}

/* `C<signal>`, `S<signal>`: there are no signals to give to a guest. */
static enum WdbgStubError continue_with_signal(struct WdbgArgs* args) {
    uint32_t signal = 0;
    return wdbg_args_number32(args, 16, &signal) && args->left == 0 ? resume(false)
                                                                    : WdbgStubInvalid;
}

static enum WdbgStubError step_with_signal(struct WdbgArgs* args) {
    uint32_t signal = 0;
    return wdbg_args_number32(args, 16, &signal) && args->left == 0 ? resume(true)
                                                                    : WdbgStubInvalid;
}

/* `vCont;<action>[:<thread>][;…]`: the first action counts, for there is one thread. */
static enum WdbgStubError continue_threads(struct WdbgArgs* args) {
    uint32_t signal = 0;
    if (args->left == 0) {
        return WdbgStubInvalid;
    }
    const char action = *args->at;
    wdbg_args_take(args, action);
    if ((action == 'C' || action == 'S') && !wdbg_args_number32(args, 16, &signal)) {
        return WdbgStubInvalid;
    }
    if (!names_our_thread(args) || (args->left != 0 && *args->at != ';')) {
        return WdbgStubInvalid;
    }
    switch (action) {
    case 'c':
    case 'C':
        return resume(false);
    case 's':
    case 'S':
        return resume(true);
    default:
        return WdbgStubUnsupported;
    }
}

static enum WdbgStubError detach(struct WdbgArgs* args) {
    (void)args;
    wdbg_reply_text("OK");
    wdbg_reply_send();
    wdbg_stub_detach();
    return WdbgStubOk;
}

static void kill_guest(const char* reply) {
    wdbg_stub.killed = true;
    wdbg_reply_text(reply);
    wdbg_reply_send();
    wdbg_stub_detach();
}

static enum WdbgStubError kill_now(struct WdbgArgs* args) {
    (void)args;
    kill_guest("X09");
    return WdbgStubOk;
}

static enum WdbgStubError kill_politely(struct WdbgArgs* args) {
    (void)args;
    kill_guest("OK");
    return WdbgStubOk;
}

/* --- The table -------------------------------------------------------------------------------- */

/* Packets that begin with `prefix`: a fixed answer, or a handler for what follows the prefix. */
struct Row {
    const char* prefix;
    const char* answer;
    WdbgStubHandler* handler;
    bool sends; /* the handler sends what there is to send */
};

/* The longest prefix wins; one that is its row's whole packet must be all of it (`whole`). */
static const struct Row rows[] = {
    {"?", NULL, stop_reason, false},
    {"C", NULL, continue_with_signal, true},
    {"D", NULL, detach, true},
    {"H", "OK", NULL, false},
    {"M", NULL, wdbg_handle_write_memory, false},
    {"QListThreadsInStopReply", NULL, list_threads, false},
    {"QStartNoAckMode", NULL, start_no_ack, false},
    {"QThreadSuffixSupported", "OK", NULL, false},
    {"S", NULL, step_with_signal, true},
    {"T", "OK", NULL, false},
    {"Z0,", NULL, wdbg_handle_insert, false},
    {"Z1,", NULL, wdbg_handle_insert, false},
    {"c", NULL, continue_all, true},
    {"g", NULL, all_registers, false},
    {"k", NULL, kill_now, true},
    {"m", NULL, wdbg_handle_read_memory, false},
    {"p", NULL, read_register, false},
    {"qAttached", "1", NULL, false},
    {"qC", "QC1", NULL, false},
    {"qEcho:", NULL, echo, false},
    {"qHostInfo", TRIPLE "endian:little;ptrsize:4;", NULL, false},
    {"qMemoryRegionInfo:", NULL, wdbg_handle_region, false},
    {"qProcessInfo", "pid:1;parent-pid:1;" TRIPLE "endian:little;ptrsize:4;", NULL, false},
    {"qRegisterInfo", NULL, register_info, false},
    {"qSupported", NULL, supported, false},
    {"qThreadStopInfo", NULL, stop_reason, false},
    {"qWasmCallStack:", NULL, wdbg_handle_call_stack, false},
    {"qWasmGlobal:", NULL, wdbg_handle_global, false},
    {"qWasmLocal:", NULL, wdbg_handle_local, false},
    {"qWasmStackValue:", NULL, wdbg_handle_stack_value, false},
    {"qWatchpointSupportInfo:", "num:0;", NULL, false},
    {"qXfer:libraries:read::", NULL, wdbg_handle_libraries, false},
    {"qfThreadInfo", "m1", NULL, false},
    {"qsThreadInfo", "l", NULL, false},
    {"s", NULL, step, true},
    {"vCont;", NULL, continue_threads, true},
    {"vCont?", "vCont;c;C;s;S", NULL, false},
    {"vKill;", NULL, kill_politely, true},
    {"x", NULL, wdbg_handle_read_binary, false},
    {"z0,", NULL, wdbg_handle_remove, false},
    {"z1,", NULL, wdbg_handle_remove, false},
};

static const struct Row* find_row(const char* packet, size_t size, size_t* prefix_size) {
    const struct Row* found = NULL;
    *prefix_size = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const size_t length = strlen(rows[i].prefix);
        if (length > *prefix_size && length <= size &&
            memcmp(packet, rows[i].prefix, length) == 0) {
            found = &rows[i];
            *prefix_size = length;
        }
    }
    /* A name in letters is a whole name: `qCRC:` is not `qC`. */
    const bool is_name = *prefix_size > 1 && found->prefix[*prefix_size - 1] >= 'A';
    const bool goes_on = *prefix_size < size && packet[*prefix_size] >= 'A';
    return is_name && goes_on ? NULL : found;
}

void wdbg_stub_dispatch(const char* packet, size_t size) {
    size_t prefix_size = 0;
    const struct Row* row = find_row(packet, size, &prefix_size);
    struct WdbgArgs args = {packet + prefix_size, size - prefix_size};
    wdbg_reply_begin();
    enum WdbgStubError error = WdbgStubOk;
    if (row && row->answer) {
        wdbg_reply_text(row->answer);
    } else if (row) {
        error = row->handler(&args);
    }
    if (error != WdbgStubOk) {
        const uint8_t number = (uint8_t)error;
        wdbg_reply_begin();
        wdbg_reply_byte('E');
        wdbg_reply_hex(&number, 1);
    } else if (row && row->sends) {
        return;
    }
    wdbg_reply_send(); /* empty: what we do not know */
}
