// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Runs a WASI module in WAMR as WAMR's own `iwasm` does, for comparison. Built with WAMR's debug
 * interpreter and without. With it, -g=HOST:PORT in front starts WAMR's debug server, which waits
 * for a client at the guest's first instruction; stderr tells the port. */
#include "wasm_export.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { stack_bytes = 8 << 20, max_threads = 64, trapped = 134 };

static uint8_t* read_file(const char* path, uint32_t* size) {
    FILE* file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    *size = (uint32_t)ftell(file);
    rewind(file);
    uint8_t* bytes = malloc(*size);
    if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

static int fail(const char* what) {
    fprintf(stderr, "stock: %s\n", what);
    return 1;
}

#if WASM_ENABLE_DEBUG_INTERP != 0
/* HOST:PORT, of which WAMR takes an IPv4 address as text. */
static bool set_listener(RuntimeInitArgs* arguments, const char* address) {
    const char* colon = strrchr(address, ':');
    if (colon == NULL || (size_t)(colon - address) >= sizeof arguments->ip_addr) {
        return false;
    }
    memcpy(arguments->ip_addr, address, (size_t)(colon - address));
    arguments->instance_port = atoi(colon + 1);
    return true;
}

static bool listen_for_debuggers(wasm_module_inst_t instance) {
    wasm_exec_env_t exec_env = wasm_runtime_get_exec_env_singleton(instance);
    uint32_t port = exec_env == NULL ? 0 : wasm_runtime_start_debug_instance(exec_env);
    fprintf(stderr, "stock: port %u\n", port);
    return port != 0;
}
#else
static bool set_listener(RuntimeInitArgs* arguments, const char* address) {
    (void)arguments;
    (void)address;
    return false;
}

static bool listen_for_debuggers(wasm_module_inst_t instance) {
    (void)instance;
    return false;
}
#endif

static int run(wasm_module_inst_t instance) {
    bool ended = wasm_application_execute_main(instance, 0, NULL);
    const char* exception = wasm_runtime_get_exception(instance);
    if (!ended && exception != NULL) {
        fprintf(stderr, "stock: %s\n", exception);
        return trapped;
    }
    return (int)wasm_runtime_get_wasi_exit_code(instance);
}

int main(int argc, char** argv) {
    char error[256] = "";
    uint32_t size = 0;
    const char* address = NULL;
    if (argc > 1 && strncmp(argv[1], "-g=", 3) == 0) {
        address = argv[1] + 3;
        argv++;
        argc--;
    }
    if (argc < 2) {
        return fail("usage: stock [-g=HOST:PORT] MODULE [ARGS...]");
    }
    uint8_t* bytes = read_file(argv[1], &size);
    if (bytes == NULL) {
        return fail("cannot read the module");
    }
    RuntimeInitArgs arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.mem_alloc_type = Alloc_With_System_Allocator;
    arguments.max_thread_num = max_threads;
    if (address != NULL && !set_listener(&arguments, address)) {
        return fail("-g= takes HOST:PORT");
    }
    if (!wasm_runtime_full_init(&arguments)) {
        return fail("cannot start WAMR");
    }
    wasm_module_t module = wasm_runtime_load(bytes, size, error, sizeof error);
    if (module == NULL) {
        return fail(error);
    }
    wasm_runtime_set_wasi_args(module, NULL, 0, NULL, 0, NULL, 0, argv + 1, argc - 1);
    wasm_module_inst_t instance =
        wasm_runtime_instantiate(module, stack_bytes, 0, error, sizeof error);
    if (instance == NULL) {
        return fail(error);
    }
    if (address != NULL && !listen_for_debuggers(instance)) {
        return fail("no debug server");
    }
    int status = run(instance);
    wasm_runtime_deinstantiate(instance);
    wasm_runtime_unload(module);
    wasm_runtime_destroy();
    free(bytes);
    return status;
}
