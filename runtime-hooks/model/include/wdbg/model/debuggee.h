// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/events.h>
#include <wdbg/model/ids.h>
#include <wdbg/model/value.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wdbg {

/// One instance of a module, as a client sees it.
struct InstanceInfo {
    InstanceId id;
    ModuleId module;
    std::string name{};          ///< unique among the instances
    std::string path{};          ///< the .wasm file on this machine; empty where there is none
    std::string note{};          ///< for people: what is missing to debug it; may be empty
    std::uint64_t code_size = 0; ///< bytes of the whole .wasm file
};

struct MemoryInfo {
    std::uint32_t index = 0;
    std::uint64_t size = 0; ///< bytes, now
    bool shared = false;
    std::string name{}; ///< from the name section or the export; may be empty
};

enum class ThreadState : std::uint8_t {
    Running,
    Stopped,    ///< parked at an instruction
    InHostCall, ///< counts as stopped at its call; parks when the call returns
};

struct ThreadInfo {
    ThreadId id;
    ThreadState state = ThreadState::Running;
    std::string name{};
    std::uint64_t system_id = 0; ///< the operating system's number; 0 if not known
};

/// One function activation, innermost first.
struct Frame {
    /// Frame 0: the next instruction to execute, or the call instruction of a host call in flight.
    /// Others: the return address, i.e. the instruction after the call.
    CodeAddress pc;
    bool pc_is_return_address = false;
    std::uint32_t function = 0;    ///< index in the module's function index space
    std::uint32_t local_count = 0; ///< parameters and locals
    /// Name of the host function this frame is calling right now
    /// ("wasi_snapshot_preview1.fd_read"); empty if none.
    std::string host_call{};
    /// Where the frame, or what runs it, is on the thread's native stack: tells apart which of two
    /// engines' frames is the inner one (the lower). 0 if not known.
    std::uint64_t native_stack = 0;
};

/// Part of a call stack. Asking for part of a deep stack costs the part only.
struct FrameRange {
    std::vector<Frame> frames;
    std::uint32_t total = 0; ///< frames in the whole stack
};

enum class ResumeKind : std::uint8_t {
    Continue,
    StepInstruction, ///< exactly one wasm instruction; into calls
    StepRange,       ///< until the pc of the same or an outer frame leaves the range, over calls
};

struct ThreadAction {
    ThreadId thread;
    ResumeKind kind = ResumeKind::Continue;
    CodeAddressRange range{}; ///< for StepRange
};

/// What each thread does next. A thread that is neither named nor covered by `others` stays
/// stopped. Threads that start meanwhile run.
struct ResumeRequest {
    std::vector<ThreadAction> threads;
    std::optional<ResumeKind> others;
    /// Threads run that this engine has nothing to do with yet: it runs also if neither of the
    /// above names one of its own.
    bool others_elsewhere = false;
};

enum class WatchKind : std::uint8_t { Read, Write, Access };

struct WatchpointSpec {
    MemoryAddress address;
    std::uint64_t size = 0;
    WatchKind kind = WatchKind::Write;
};

/// How exact an engine's watchpoints are, for clients that must say so.
struct WatchpointPrecision {
    std::uint32_t max_count = 0;    ///< 0: no limit
    bool every_access = false;      ///< no access of the guest is missed
    bool exact_instruction = false; ///< the stop is right behind the accessing instruction
    bool sees_host_writes = false;
};

/// Optional power of a Debuggee.
class WatchpointSupport {
  public:
    virtual ~WatchpointSupport() = default;
    [[nodiscard]] virtual WatchpointPrecision precision() const = 0;
    /// Works while the guest runs as well. OutOfRange if the range is not within the memory.
    virtual Result<WatchpointId> add(const WatchpointSpec& spec) = 0;
    virtual Result<void> remove(WatchpointId id) = 0;
};

/// Optional power of a Debuggee: conditions that are decided where a breakpoint is hit, on the
/// thread that hits it, while all others run. The bytes are agent expressions
/// (wdbg/agent/program.h).
class ConditionSupport {
  public:
    virtual ~ConditionSupport() = default;
    /// From now on a hit of a planted address is reported only if one of these gives something else
    /// than 0, or fails. All are evaluated at each hit. None: always, as after plant(). Malformed
    /// for what verify() refuses, NotFound unless it is planted. Works while the guest runs.
    virtual Result<void> set_conditions(CodeAddress address,
                                        std::vector<std::vector<std::uint8_t>> any_of) = 0;
    /// A variable of the expressions; OutOfRange for a number of 256 and more.
    [[nodiscard]] virtual Result<std::int64_t> condition_variable(std::uint16_t number) const = 0;
    virtual Result<void> set_condition_variable(std::uint16_t number, std::int64_t value) = 0;
};

/// A function of the guest, to be run on one of its stopped threads.
struct CallRequest {
    ThreadId thread{};
    InstanceId instance{};
    std::uint32_t function = 0; ///< in the module's function index space
    std::vector<Value> arguments{};
    std::chrono::milliseconds limit{5000}; ///< of time; behind it the call is ended
};

/// Optional power of a Debuggee.
class CallSupport {
  public:
    virtual ~CallSupport() = default;
    /// Runs the function while everything else stands still and gives its results. Breakpoints,
    /// watchpoints and steps do not count meanwhile. The guest then stands where it did; what the
    /// function has done to memory stays. One that traps, wants to exit or takes too long is ended:
    /// Unavailable with the reason, and the globals are as before. Unsupported where the thread is
    /// (in a host call, at a trap) no function can run.
    virtual Result<std::vector<Value>> call(const CallRequest& request) = 0;
};

/// Optional power of a Debuggee.
class JumpSupport {
  public:
    virtual ~JumpSupport() = default;
    /// A thread that stands at an instruction (ThreadState::Stopped) goes on at another one of the
    /// same function; its pc says so at once. A breakpoint there counts when it goes on. Operands
    /// and locals stay as they are: Unsupported where the code at `to` expects other operands on
    /// the stack, for a thread in a host call or at a trap, and for another function. NotFound if
    /// no instruction begins there.
    virtual Result<void> jump(ThreadId thread, CodeAddress to) = 0;
};

/// One instruction of the machine code that a wasm function was compiled to.
struct NativeInstruction {
    NativeAddress address;
    std::vector<std::byte> bytes{};    ///< without planted breakpoints
    std::string text{};                ///< "mov eax, dword ptr [rdi + 0x8]"
    std::optional<CodeAddress> wasm{}; ///< the wasm instruction that it belongs to
    std::string symbol{};              ///< the function's name, at its first instruction
};

/// Optional power of a Debuggee: the machine code behind the wasm. Of a stopped guest.
class NativeCodeSupport {
  public:
    virtual ~NativeCodeSupport() = default;
    /// All code of the wasm function around `address`, in the order of addresses; where it has none
    /// of its own, that of the functions that it was inlined into. NotFound if nothing there became
    /// code, Unavailable if there is no debug file.
    [[nodiscard]] virtual Result<std::vector<NativeInstruction>>
    native_code(CodeAddress address) const = 0;
    /// The native function around `address`. NotFound where none of a module's is.
    [[nodiscard]] virtual Result<std::vector<NativeInstruction>>
    native_function(NativeAddress address) const = 0;
    /// Where a frame stands; a caller's return address.
    [[nodiscard]] virtual Result<NativeAddress> native_pc(ThreadId thread,
                                                          std::uint32_t frame) const = 0;
    /// Plants a trap at one native instruction. Hits are told as those of a breakpoint at the
    /// address that this gives: the wasm instruction that the native one belongs to. NotFound where
    /// no function of a module is. Works while the guest runs, as plant().
    virtual Result<CodeAddress> plant_native(NativeAddress address) = 0;
    virtual Result<void> unplant_native(NativeAddress address) = 0;
};

/// A wasm guest under control: the interface between engines and servers.
///
/// All members are called on the event loop's thread. Inspection of a stopped guest is synchronous.
/// resume() and interrupt() return at once; what comes of them arrives as an Event through the
/// handler given to set_event_handler(), on the event loop's thread.
///
/// While the guest runs, inspection fails with NotStopped, except instances(), code() and
/// threads(). Breakpoints and watchpoints may be set and removed at any time.
class Debuggee {
  public:
    virtual ~Debuggee() = default;

    using EventHandler = std::function<void(const Event&)>;
    virtual void set_event_handler(EventHandler handler) = 0;

    // --- Structure ------------------------------------------------------------------------------
    [[nodiscard]] virtual std::vector<InstanceInfo> instances() const = 0;
    /// The bytes of the original .wasm file, as in the file: no planted breakpoint is visible.
    [[nodiscard]] virtual Result<std::span<const std::byte>> code(InstanceId instance) const = 0;
    [[nodiscard]] virtual Result<std::vector<MemoryInfo>> memories(InstanceId instance) const = 0;
    [[nodiscard]] virtual std::vector<ThreadInfo> threads() const = 0;

    // --- State of a stopped guest ---------------------------------------------------------------
    /// `first` counts from the innermost frame (0). At most `count` frames.
    [[nodiscard]] virtual Result<FrameRange> frames(ThreadId thread, std::uint32_t first,
                                                    std::uint32_t count) const = 0;
    /// `frame` 0 is the innermost. Parameters come first in the index space of locals.
    [[nodiscard]] virtual Result<Value> local(ThreadId thread, std::uint32_t frame,
                                              std::uint32_t index) const = 0;
    virtual Result<void> set_local(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                   const Value& value) = 0;
    /// `index` 0 is the bottom of this frame's operand stack (DW_OP_WASM_location 0x02); OutOfRange
    /// behind its top.
    [[nodiscard]] virtual Result<Value> stack_value(ThreadId thread, std::uint32_t frame,
                                                    std::uint32_t index) const = 0;
    /// A global of the frame's own instance: globals such as __stack_pointer may be per thread.
    [[nodiscard]] virtual Result<Value> global(ThreadId thread, std::uint32_t frame,
                                               std::uint32_t index) const = 0;
    virtual Result<void> set_global(ThreadId thread, std::uint32_t frame, std::uint32_t index,
                                    const Value& value) = 0;
    /// A global of an instance without a frame; with per-thread globals the main thread's.
    [[nodiscard]] virtual Result<Value> instance_global(InstanceId instance,
                                                        std::uint32_t index) const = 0;
    /// The function index (or host object) in a table slot; Unavailable for a null reference.
    [[nodiscard]] virtual Result<Value> table_element(InstanceId instance, std::uint32_t table,
                                                      std::uint64_t index) const = 0;

    /// Reads up to the end of the memory: returns the number of bytes read, OutOfRange if the first
    /// is not in it. Never fails half-way.
    [[nodiscard]] virtual Result<std::size_t> read_memory(MemoryAddress address,
                                                          std::span<std::byte> into) const = 0;
    /// Writes all bytes or none.
    virtual Result<void> write_memory(MemoryAddress address, std::span<const std::byte> bytes) = 0;

    // --- Breakpoints ----------------------------------------------------------------------------
    /// Plants a trap at the instruction at `address`. An address within a function's header of
    /// locals or in the middle of an instruction takes the next instruction, but is reported as
    /// requested. Planting the same address again adds an owner; each needs its own removal.
    /// NotFound if there is no code. Works while the guest runs.
    virtual Result<void> plant(CodeAddress address) = 0;
    virtual Result<void> unplant(CodeAddress address) = 0;
    /// nullptr if this engine has none.
    [[nodiscard]] virtual WatchpointSupport* watchpoints() = 0;

    /// nullptr if this engine or server cannot; conditions are then the client's own affair.
    [[nodiscard]] virtual ConditionSupport* conditions() { return nullptr; }

    /// nullptr if functions of the guest cannot be called.
    [[nodiscard]] virtual CallSupport* call_support() { return nullptr; }

    /// nullptr if a thread's next instruction cannot be chosen.
    [[nodiscard]] virtual JumpSupport* jump_support() { return nullptr; }

    /// nullptr if the guest is not known to run native code.
    [[nodiscard]] virtual NativeCodeSupport* native_code() { return nullptr; }

    // --- Run control ----------------------------------------------------------------------------
    /// Starts the threads named. A Stopped, Exited or Killed event follows. Fails with NotStopped
    /// while running.
    virtual Result<void> resume(const ResumeRequest& request) = 0;
    /// Asks all threads to stop; a Stopped event follows (Interrupted, unless something else came
    /// first). Harmless when stopped already: then no event follows.
    virtual Result<void> interrupt() = 0;
    /// Removes all breakpoints and watchpoints and lets the guest run on by itself. A client may
    /// attach again later by attach().
    virtual void detach() = 0;

    /// As detach(), but a stopped guest stays where it is until somebody attaches. Unsupported if
    /// nothing would hold it, NotStopped while it runs.
    virtual Result<void> detach_stopped() {
        return fail(ErrorCode::Unsupported, "the guest cannot be left stopped");
    }

    /// Takes control: stops a running guest; a Stopped event follows in any case.
    virtual Result<void> attach() = 0;
    /// Ends the guest; a Killed event follows (or Exited, if it ended by itself first).
    virtual void kill() = 0;
};

} // namespace wdbg
