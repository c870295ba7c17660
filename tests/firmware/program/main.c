/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Runs one guest in WAMR and lets a debugger in: interpreted, with the stub; or compiled, with the
 * table of modules that `wdbg bridge` looks for (WDBG_AOT=1). */

#include "board.h"

#include <string.h>
#include <wasm_export.h>
#include <wdbg_module_table_wamr.h>

enum { PoolSize = 1024 * 1024, StackSize = 16 * 1024, ImageSize = 64 * 1024 };

extern const uint8_t guest_image[];
extern const uint8_t guest_image_end[];

static uint8_t pool[PoolSize] __attribute__((aligned(16)));
static uint8_t image[ImageSize] __attribute__((aligned(16)));

static void say(const char* text) {
    board_print(text, strlen(text));
}

static _Noreturn void fail(const char* what, const char* why) {
    say("program: ");
    say(what);
    say(": ");
    say(why);
    say("\n");
    if (!WDBG_AOT) {
        wdbg_stub_exited(134);
    }
    board_exit(134);
}

static void guest_print(wasm_exec_env_t env, const char* text, int length) {
    (void)env;
    board_print(text, (size_t)length);
}

/* A host function that takes its time. */
static void guest_idle(wasm_exec_env_t env, int rounds) {
    (void)env;
    for (int i = 0; i < rounds && !wasm_runtime_get_exception(wasm_runtime_get_module_inst(env));
         i++) {
        board_relax();
        if (!WDBG_AOT) {
            wdbg_stub_poll();
        }
    }
}

static NativeSymbol imports[] = {
    {"print", (void*)guest_print, "(*~)", NULL},
    {"idle", (void*)guest_idle, "(i)", NULL},
};

static void start_runtime(void) {
    RuntimeInitArgs arguments;
    memset(&arguments, 0, sizeof(arguments));
    arguments.mem_alloc_type = Alloc_With_Pool;
    arguments.mem_alloc_option.pool.heap_buf = pool;
    arguments.mem_alloc_option.pool.heap_size = sizeof(pool);
    arguments.native_module_name = "env";
    arguments.native_symbols = imports;
    arguments.n_native_symbols = sizeof(imports) / sizeof(imports[0]);
    if (!wasm_runtime_full_init(&arguments)) {
        fail("runtime", "does not start");
    }
}

/* The guest as the runtime gets it. */
static uint8_t* load_image(uint32_t* size) {
    *size = (uint32_t)(guest_image_end - guest_image);
    if (GUEST_IN_PLACE) {
        return (uint8_t*)guest_image; /* compiled for running in flash: nothing is written to it */
    }
    if (*size > sizeof(image)) {
        fail("guest", "too large");
    }
    memcpy(image, guest_image, *size); /* the runtime changes it */
    return image;
}

#if WDBG_AOT
extern const uint8_t guest_build_id[20];
static uint32_t serial;
static bool runs_again;

static void before_instance(uint8_t* code, uint32_t size) {
    (void)code;
    (void)size;
}

static void before_run(wasm_module_inst_t instance) {
    serial = wdbg_module_instantiated(instance, GUEST_NAME, guest_build_id, sizeof(guest_build_id));
    if (serial == 0) {
        fail("table", "is full");
    }
    /* The guest waits for a byte on the line: a debugger that looks for its code finds it there.
     * After an `r` it is loaded once more when it has run. */
    char go = 0;
    while (board_transport.read(board_transport.context, &go, sizeof(go), true) == 0) {
    }
    runs_again = go == 'r';
}

static void after_run(int status) {
    (void)status;
    wdbg_module_unloaded(serial);
}
#else
enum { runs_again = 0 };

static void before_instance(uint8_t* code, uint32_t size) {
    const struct WdbgStubModule loaded = {GUEST_NAME, code, size, guest_image};
    wdbg_stub_module_loaded(&loaded);
}

static void before_run(wasm_module_inst_t instance) {
    (void)instance;
    wdbg_stub_wait_for_client();
}

static void after_run(int status) {
    wdbg_stub_exited((unsigned)status);
    wdbg_stub_module_unloading();
}
#endif

static int run_guest(wasm_module_inst_t instance) {
    uint32_t result[1] = {0};
    wasm_exec_env_t env = wasm_runtime_create_exec_env(instance, StackSize);
    wasm_function_inst_t run = wasm_runtime_lookup_function(instance, "run");
    if (!env || !run) {
        fail("guest", "has no `run`");
    }
    before_run(instance);
    if (!wasm_runtime_call_wasm(env, run, 0, result)) {
        after_run(134);
        fail("guest", wasm_runtime_get_exception(instance));
    }
    wasm_runtime_destroy_exec_env(env);
    return (int)result[0];
}

static int load_and_run(void) {
    char why[128];
    uint32_t size = 0;
    uint8_t* bytes = load_image(&size);
    wasm_module_t module = wasm_runtime_load(bytes, size, why, sizeof(why));
    if (!module) {
        fail("load", why);
    }
    before_instance(bytes, size);
    wasm_module_inst_t instance = wasm_runtime_instantiate(module, StackSize, 0, why, sizeof(why));
    if (!instance) {
        fail("instantiate", why);
    }
    const int status = run_guest(instance);
    after_run(status);
    wasm_runtime_deinstantiate(instance);
    wasm_runtime_unload(module);
    return status;
}

int main(int argc, char** argv) {
    int status = 0;
    board_init(argc, argv);
    if (!WDBG_AOT) {
        wdbg_stub_init(&board_transport);
    }
    start_runtime();
    do {
        status = load_and_run();
    } while (runs_again);
    wasm_runtime_destroy();
    say("program: end\n");
    board_exit(status);
}
