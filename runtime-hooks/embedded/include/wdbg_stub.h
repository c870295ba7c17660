/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_STUB_H
#define WDBG_STUB_H

/* A debug stub for one interpreted wasm module on a microcontroller: LLDB (>= 22) and `wdbg dap`
 * connect to it directly, over whatever carries bytes. Freestanding C11: fixed buffers, no
 * allocation, no stdio.
 *
 * The guest runs on one thread; the stub has none of its own. It works in the calls below and
 * between the guest's instructions, in WAMR's interpreter loop as src/interp_classic.c compiles it.
 * While the guest is stopped, it waits for packets in there. docs/embedded.md tells how to build it
 * in. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest packet, in bytes, either way; takes three times that of RAM. At least 600. */
#ifndef WDBG_STUB_PACKET_SIZE
#define WDBG_STUB_PACKET_SIZE 1024
#endif

#ifndef WDBG_STUB_BREAKPOINTS
#define WDBG_STUB_BREAKPOINTS 32
#endif

/* Instructions that the guest executes between two looks at the transport. */
#ifndef WDBG_STUB_POLL_INTERVAL
#define WDBG_STUB_POLL_INTERVAL 4096
#endif

/* How bytes come and go. Called on the guest's thread only. */
struct WdbgStubTransport {
    /* Gives up to `size` bytes. Returns how many: 0 if there are none now (and, with `wait`, as
     * often as it likes before some come), negative if the client is gone: the guest then goes on
     * without one. A line that cannot tell never says so. */
    int (*read)(void* context, void* bytes, size_t size, bool wait);
    /* Takes all of them, waiting if it must. Negative if the client is gone. */
    int (*write)(void* context, const void* bytes, size_t size);
    void* context;
};

struct WdbgStubModule {
    const char* name;        /* of the .wasm file, as LLDB shall look for it on its machine */
    uint8_t* code;           /* what wasm_runtime_load() was given: WAMR runs and changes it */
    size_t size;             /* bytes, of both */
    const uint8_t* original; /* the same file unchanged (in flash), for clients that have none; may
                                be null: they then see what WAMR has made of it */
};

/* Before all else. The transport is copied. */
void wdbg_stub_init(const struct WdbgStubTransport* transport);

/* The module is loaded (and may be instantiated next). Both are copied but for what they point to.
 */
void wdbg_stub_module_loaded(const struct WdbgStubModule* module);
/* Before the module is deinstantiated. Breakpoints go. */
void wdbg_stub_module_unloading(void);

/* The guest's next instruction waits for a client, and for it to let the guest go on. */
void wdbg_stub_wait_for_client(void);

/* Looks for bytes from the client. The interpreter does so by itself; host functions that take long
 * or wait call it as well: a client that interrupts the guest there stops it within this call. */
void wdbg_stub_poll(void);

/* Bytes have come: look at them before the next instruction. May be called by an interrupt handler.
 */
void wdbg_stub_notify(void);

/* The guest has ended by itself, with this exit status (0 to 255). */
void wdbg_stub_exited(unsigned status);

/* A client is connected and has not detached. */
bool wdbg_stub_attached(void);

#ifdef __cplusplus
}
#endif

#endif
