# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# How a room of wdbg is built: one library each, warnings are errors, own include root.

set(WDBG_SANITIZE "" CACHE STRING "Sanitizers: 'address;undefined' or 'thread'")
option(WDBG_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(WDBG_BENCH "Build the benchmarks" OFF)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(WDBG_CCACHE ccache DOC "Compiler cache, used where found")
if(WDBG_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${WDBG_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${WDBG_CCACHE}")
endif()
find_package(Threads REQUIRED)

# Sanitizers for all of our code and for whatever links it.
add_library(wdbg_sanitizers INTERFACE)
if(WDBG_SANITIZE)
  string(REPLACE ";" "," sanitizers "${WDBG_SANITIZE}")
  target_compile_options(wdbg_sanitizers INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(wdbg_sanitizers INTERFACE -fsanitize=${sanitizers})
endif()
if(WDBG_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "WDBG_FUZZ needs clang: set CXX=clang++-22 or use the preset 'fuzz'")
  endif()
  target_compile_options(wdbg_sanitizers INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(wdbg_sanitizers INTERFACE -fsanitize=address,undefined)
endif()

# Warnings for our own C++; never for what we depend on.
add_library(wdbg_warnings INTERFACE)
target_compile_options(wdbg_warnings INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror>")

# wdbg_add_library(NAME sources...)
# A static library of one room; `include` beside its CMakeLists.txt is its public include root.
function(wdbg_add_library name)
  add_library(${name} STATIC ${ARGN})
  target_include_directories(${name} PUBLIC include PRIVATE src)
  target_link_libraries(${name} PUBLIC wdbg_sanitizers Threads::Threads PRIVATE wdbg_warnings)
endfunction()

# wdbg_add_executable(NAME sources...)
function(wdbg_add_executable name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE wdbg_warnings wdbg_sanitizers Threads::Threads)
endfunction()

# wdbg_label_discovered_tests(NAME labels...)
# Labels each test that gtest_discover_tests has found in NAME. Its own PROPERTIES take one label only:
# they come apart at semicolons. <NAME>_TESTS is the list that it leaves for files included later.
function(wdbg_label_discovered_tests name)
  set(file "${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake")
  file(CONFIGURE OUTPUT "${file}" @ONLY CONTENT [=[
foreach(test IN LISTS @name@_TESTS)
  set_tests_properties("${test}" PROPERTIES LABELS "@ARGN@")
endforeach()
]=])
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${file}")
endfunction()

# All unit tests, and those that also run under TSan.
add_custom_target(unit_tests)
add_custom_target(threaded_tests)

# wdbg_add_test(NAME sources... LIBS libraries... [LABELS labels...])
# One GoogleTest program; ctest sees each of its tests. Label "threaded" puts it into the TSan run.
function(wdbg_add_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS;LABELS")
  wdbg_add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 120
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
  wdbg_label_discovered_tests(${name} unit ${arg_LABELS})
  add_dependencies(unit_tests ${name})
  if("threaded" IN_LIST arg_LABELS)
    add_dependencies(threaded_tests ${name})
  endif()
endfunction()

# wdbg_add_fuzzer(NAME sources... LIBS libraries...)
# One libFuzzer program (only with WDBG_FUZZ); scripts/test runs each for a bounded time.
add_custom_target(fuzzers)
function(wdbg_add_fuzzer name)
  if(NOT WDBG_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBS")
  wdbg_add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzzers")
  add_dependencies(fuzzers ${name})
endfunction()

# Adds those of the given folders that exist.
function(wdbg_add_existing_subdirectories)
  foreach(folder IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()
