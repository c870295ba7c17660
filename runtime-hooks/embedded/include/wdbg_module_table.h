/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef WDBG_MODULE_TABLE_H
#define WDBG_MODULE_TABLE_H

/* A table in the target's memory that tells a debugger where WAMR has put compiled code.
 *
 * `wdbg bridge` reads it through any native debug server: at the symbol `wdbg_module_table`, or,
 * where there are no symbols, by looking for its magic number. Freestanding C, no allocation: one
 * call when a module is loaded, one when it goes. Calls must not overlap (call them from one
 * thread, or lock).
 *
 * Layout, the same on all targets: integers in the target's byte order, addresses always 8 bytes,
 * no padding. Offsets are from the start of the table, in bytes.
 *
 *     0   8  magic          the bytes of WDBG_MODULE_TABLE_MAGIC; zeros until the first call
 *     8   2  version        1; a reader refuses others
 *    10   2  header_size    bytes; where the first entry begins. Newer writers may append to the
 * header 12   2  entry_size     bytes; newer writers may append to entries 14   1  pointer_size of
 * the target: 4 or 8 15   1  byte_order     1 little-endian, 2 big-endian 16   4  capacity number
 * of entries behind the header, used or free 20   4  generation     even at rest, odd while an
 * entry is being changed; never the same again 24   8  self           the table's own address. A
 * find by magic whose `self` is another address is a copy (an image of RAM in flash, a stale page):
 * ignore it 32   8  changed        address of wdbg_module_table_changed(), called after every
 * change: a debugger that wants to know at once has its breakpoint there 40   4  dropped modules
 * that found no free entry, since the start 44   4  reserved       0
 *
 * An entry, offsets from its start:
 *
 *     0   4  state          0 free (ignore the rest), 1 compiled code (AOT)
 *     4   4  serial         counts up from 1: the same code loaded again has another one
 *     8   8  code           address of the first byte of the text (bit 0 clear, also for Thumb)
 *    16   8  code_size      bytes
 *    24   8  module         address of WAMR's AOTModule, 0 if not known
 *    32   4  build_id_size  bytes used of build_id: 0 if not known, at most 32
 *    36   4  instance_count entries used of `instances`
 *    40  32  build_id       as in the debug file's .note.gnu.build-id (20 bytes)
 *    72  32  instances      4 addresses of AOTModuleInstance
 *   104  56  name           UTF-8, zero-terminated, cut at 55 bytes; empty if none was given
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WDBG_MODULE_TABLE_MAGIC "wdbg\xA5mt\x1A" /* 8 bytes and the string's own zero */
#define WDBG_MODULE_TABLE_VERSION 1
#define WDBG_MODULE_BUILD_ID_SIZE 32
#define WDBG_MODULE_INSTANCES 4
#define WDBG_MODULE_NAME_SIZE 56

/* How many modules the table holds at once; give the same to all files that include this. */
#ifndef WDBG_MODULE_TABLE_CAPACITY
#define WDBG_MODULE_TABLE_CAPACITY 4
#endif

struct WdbgModuleEntry {
    uint32_t state;
    uint32_t serial;
    uint64_t code;
    uint64_t code_size;
    uint64_t module;
    uint32_t build_id_size;
    uint32_t instance_count;
    uint8_t build_id[WDBG_MODULE_BUILD_ID_SIZE];
    uint64_t instances[WDBG_MODULE_INSTANCES];
    char name[WDBG_MODULE_NAME_SIZE];
};

struct WdbgModuleTable {
    char magic[8];
    uint16_t version;
    uint16_t header_size;
    uint16_t entry_size;
    uint8_t pointer_size;
    uint8_t byte_order;
    uint32_t capacity;
    uint32_t generation;
    uint64_t self;
    uint64_t changed;
    uint32_t dropped;
    uint32_t reserved;
    struct WdbgModuleEntry entries[WDBG_MODULE_TABLE_CAPACITY];
};

/* What the debugger reads. Never write to it. */
extern struct WdbgModuleTable wdbg_module_table;

/* A module as its loader knows it. All pointers are read during the call only. */
struct WdbgModuleInfo {
    const void* code;        /* first byte of the text */
    size_t code_size;        /* bytes */
    const void* module;      /* WAMR's AOTModule, or null */
    const void* instance;    /* WAMR's AOTModuleInstance, or null if there is none yet */
    const uint8_t* build_id; /* of the debug file, or null */
    size_t build_id_size;    /* bytes; what exceeds 32 is cut */
    const char* name;        /* what a person calls it, or null */
};

/* The module's code is in place and may run now. Returns its serial, or 0 if no entry is free or
 * the code is empty: the module then runs as ever, unknown to the debugger (counted in `dropped`).
 */
uint32_t wdbg_module_loaded(const struct WdbgModuleInfo* info);

/* The module's code is about to go. 0 and serials that are not in the table do nothing. */
void wdbg_module_unloaded(uint32_t serial);

/* One more instance of a loaded module, or one less. Those beyond WDBG_MODULE_INSTANCES are not
 * noted: frames still show which instance they run in. */
void wdbg_module_instance_added(uint32_t serial, const void* instance);
void wdbg_module_instance_removed(uint32_t serial, const void* instance);

/* Does nothing; called after every change. */
void wdbg_module_table_changed(void);

#ifdef __cplusplus
}
#endif

#endif
