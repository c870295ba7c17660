/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Runs one wasm guest in WAMR and lets a debugger in. */

#include "board.h"

#include <string.h>
#include <wasm_export.h>

enum { POOL_SIZE = 1024 * 1024, STACK_SIZE = 16 * 1024, IMAGE_SIZE = 64 * 1024 };

extern const uint8_t guest_image[];
extern const uint8_t guest_image_end[];

static uint8_t pool[POOL_SIZE] __attribute__((aligned(16)));
static uint8_t image[IMAGE_SIZE] __attribute__((aligned(16)));

static void say(const char* text) {
    board_print(text, strlen(text));
}

static _Noreturn void fail(const char* what, const char* why) {
    say("program: ");
    say(what);
    say(": ");
    say(why);
    say("\n");
    wdbg_stub_exited(134);
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
        wdbg_stub_poll();
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

static int run_guest(wasm_module_inst_t instance) {
    uint32_t result[1] = {0};
    wasm_exec_env_t env = wasm_runtime_create_exec_env(instance, STACK_SIZE);
    wasm_function_inst_t run = wasm_runtime_lookup_function(instance, "run");
    if (!env || !run) {
        fail("guest", "has no `run`");
    }
    wdbg_stub_wait_for_client();
    if (!wasm_runtime_call_wasm(env, run, 0, result)) {
        fail("guest", wasm_runtime_get_exception(instance));
    }
    return (int)result[0];
}

int main(int argc, char** argv) {
    char why[128];
    const size_t size = (size_t)(guest_image_end - guest_image);
    board_init(argc, argv);
    wdbg_stub_init(&board_transport);
    start_runtime();
    if (size > sizeof(image)) {
        fail("guest", "too large");
    }
    memcpy(image, guest_image, size); /* WAMR runs it, and changes it, in RAM */
    wasm_module_t module = wasm_runtime_load(image, (uint32_t)size, why, sizeof(why));
    if (!module) {
        fail("load", why);
    }
    const struct WdbgStubModule loaded = {GUEST_NAME, image, size, guest_image};
    wdbg_stub_module_loaded(&loaded);
    wasm_module_inst_t instance = wasm_runtime_instantiate(module, STACK_SIZE, 0, why, sizeof(why));
    if (!instance) {
        fail("instantiate", why);
    }
    const int status = run_guest(instance);
    wdbg_stub_exited((unsigned)status);
    wdbg_stub_module_unloading();
    wasm_runtime_deinstantiate(instance);
    wasm_runtime_unload(module);
    wasm_runtime_destroy();
    say("program: end\n");
    board_exit(status);
}
