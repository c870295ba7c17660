// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/model/debuggee.h>
#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>

#include <functional>
#include <memory>

/// The AOT mapping: compiled code of wasm modules, seen in terms of wasm.
namespace wdbg::aot {

using LoadDebugInfo =
    std::function<Result<std::unique_ptr<dwarf::AotDebugInfo>>(const dwarf::AotDebugSource&)>;

using LoadPrinter = std::function<Result<std::unique_ptr<InstructionPrinter>>()>;

/// Runs `task` later on the event loop's thread.
using Post = std::function<void(std::function<void()> task)>;

struct AotOptions {
    LoadDebugInfo load_debug_info;
    Post post;
    /// What wdbg has to say that is nobody's answer: a module without a debug file, one that does
    /// not belong. May be empty.
    std::function<void(const std::string&)> warn{};
    /// The first stop of the target is the one at the guest's entry.
    bool stops_at_entry = false;
    /// The target is this process: conditions are decided on the thread that is hit, in the signal
    /// handler.
    bool decides_hits = false;
    /// A module that the target unloads may be loaded again (after a reset, for one): it is the
    /// same instance to clients then, and its breakpoints are there again.
    bool modules_return = false;
    /// The target is behind a link: what cannot have changed is not read again.
    bool reads_are_slow = false;
    /// Of the target's machine, for those who look at native code. May be empty.
    LoadPrinter load_printer{};
    /// Of the target's machine: for where breakpoints go in optimised code, and for the functions
    /// and stacks of x86-64 code that has no debug file; nullptr: by the line table alone, and
    /// there are none. Must outlive the debuggee.
    const InstructionDecoder* decoder = nullptr;
};

/// A guest of compiled code behind a NativeTarget.
///
/// All members are called on the event loop's thread. The target outlives it, and its events go to
/// this object from now on.
class AotDebuggee : public Debuggee {
  public:
    [[nodiscard]] static std::unique_ptr<AotDebuggee> create(NativeTarget& target,
                                                             AotOptions options);

    /// The guest has ended by itself: an Exited event follows.
    virtual void guest_exited(int exit_code) = 0;
    /// The target stops the thread with this number (ThreadInfo::system_id) at the begin of
    /// compiled code that the host calls (native::ProcessTarget::step_in()): that ends a step. 0:
    /// of none.
    virtual void step_in(std::uint64_t system_id) = 0;
    /// Where the last trap was reported.
    [[nodiscard]] virtual std::optional<CodeAddress> trap_pc() const = 0;
};

} // namespace wdbg::aot
