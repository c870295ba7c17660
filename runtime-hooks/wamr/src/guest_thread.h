// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "call_values.h"
#include "module_registry.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct WASMExecEnv;
struct WASMInterpFrame;

namespace wdbg::wamr {

/// One call of the interpreter loop by the host.
struct Activation {
    WASMExecEnv* env = nullptr;
    WASMInterpFrame* base = nullptr;    ///< the environment's frame when the call came in
    const void* native_frame = nullptr; ///< tells activations apart that a longjmp has left
};

/// A frame that calls into another instance: WAMR keeps its ip elsewhere meanwhile.
struct ImportCall {
    WASMInterpFrame* frame = nullptr;
    std::uint8_t* return_ip = nullptr;
};

/// One frame of a stopped thread's stack, as found.
struct FrameRef {
    WASMInterpFrame* frame = nullptr;
    const WASMFunctionInstance* function = nullptr;
    InstanceRecord* instance = nullptr;
    WASMModuleInstance* actual = nullptr; ///< the primary or the thread's clone
    std::uint32_t function_index = 0;
    const void* native_frame = nullptr; ///< its activation's
    CodeOffset pc{};
    bool pc_is_return_address = false;
    std::string host_call{};
};

/// Why a thread has to look up before its next instruction.
namespace attention {
inline constexpr std::uint32_t hold = 1;  ///< it must not go on
inline constexpr std::uint32_t step = 2;  ///< it is stepping
inline constexpr std::uint32_t watch = 4; ///< watchpoints exist
inline constexpr std::uint32_t due = 8;   ///< it has a reason to report
} // namespace attention

/// A function that a stopped thread is to run for the debugger.
struct InjectedCall {
    WASMFunctionInstance* function = nullptr;
    WASMModuleInstance* instance = nullptr;
    std::optional<StackPointer> stack_pointer; ///< C's
    std::vector<std::uint32_t> cells;          ///< arguments, then results
    bool done = false;
    bool abandoned = false; ///< nobody waits for it any more
    std::string failure;    ///< why it has no results
};

/// An operating system thread that has run guest code. Everything needs the engine's lock, except
/// what is atomic and, on the thread itself, `access`.
struct GuestThread {
    ThreadId id;
    std::uint64_t system_id = 0; ///< the operating system's number
    std::string name;
    std::vector<Activation> activations;
    std::uint64_t traps = 0; ///< the thread's own
    std::vector<ImportCall> import_calls;

    std::atomic<std::uint32_t> attention{0};
    /// In a call out of the loop: counts as stopped, and waits at the gate when the call returns.
    std::atomic<bool> in_host{false};
    bool parked = false;
    bool cancelled = false; ///< WAMR wants it to end
    std::condition_variable wake;

    std::optional<ThreadAction> step;
    WASMInterpFrame* step_frame = nullptr;
    WASMExecEnv* step_env = nullptr; ///< whose frame that is
    std::optional<StopReason> due;
    std::optional<WatchpointHit> access; ///< by the instruction in flight

    /// Activations there were when the exception that now unwinds was reported; 0: none unwinds.
    std::size_t trap_depth = 0;
    /// Stopped where an exception was raised: the innermost wasm frame's ip is exact, also if the
    /// host function it called has raised it.
    bool at_exception = false;
    std::string deferred_exception;
    WASMExecEnv* deferred_env = nullptr;

    bool jumped = false; ///< its next instruction has been chosen while it was parked

    std::shared_ptr<InjectedCall> call; ///< waits to be run by the parked thread
    bool calling = false;               ///< it runs: no hook counts; on the thread itself only

    std::optional<std::vector<FrameRef>> stack; ///< of this stop, once somebody asked

    [[nodiscard]] bool active() const { return !activations.empty(); }

    [[nodiscard]] WASMExecEnv* env() const { return activations.back().env; }

    /// Whether a frame is in a call of the one that steps. Each environment has a stack of frames
    /// of its own.
    [[nodiscard]] bool is_in_call_of_step(const WASMInterpFrame* frame) const {
        return env() == step_env ? frame > step_frame
                                 : std::ranges::find(activations, step_env, &Activation::env) !=
                                       activations.end();
    }

    [[nodiscard]] bool wants(std::uint32_t bits) const {
        return (attention.load(std::memory_order_acquire) & bits) != 0;
    }
};

} // namespace wdbg::wamr
