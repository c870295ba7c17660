/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "wdbg_module_table.h"

#include <stdbool.h>

_Static_assert(offsetof(struct WdbgModuleTable, capacity) == 16, "layout");
_Static_assert(offsetof(struct WdbgModuleTable, self) == 24, "layout");
_Static_assert(offsetof(struct WdbgModuleTable, dropped) == 40, "layout");
_Static_assert(offsetof(struct WdbgModuleTable, entries) == 48, "layout");
_Static_assert(offsetof(struct WdbgModuleEntry, code) == 8, "layout");
_Static_assert(offsetof(struct WdbgModuleEntry, build_id_size) == 32, "layout");
_Static_assert(offsetof(struct WdbgModuleEntry, instances) == 72, "layout");
_Static_assert(offsetof(struct WdbgModuleEntry, name) == 104, "layout");
_Static_assert(sizeof(struct WdbgModuleEntry) == 160, "layout");

/* Zeros until the first call, so that no image of it in flash carries the magic number. */
__attribute__((used)) struct WdbgModuleTable wdbg_module_table;

static uint32_t last_serial;

/* The compiler keeps the order of what the debugger may see half done. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static uint64_t address_of(const void* pointer) {
    return (uint64_t)(uintptr_t)pointer;
}

/* On other machines a function may begin at an odd address. */
#ifdef __thumb__
static const uint64_t no_address_bits = 1;
#else
static const uint64_t no_address_bits = 0;
#endif

__attribute__((noinline, used)) void wdbg_module_table_changed(void) {
    BARRIER();
}

static void prepare(struct WdbgModuleTable* table) {
    static const char magic[] = WDBG_MODULE_TABLE_MAGIC;
    const uint16_t probe = 1;
    table->version = WDBG_MODULE_TABLE_VERSION;
    table->header_size = offsetof(struct WdbgModuleTable, entries);
    table->entry_size = sizeof(struct WdbgModuleEntry);
    table->pointer_size = sizeof(void*);
    table->byte_order = *(const uint8_t*)&probe == 1 ? 1 : 2;
    table->capacity = WDBG_MODULE_TABLE_CAPACITY;
    table->self = address_of(table);
    table->changed = (uint64_t)(uintptr_t)&wdbg_module_table_changed & ~no_address_bits;
    BARRIER();
    for (size_t i = 0; i < sizeof(table->magic); i++) {
        table->magic[i] = magic[i];
    }
}

static void begin_change(void) {
    if (wdbg_module_table.version == 0) {
        prepare(&wdbg_module_table);
    }
    wdbg_module_table.generation++;
    BARRIER();
}

static void end_change(void) {
    BARRIER();
    wdbg_module_table.generation++;
    wdbg_module_table_changed();
}

/* The entry with this serial; 0 finds a free one. Null if there is none. */
static struct WdbgModuleEntry* find(uint32_t serial) {
    for (size_t i = 0; i < WDBG_MODULE_TABLE_CAPACITY; i++) {
        struct WdbgModuleEntry* entry = &wdbg_module_table.entries[i];
        if ((entry->state == 0 && serial == 0) || (entry->state != 0 && entry->serial == serial)) {
            return entry;
        }
    }
    return NULL;
}

static void fill(struct WdbgModuleEntry* entry, const struct WdbgModuleInfo* info) {
    static const struct WdbgModuleEntry empty;
    *entry = empty;
    entry->code = (uint64_t)(uintptr_t)info->code & ~(uint64_t)1;
    entry->code_size = info->code_size;
    entry->module = address_of(info->module);
    if (info->instance) {
        entry->instances[0] = address_of(info->instance);
        entry->instance_count = 1;
    }
    if (info->build_id) {
        while (entry->build_id_size < info->build_id_size &&
               entry->build_id_size < WDBG_MODULE_BUILD_ID_SIZE) {
            entry->build_id[entry->build_id_size] = info->build_id[entry->build_id_size];
            entry->build_id_size++;
        }
    }
    for (size_t i = 0; info->name && info->name[i] && i < WDBG_MODULE_NAME_SIZE - 1; i++) {
        entry->name[i] = info->name[i];
    }
}

uint32_t wdbg_module_loaded(const struct WdbgModuleInfo* info) {
    struct WdbgModuleEntry* entry = find(0);
    const bool empty = !info->code || info->code_size == 0;
    begin_change();
    if (!entry || empty) {
        wdbg_module_table.dropped++;
        end_change();
        return 0;
    }
    if (++last_serial == 0) {
        ++last_serial;
    }
    fill(entry, info);
    entry->serial = last_serial;
    BARRIER();
    entry->state = 1;
    end_change();
    return last_serial;
}

void wdbg_module_unloaded(uint32_t serial) {
    struct WdbgModuleEntry* entry = serial ? find(serial) : NULL;
    if (entry) {
        begin_change();
        entry->state = 0;
        end_change();
    }
}

void wdbg_module_instance_added(uint32_t serial, const void* instance) {
    struct WdbgModuleEntry* entry = serial ? find(serial) : NULL;
    if (entry && entry->instance_count < WDBG_MODULE_INSTANCES) {
        begin_change();
        entry->instances[entry->instance_count++] = address_of(instance);
        end_change();
    }
}

void wdbg_module_instance_removed(uint32_t serial, const void* instance) {
    struct WdbgModuleEntry* entry = serial ? find(serial) : NULL;
    for (uint32_t i = 0; entry && i < entry->instance_count; i++) {
        if (entry->instances[i] == address_of(instance)) {
            begin_change();
            entry->instances[i] = entry->instances[--entry->instance_count];
            entry->instances[entry->instance_count] = 0;
            end_change();
            return;
        }
    }
}
