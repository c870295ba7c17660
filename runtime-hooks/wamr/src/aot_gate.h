// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/guest_gate.h>

#include <cstdint>

namespace wdbg::wamr {

/// Connects compiled code to a gate; nullptr closes it again (no guest may run then). The code
/// ranges that the runtime loads meanwhile are told to the gate.
void open_aot_gate(GuestGate* gate);

/// Code of a module that was loaded, and that is about to be unloaded.
Result<CodeRangeId> add_aot_code(CodeRange code);
void remove_aot_code(CodeRangeId id);

/// It is about to be freed. Nothing happens for one that was never told, or without a gate.
void remove_aot_instance(const void* instance);

/// The calling thread runs a function of compiled code for the debugger.
[[nodiscard]] bool is_calling_compiled();

/// How often the calling thread has come into compiled code from the host, while there is a gate.
[[nodiscard]] std::uint64_t entries_of_compiled();

/// While it lives, an exception that the calling thread raises in compiled code is no news: the
/// code that it has called has raised it before.
class KnownException {
  public:
    KnownException();
    KnownException(const KnownException&) = delete;
    KnownException& operator=(const KnownException&) = delete;
    ~KnownException();
};

/// The calling thread runs no more guest code. (Other threads do this by themselves as they end.)
void leave_aot_gate();

} // namespace wdbg::wamr
