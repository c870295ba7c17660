// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "instances.h"

#include <string>
#include <vector>

namespace wdbg::aot {

/// One activation of native code that belongs to a module.
struct NativeFrame {
    CodeModule* module = nullptr;
    NativeRegisters registers{};
    dwarf::TextOffset pc{};
    dwarf::AddressKind kind = dwarf::AddressKind::Instruction;
    AotInstance* instance = nullptr;
    NativeAddress exec_env{};         ///< the thread's; 0 if not known
    NativeAddress instance_address{}; ///< the thread's own (a clone, maybe); 0 if not known
};

/// A function that has no code at the pc, though a breakpoint in it is reported there.
inline constexpr std::uint32_t no_depth = UINT32_MAX;

/// One activation of a wasm function: a native one may hold several, by inlining.
struct WasmFrame {
    std::size_t native = 0;  ///< index among the native frames
    std::uint32_t depth = 0; ///< in AotDebugInfo::positions(), or no_depth
    dwarf::WasmPosition position{};
    CodeOffset pc{}; ///< as Frame::pc
    bool pc_is_return_address = false;
    std::string host_call{};
    dwarf::ValuesAhead ahead{}; ///< of where it is reported
};

/// A thread's whole stack at one stop.
struct ThreadStack {
    std::vector<NativeFrame> native;
    std::vector<WasmFrame> frames; ///< innermost first
};

/// Walks the stack of a stopped thread. Host frames are passed over: the stack goes on where guest
/// code called the host. `before`, if there is one, is the thread's stack at an earlier stop, since
/// when it has not left any frame to which it may have come back: callers found in it are not
/// looked at again.
[[nodiscard]] Result<ThreadStack> walk_stack(const NativeTarget& target, const CodeModules& modules,
                                             const AotInstances& instances, ThreadId thread,
                                             bool in_host_call, const ThreadStack* before,
                                             const dwarf::NativeMemoryReader& memory);

/// Whether it is in a function's entry that checks the stack and calls the body: nothing of the
/// wasm function happens there.
[[nodiscard]] bool is_stack_check(const NativeFrame& frame);

[[nodiscard]] NativeAddress stack_pointer(const NativeRegisters& registers);

/// Of the activation, for AotDebugInfo's members. `reader` and `frame` must outlive it.
[[nodiscard]] dwarf::NativeActivation activation_of(const NativeFrame& frame,
                                                    const dwarf::NativeMemoryReader& reader);
[[nodiscard]] dwarf::NativeMemoryReader reader_of(const NativeTarget& target);
/// For as long as nothing runs: keeps what it has read, in blocks, as the words of a stack lie
/// close together. Where reads cost by the byte reader_of() is better.
[[nodiscard]] dwarf::NativeMemoryReader block_reader_of(const NativeTarget& target);

} // namespace wdbg::aot
