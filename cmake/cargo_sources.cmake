# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Sources that arrive as cargo packages. cargo is only the courier: it checks the lock file's
# hashes; no crate is compiled.

# Folder for what may be shared by several build folders: the sources, the tidy cache.
if(DEFINED ENV{WDBG_CACHE})
  set(WDBG_CACHE_DIR "$ENV{WDBG_CACHE}")
elseif(DEFINED ENV{HOME})
  set(WDBG_CACHE_DIR "$ENV{HOME}/.cache/wdbg")
else()
  set(WDBG_CACHE_DIR "${CMAKE_BINARY_DIR}/cache")
endif()

# The first version of cargo that reads the package (edition 2024).
set(WDBG_CARGO_MINIMUM 1.85)

function(wdbg_cargo_is_new_enough result cargo)
  execute_process(COMMAND "${cargo}" --version OUTPUT_VARIABLE text ERROR_QUIET)
  if(text MATCHES "cargo ([0-9.]+)" AND CMAKE_MATCH_1 VERSION_GREATER_EQUAL WDBG_CARGO_MINIMUM)
    set(${result} TRUE PARENT_SCOPE)
  else()
    set(${result} FALSE PARENT_SCOPE)
  endif()
endfunction()

# Debian's package cargo-web, unpacked and not installed: installing it would remove the rustc that
# has a wasm standard library.
function(wdbg_unpack_debian_cargo result)
  set(folder "${WDBG_CACHE_DIR}/cargo-web")
  set(cargo "${folder}/usr/bin/cargo")
  if(NOT EXISTS "${cargo}")
    message(STATUS "Unpacking the package cargo-web into ${folder}")
    file(MAKE_DIRECTORY "${folder}")
    execute_process(COMMAND sh -c
      "rm -f ./*.deb && apt-get download cargo-web && dpkg -x ./*.deb ."
      WORKING_DIRECTORY "${folder}" RESULT_VARIABLE status OUTPUT_VARIABLE log ERROR_VARIABLE log)
    if(NOT status EQUAL 0)
      message(STATUS "${log}")
    endif()
  endif()
  set(${result} "${cargo}" PARENT_SCOPE)
endfunction()

function(wdbg_find_cargo result)
  find_program(WDBG_CARGO cargo DOC "cargo, at least ${WDBG_CARGO_MINIMUM}: fetches sources")
  set(cargo "${WDBG_CARGO}")
  wdbg_cargo_is_new_enough(good "${cargo}")
  if(NOT good)
    wdbg_unpack_debian_cargo(cargo)
    wdbg_cargo_is_new_enough(good "${cargo}")
  endif()
  if(NOT good)
    message(FATAL_ERROR "No cargo of at least ${WDBG_CARGO_MINIMUM} on PATH, and Debian's package "
      "cargo-web cannot be unpacked or lacks a library (apt-get install libgit2-1.5). Install a cargo, "
      "or give the sources of WAMR by -DWAMR_ROOT_DIR=.")
  endif()
  set(${result} "${cargo}" PARENT_SCOPE)
endfunction()

# wdbg_cargo_sources(<result> <folder with Cargo.toml and Cargo.lock>)
# Sets <result> to a folder with one sub-folder per package of the lock file. Fetches only what is
# not there yet; the folder's name has the lock file's hash.
function(wdbg_cargo_sources result manifest_dir)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${manifest_dir}/Cargo.lock")
  file(SHA256 "${manifest_dir}/Cargo.lock" hash)
  string(SUBSTRING "${hash}" 0 16 hash)
  set(folder "${WDBG_CACHE_DIR}/sources/${hash}")
  file(MAKE_DIRECTORY "${WDBG_CACHE_DIR}/sources")
  file(LOCK "${WDBG_CACHE_DIR}/sources/${hash}.lock" GUARD FUNCTION TIMEOUT 600)
  if(NOT EXISTS "${folder}/complete")
    wdbg_find_cargo(cargo)
    message(STATUS "Fetching sources pinned by ${manifest_dir}/Cargo.lock")
    file(REMOVE_RECURSE "${folder}")
    file(MAKE_DIRECTORY "${folder}")
    file(COPY "${manifest_dir}/Cargo.toml" "${manifest_dir}/Cargo.lock" DESTINATION "${folder}")
    execute_process(COMMAND "${cargo}" vendor --locked vendor WORKING_DIRECTORY "${folder}"
      RESULT_VARIABLE status OUTPUT_VARIABLE log ERROR_VARIABLE log)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "cargo vendor failed for ${manifest_dir}:\n${log}")
    endif()
    file(TOUCH "${folder}/complete")
  endif()
  set(${result} "${folder}/vendor" PARENT_SCOPE)
endfunction()
