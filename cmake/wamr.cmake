# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# WAMR, from its unpatched sources, built several ways:
#
#   wamr_vmlib         what wdbg links: plain WAMR less the interpreter loop, the thread manager and
#                      the execution environment, which runtime-hooks/wamr compiles through files of
#                      its own.
#   wamr_stock_debug   WAMR's own debug interpreter, for benchmarks (built on demand)
#   wamr_stock_plain   WAMR without debug support, for benchmarks (built on demand)
#   wamr_even_debug    as wamr_stock_debug and wamr_stock_plain, but with wamr_vmlib's cache of block
#   wamr_even_plain    ends: what is left between them and wdbg is the debugger's
#
# INTERFACE targets of the same names with `_headers` (wamr_vmlib's: `wamr_headers`) carry the include
# folders and definitions that give the same structs; `wamr_compile_options` the options for
# C files of ours that include WAMR sources.
# WAMR_INTERP_CLASSIC_SOURCE is the interpreter loop's full path.
include(${CMAKE_CURRENT_LIST_DIR}/cargo_sources.cmake)

set(WAMR_ROOT_DIR "" CACHE PATH "A WAMR source tree of your own (default: the pinned package)")
if(WAMR_ROOT_DIR)
  set(WDBG_WAMR_ROOT "${WAMR_ROOT_DIR}")
else()
  wdbg_cargo_sources(crates "${CMAKE_CURRENT_LIST_DIR}/wamr")
  set(WDBG_WAMR_ROOT "${crates}/wamrx-sys/wasm-micro-runtime")
endif()
if(NOT EXISTS "${WDBG_WAMR_ROOT}/build-scripts/runtime_lib.cmake")
  message(FATAL_ERROR "${WDBG_WAMR_ROOT} is no WAMR source tree: build-scripts/runtime_lib.cmake is "
    "missing. Give its top folder by -DWAMR_ROOT_DIR=.")
endif()
set(WDBG_WAMR_ROOT "${WDBG_WAMR_ROOT}" CACHE INTERNAL "WAMR, as it is built") # scripts/embedded-size reads it
set(WAMR_IWASM_DIR "${WDBG_WAMR_ROOT}/core/iwasm")
set(WAMR_INTERP_CLASSIC_SOURCE
  "${WDBG_WAMR_ROOT}/core/iwasm/interpreter/wasm_interp_classic.c")

# WAMR's interpreter remembers the ends of the last 128 blocks and scans the function for others: in
# SQLite built with -O0 that took 85 % of the time. 2048 (two per entry) take 48 KiB per thread.
set(WDBG_BLOCK_ADDR_CACHE BLOCK_ADDR_CACHE_SIZE=1024)

# The same optimisation in every preset: an interpreter at -O0 makes tests slow and teaches nothing.
# ASan sees WAMR's heap use; UBSan (WAMR misaligns by design) and TSan (guests race by design) do not.
add_library(wamr_compile_options INTERFACE)
target_compile_options(wamr_compile_options INTERFACE
  -w -O3 -g1 -fPIC -ffunction-sections -fdata-sections $<$<COMPILE_LANGUAGE:C>:-std=gnu99>)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(wamr_compile_options INTERFACE -mindirect-branch-register) # as WAMR does
endif()
target_compile_definitions(wamr_compile_options INTERFACE NDEBUG)
if("address" IN_LIST WDBG_SANITIZE OR WDBG_FUZZ)
  target_compile_options(wamr_compile_options INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-fsanitize=address> -fno-omit-frame-pointer)
endif()

add_subdirectory(${CMAKE_CURRENT_LIST_DIR}/wamr/hooked)
add_subdirectory(${CMAKE_CURRENT_LIST_DIR}/wamr/stock-debug EXCLUDE_FROM_ALL)
add_subdirectory(${CMAKE_CURRENT_LIST_DIR}/wamr/stock-plain EXCLUDE_FROM_ALL)
