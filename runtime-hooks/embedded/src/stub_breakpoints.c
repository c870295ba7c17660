/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "guest.h"
#include "stub_internal.h"

#define END (wdbg_stub.breakpoints + WDBG_STUB_BREAKPOINTS)

static struct WdbgStubBreakpoint* find(uint32_t requested) {
    for (struct WdbgStubBreakpoint* row = wdbg_stub.breakpoints; row != END; row++) {
        if (row->requested == requested) {
            return row;
        }
    }
    return NULL;
}

const struct WdbgStubBreakpoint* wdbg_breakpoint_at(uint32_t place) {
    const struct WdbgStubBreakpoint* found = NULL;
    for (const struct WdbgStubBreakpoint* row = wdbg_stub.breakpoints; row != END; row++) {
        if (row->requested != 0 && row->place == place && (!found || row->requested == place)) {
            found = row;
        }
    }
    return found;
}

uint8_t wdbg_code_byte(uint32_t offset) {
    const uint8_t byte = wdbg_stub.module.code[offset];
    if (byte != WDBG_STUB_BREAK_OPCODE) {
        return byte;
    }
    const struct WdbgStubBreakpoint* planted = wdbg_breakpoint_at(offset);
    return planted ? planted->original : byte;
}

enum WdbgStubError wdbg_breakpoint_insert(uint32_t offset) {
    if (offset == 0 || offset >= wdbg_stub.module.size) {
        return WdbgStubUnreadable;
    }
    if (find(offset)) {
        return WdbgStubOk;
    }
    uint32_t place = 0;
    if (!wdbg_guest_breakpoint_place(offset, &place)) {
        return WdbgStubUnreadable;
    }
    struct WdbgStubBreakpoint* row = find(0);
    if (!row) {
        return WdbgStubNoRoom;
    }
    row->original = wdbg_code_byte(place);
    row->requested = offset;
    row->place = place;
    wdbg_stub.module.code[place] = WDBG_STUB_BREAK_OPCODE;
    return WdbgStubOk;
}

enum WdbgStubError wdbg_breakpoint_remove(uint32_t offset) {
    struct WdbgStubBreakpoint* row = offset != 0 ? find(offset) : NULL;
    if (!row) {
        return WdbgStubNotFound;
    }
    row->requested = 0;
    if (!wdbg_breakpoint_at(row->place)) { /* two requests may share a place */
        wdbg_stub.module.code[row->place] = row->original;
    }
    return WdbgStubOk;
}

void wdbg_breakpoints_clear(void) {
    for (struct WdbgStubBreakpoint* row = wdbg_stub.breakpoints; row != END; row++) {
        (void)wdbg_breakpoint_remove(row->requested);
    }
}

void wdbg_breakpoints_hide(void) {
    for (const struct WdbgStubBreakpoint* row = wdbg_stub.breakpoints; row != END; row++) {
        if (row->requested != 0) {
            wdbg_stub.module.code[row->place] = row->original;
        }
    }
}

void wdbg_breakpoints_show(void) {
    for (const struct WdbgStubBreakpoint* row = wdbg_stub.breakpoints; row != END; row++) {
        if (row->requested != 0) {
            wdbg_stub.module.code[row->place] = WDBG_STUB_BREAK_OPCODE;
        }
    }
}
