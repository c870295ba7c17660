/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Packets about memory, modules and wasm values. */

#include "guest.h"
#include "stub_handlers.h"

#include <string.h>

/* LLDB's address: 63:62 space (0 linear memory, 1 the .wasm file), 61:32 instance, 31:0 offset. We
 * have one instance, 0. */
#define CODE_SPACE (UINT64_C(1) << 62U)

uint64_t wdbg_code_address(uint32_t offset) {
    return CODE_SPACE | offset;
}

struct Range {
    uint64_t address;
    uint64_t size;
    bool code;
    uint32_t offset;  /* of the address in its space */
    uint32_t present; /* bytes that exist there, at most `size` */
};

static uint64_t space_size(bool code) {
    uint64_t size = wdbg_stub.module.size;
    if (!code) {
        (void)wdbg_guest_memory(&size);
    }
    return size;
}

/* `<address>,<length>` */
static bool take_range(struct WdbgArgs* args, struct Range* range) {
    if (!wdbg_args_number(args, 16, &range->address) || !wdbg_args_take(args, ',') ||
        !wdbg_args_number(args, 16, &range->size)) {
        return false;
    }
    const uint64_t upper = range->address >> 32U;
    range->code = upper == CODE_SPACE >> 32U;
    range->offset = (uint32_t)range->address;
    range->present = 0;
    const uint64_t end = space_size(range->code);
    if ((upper == 0 || range->code) && range->offset < end) {
        const uint64_t left = end - range->offset;
        const uint64_t present = left < range->size ? left : range->size;
        range->present = present < UINT32_MAX ? (uint32_t)present : UINT32_MAX;
    }
    return true;
}

static uint8_t byte_at(const struct Range* range, const uint8_t* memory, uint32_t index) {
    const uint32_t offset = range->offset + index;
    if (!range->code) {
        return memory[offset];
    }
    const uint8_t* original = wdbg_stub.module.original;
    return original ? original[offset] : wdbg_code_byte(offset);
}

/* Short answers are fine: the client asks again for the rest. */
static enum WdbgStubError read_memory(struct WdbgArgs* args, bool binary) {
    struct Range range;
    uint64_t size = 0;
    if (!take_range(args, &range)) {
        return WdbgStubInvalid;
    }
    const uint8_t* memory = wdbg_guest_memory(&size);
    if (binary && range.size == 0) {
        wdbg_reply_text("OK");
        return WdbgStubOk;
    }
    if (range.present == 0) {
        return WdbgStubUnreadable;
    }
    if (binary) {
        wdbg_reply_byte('b');
    }
    /* Both forms take up to two characters per byte; the client's packets are half our buffer. */
    const size_t limit = binary ? WDBG_STUB_PACKET_SIZE - 1 : WDBG_STUB_PACKET_SIZE / 2;
    for (uint32_t i = 0; i < range.present && i < limit && wdbg_reply_room() >= 2; i++) {
        const uint8_t byte = byte_at(&range, memory, i);
        if (binary) {
            wdbg_reply_byte((char)byte);
        } else {
            wdbg_reply_hex(&byte, 1);
        }
    }
    return WdbgStubOk;
}

enum WdbgStubError wdbg_handle_read_memory(struct WdbgArgs* args) {
    return read_memory(args, false);
}

enum WdbgStubError wdbg_handle_read_binary(struct WdbgArgs* args) {
    return read_memory(args, true);
}

/* `M<address>,<length>:<hex>`: all of it or nothing. */
enum WdbgStubError wdbg_handle_write_memory(struct WdbgArgs* args) {
    struct Range range;
    uint64_t size = 0;
    if (!take_range(args, &range) || !wdbg_args_take(args, ':')) {
        return WdbgStubInvalid;
    }
    if (range.code || range.present < range.size) {
        return WdbgStubUnreadable;
    }
    uint8_t* memory = wdbg_guest_memory(&size);
    for (size_t i = 0; i < args->left; i++) {
        if (wdbg_hex_value(args->at[i]) < 0) {
            return WdbgStubInvalid;
        }
    }
    if (range.size != 0 &&
        !wdbg_decode_hex(args->at, args->left, memory + range.offset, range.present)) {
        return WdbgStubInvalid;
    }
    wdbg_reply_text("OK");
    return WdbgStubOk;
}

static void write_region(uint64_t start, uint64_t size, const char* permissions, const char* name) {
    wdbg_reply_text("start:");
    wdbg_reply_number(start);
    wdbg_reply_text(";size:");
    wdbg_reply_number(size);
    wdbg_reply_byte(';');
    if (permissions) {
        wdbg_reply_text("permissions:");
        wdbg_reply_text(permissions);
        wdbg_reply_text(";name:");
        wdbg_reply_hex_text(name);
        wdbg_reply_byte(';');
    }
}

/* Region by region the whole address space is covered; none has size 0. */
enum WdbgStubError wdbg_handle_region(struct WdbgArgs* args) {
    uint64_t address = 0;
    if (!wdbg_args_number(args, 16, &address) || args->left != 0) {
        return WdbgStubInvalid;
    }
    const uint64_t memory_end = space_size(false);
    const uint64_t code_end = CODE_SPACE + space_size(true);
    if (address < memory_end) {
        write_region(0, memory_end, "rw", "memory");
    } else if (address < CODE_SPACE) {
        write_region(memory_end, CODE_SPACE - memory_end, NULL, NULL);
    } else if (address < code_end) {
        write_region(CODE_SPACE, code_end - CODE_SPACE, "rx", "code");
    } else if (address != UINT64_MAX) {
        write_region(code_end, UINT64_MAX - code_end, NULL, NULL);
    } else {
        write_region(address, 1, NULL, NULL);
    }
    return WdbgStubOk;
}

/* --- qXfer:libraries:read::<offset>,<length> ----------------------------------------------------
 */

/* A window onto a text that is longer than a reply. */
struct Window {
    uint32_t skip;
    uint32_t left;
    bool more;
};

static void window_byte(struct Window* window, char byte) {
    if (window->skip != 0) {
        window->skip--;
    } else if (window->left == 0 || wdbg_reply_room() < 2) {
        window->more = true;
    } else {
        window->left--;
        wdbg_reply_byte(byte);
    }
}

static void window_text(struct Window* window, const char* text) {
    while (*text) {
        window_byte(window, *text++);
    }
}

static void window_escaped(struct Window* window, char byte) {
    switch (byte) {
    case '&':
        window_text(window, "&amp;");
        return;
    case '<':
        window_text(window, "&lt;");
        return;
    case '>':
        window_text(window, "&gt;");
        return;
    case '"':
        window_text(window, "&quot;");
        return;
    default:
        window_byte(window, byte);
    }
}

static struct Window write_libraries(uint32_t offset, uint32_t length) {
    struct Window window = {offset, length, false};
    window_text(&window, "<library-list>");
    if (wdbg_stub.module.size != 0) {
        window_text(&window, "<library name=\"");
        for (const char* at = wdbg_stub.module.name; *at; at++) {
            window_escaped(&window, *at);
        }
        window_text(&window, "\"><section address=\"0x4000000000000000\"/></library>");
    }
    window_text(&window, "</library-list>");
    return window;
}

enum WdbgStubError wdbg_handle_libraries(struct WdbgArgs* args) {
    uint32_t offset = 0;
    uint32_t length = 0;
    if (!wdbg_args_number32(args, 16, &offset) || !wdbg_args_take(args, ',') ||
        !wdbg_args_number32(args, 16, &length)) {
        return WdbgStubInvalid;
    }
    /* Once to know whether more follows, once for good. */
    wdbg_reply_byte('l');
    if (write_libraries(offset, length).more) {
        wdbg_reply_begin();
        wdbg_reply_byte('m');
        (void)write_libraries(offset, length);
    }
    return WdbgStubOk;
}

/* --- Wasm values -------------------------------------------------------------------------------
 */

enum WdbgStubError wdbg_handle_call_stack(struct WdbgArgs* args) {
    uint32_t offset = 0;
    (void)args; /* the thread */
    for (uint32_t i = 0; wdbg_reply_room() >= 16 && wdbg_guest_pc(i, &offset); i++) {
        wdbg_reply_le64(wdbg_code_address(i == 0 ? wdbg_stub.pc : offset));
    }
    return WdbgStubOk;
}

/* `<frame>;<index>`, decimal. */
static bool take_slot(struct WdbgArgs* args, uint32_t* frame, uint32_t* index) {
    return wdbg_args_number32(args, 10, frame) && wdbg_args_take(args, ';') &&
           wdbg_args_number32(args, 10, index);
}

static enum WdbgStubError write_value(const uint8_t* value, size_t size) {
    if (size == 0) {
        return WdbgStubNotFound;
    }
    wdbg_reply_hex(value, size);
    return WdbgStubOk;
}

enum WdbgStubError wdbg_handle_local(struct WdbgArgs* args) {
    uint8_t value[WDBG_VALUE_SIZE];
    uint32_t frame = 0;
    uint32_t index = 0;
    if (!take_slot(args, &frame, &index)) {
        return WdbgStubInvalid;
    }
    return write_value(value, wdbg_guest_local(frame, index, value));
}

/* `<frame>;<index>`, or `<index>;instance:<id>;` (LLDB 24). */
enum WdbgStubError wdbg_handle_global(struct WdbgArgs* args) {
    static const char by_instance[] = "instance:";
    uint8_t value[WDBG_VALUE_SIZE];
    uint32_t first = 0;
    uint32_t index = 0;
    if (!wdbg_args_number32(args, 10, &first) || !wdbg_args_take(args, ';')) {
        return WdbgStubInvalid;
    }
    if (args->left >= sizeof(by_instance) &&
        memcmp(args->at, by_instance, sizeof(by_instance) - 1) == 0) {
        index = first;
    } else if (!wdbg_args_number32(args, 10, &index)) {
        return WdbgStubInvalid;
    }
    return write_value(value, wdbg_guest_global(index, value));
}

uint32_t wdbg_size_of_type(uint8_t type) {
    switch (type) {
    case 0x7e: /* i64, f64 */
    case 0x7c:
        return 8;
    case 0x7b: /* v128 */
        return 16;
    default:
        return 4;
    }
}

/* At a trap and in callers the instruction has taken some of its operands already. */
enum WdbgStubError wdbg_handle_stack_value(struct WdbgArgs* args) {
    const uint32_t* stack = NULL;
    struct WdbgGuestCode code = {0, 0, 0};
    uint32_t frame = 0;
    uint32_t slot = 0;
    uint32_t first = 0;
    uint32_t cells = 0;
    if (!take_slot(args, &frame, &slot)) {
        return WdbgStubInvalid;
    }
    const uint32_t count = wdbg_guest_stack(frame, &stack, &code);
    if (!wdbg_operand_place(frame, &code, slot, &first, &cells)) {
        return WdbgStubUnavailable;
    }
    return first + cells <= count ? write_value((const uint8_t*)(stack + first), 4 * cells)
                                  : WdbgStubUnavailable;
}

/* --- `Z0,<address>,<kind>` ----------------------------------------------------------------------
 */

static enum WdbgStubError change_breakpoint(struct WdbgArgs* args,
                                            enum WdbgStubError (*change)(uint32_t)) {
    struct Range range;
    if (!take_range(args, &range)) {
        return WdbgStubInvalid;
    }
    if (!range.code) {
        return WdbgStubUnreadable;
    }
    const enum WdbgStubError error = change(range.offset);
    if (error == WdbgStubOk) {
        wdbg_reply_text("OK");
    }
    return error;
}

enum WdbgStubError wdbg_handle_insert(struct WdbgArgs* args) {
    return change_breakpoint(args, wdbg_breakpoint_insert);
}

enum WdbgStubError wdbg_handle_remove(struct WdbgArgs* args) {
    return change_breakpoint(args, wdbg_breakpoint_remove);
}
