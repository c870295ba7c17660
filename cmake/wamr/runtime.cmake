# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# One configuration of WAMR. Included by hooked/, stock-debug/ and stock-plain/, each a directory of
# its own because WAMR's scripts set directory-wide definitions. The includer may set
# WAMR_BUILD_DEBUG_INTERP before; it gets WAMR_RUNTIME_LIB_SOURCE and wdbg_add_wamr().

set(WAMR_ROOT_DIR "${WDBG_WAMR_ROOT}")
string(TOLOWER "${CMAKE_SYSTEM_NAME}" WAMR_BUILD_PLATFORM)
set(WAMR_BUILD_INTERP 1)
set(WAMR_BUILD_FAST_INTERP 0) # the debugger's hooks exist in the classic interpreter only
set(WAMR_BUILD_AOT 1)
set(WAMR_BUILD_LIBC_BUILTIN 1)
set(WAMR_BUILD_LIBC_WASI 1)
set(WAMR_BUILD_THREAD_MGR 1)
set(WAMR_BUILD_LIB_WASI_THREADS 1)
set(WAMR_BUILD_LIB_PTHREAD 1)
set(WAMR_BUILD_LIB_PTHREAD_SEMAPHORE 1)
set(WAMR_BUILD_SHARED_MEMORY 1)
set(WAMR_BUILD_BULK_MEMORY 1)
set(WAMR_BUILD_REF_TYPES 1)
set(WAMR_BUILD_TAIL_CALL 1)
set(WAMR_BUILD_MULTI_MODULE 1)
set(WAMR_BUILD_SIMD 0) # WAMR refuses SIMD with the classic interpreter; see below

# BH_DEBUG (verbose logs, other struct sizes) follows the build type: keep it off in all of ours.
set(wdbg_build_type "${CMAKE_BUILD_TYPE}")
set(CMAKE_BUILD_TYPE Release)
set(CMAKE_MESSAGE_LOG_LEVEL WARNING) # its report of 60 lines, three times over
include("${WAMR_ROOT_DIR}/build-scripts/runtime_lib.cmake")
set(CMAKE_MESSAGE_LOG_LEVEL STATUS)
set(CMAKE_BUILD_TYPE "${wdbg_build_type}")

# AOT modules with SIMD load only if the runtime is told of SIMD and passes v128 arguments; the
# interpreter itself does not use it.
get_directory_property(wamr_definitions COMPILE_DEFINITIONS)
list(FILTER wamr_definitions EXCLUDE REGEX "^WASM_ENABLE_SIMD=")
if(WAMR_BUILD_TARGET MATCHES "^RISCV") # WAMR's assembly there passes no such arguments
  list(APPEND wamr_definitions WASM_ENABLE_SIMD=0)
else()
  list(APPEND wamr_definitions WASM_ENABLE_SIMD=1)
endif()
list(TRANSFORM WAMR_RUNTIME_LIB_SOURCE REPLACE "invokeNative_(em64|aarch64)\\.s$"
  "invokeNative_\\1_simd.s")
# Without it clang builds take a mutex per opcode.
list(APPEND wamr_definitions "CLANG_GCC_HAS_ATOMIC_BUILTIN=")
get_directory_property(wamr_includes INCLUDE_DIRECTORIES)
list(APPEND wamr_includes "${WAMR_ROOT_DIR}/core" "${WAMR_ROOT_DIR}/core/iwasm/libraries/thread-mgr")
list(REMOVE_DUPLICATES wamr_includes)

# What the directory has now goes to the targets, one by one.
set_directory_properties(PROPERTIES COMPILE_DEFINITIONS "" INCLUDE_DIRECTORIES "" COMPILE_OPTIONS "")

# wdbg_add_wamr(<library> <interface target> sources...)
function(wdbg_add_wamr library headers)
  add_library(${headers} INTERFACE)
  target_include_directories(${headers} SYSTEM INTERFACE ${wamr_includes})
  target_compile_definitions(${headers} INTERFACE ${wamr_definitions})
  add_library(${library} STATIC ${ARGN})
  target_link_libraries(${library} PUBLIC ${headers} Threads::Threads m PRIVATE wamr_compile_options)
  set_target_properties(${library} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
endfunction()
