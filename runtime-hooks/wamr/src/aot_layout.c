/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Checks wdbg/model/aot_layout.h, which is C++, against WAMR's headers: the numbers stand in both.
 */

#include "../common/wasm_exec_env.h"
#include "aot_runtime.h"

#include <stddef.h>

_Static_assert(offsetof(AOTModuleInstance, memory_count) == 4, "instance_memory_count");
_Static_assert(offsetof(AOTModuleInstance, memories) == 8, "instance_memories");
_Static_assert(offsetof(AOTModuleInstance, global_data_size) == 16, "instance_global_size");
_Static_assert(offsetof(AOTModuleInstance, table_count) == 20, "instance_table_count");
_Static_assert(offsetof(AOTModuleInstance, global_data) == 24, "instance_globals");
_Static_assert(offsetof(AOTModuleInstance, tables) == 32, "instance_tables");
_Static_assert(offsetof(AOTModuleInstance, module) == 232, "instance_module");
_Static_assert(offsetof(AOTMemoryInstance, is_shared_memory) == 4, "memory_is_shared");
_Static_assert(offsetof(AOTMemoryInstance, memory_data_size) == 24, "memory_size");
_Static_assert(offsetof(AOTMemoryInstance, memory_data) == 32, "memory_data");
_Static_assert(offsetof(AOTTableInstance, elem_type) == 0, "table_element_type");
_Static_assert(offsetof(AOTTableInstance, cur_size) == 16, "table_size");
_Static_assert(offsetof(AOTTableInstance, elems) == 24, "table_elements");
_Static_assert(sizeof(table_elem_type_t) == sizeof(void*), "table elements");
_Static_assert(NULL_REF == 0xFFFFFFFF, "null_element");
_Static_assert(offsetof(WASMExecEnv, module_inst) == 2 * sizeof(void*), "exec_env_instance");
