// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>
#include <vector>

namespace wdbg::test {

/// Tells WAMR of the host functions that the guests of this folder import from "test":
///
///     note(i32)                 remembers the value, see notes()
///     call_back(i32, i32)->i32  calls table element 1st with 2nd as its argument
///     fail()                    raises an exception, "the host gave up"
///     block()                   waits for release_blocked()
///     poke(i32, i32)            writes a byte (2nd) to an address of the memory (1st)
///     bump_new_base(i32)->i32   calls "bump" of another instance of the module "base", on a thread
///                               of its own; -1: failed
///
/// Needs a runtime.
void register_host_functions();

/// Values noted since register_host_functions().
[[nodiscard]] std::vector<std::int32_t> notes();

/// Frees the instances that bump_new_base() has made. Nothing may run in them any more.
void free_instances();

/// Waits until a guest thread is in block(), resp. lets one return.
void wait_for_blocked();
void release_blocked();

} // namespace wdbg::test
