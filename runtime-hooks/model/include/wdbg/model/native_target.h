// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/events.h>
#include <wdbg/model/ids.h>
#include <wdbg/model/value.h>

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

/// A machine that has native code, registers and memory only: this process, or a target behind a
/// gdbserver, QEMU or a probe. The AOT mapping makes a Debuggee of it.
namespace wdbg {

/// A range of native code that came from a module; it appears and vanishes while the target runs.
using CodeRangeId = Id<struct CodeRangeTag>;

/// Half-open: begin <= address < end.
struct NativeRange {
    NativeAddress begin;
    NativeAddress end;

    [[nodiscard]] constexpr bool contains(NativeAddress address) const {
        return begin <= address && address < end;
    }

    friend constexpr auto operator<=>(const NativeRange&, const NativeRange&) = default;
};

/// Code of one module, described by one debug file. A module may have several: its optimised text
/// and, later, recompiled functions.
struct CodeRange {
    NativeRange range;
    ModuleId module;
    std::string debug_file{};  ///< path; empty where it is to be looked for beside the module
    std::string module_file{}; ///< path of the .aot; empty if not known
    std::string wasm_file{};   ///< path of the .wasm; empty where it is to be looked for
    /// How many functions the module imports; nullopt if not known.
    std::optional<std::uint32_t> imported_functions{};
};

/// An instance of a module with compiled code: where its AOTModuleInstance is (aot_layout.h).
struct NativeInstance {
    ModuleId module;
    NativeAddress address;
};

enum class Machine : std::uint8_t {
    X86_64, // NOLINT(readability-identifier-naming): what everybody calls it
    AArch64,
    Arm,
    RiscV32,
    RiscV64,
};

/// The registers of a thread, numbered as the machine's DWARF register mapping does (x86-64 psABI
/// figure 3.36; 16 is the return address column and holds the pc).
struct NativeRegisters {
    Machine machine = Machine::X86_64;
    NativeAddress pc;
    std::array<std::uint64_t, 33> general{}; ///< x86-64: 0-15; AArch64: 0-30 and 31 (sp)
    std::uint64_t flags = 0;                 ///< rflags, nzcv
    /// Floating point and vector registers, see vector_index(): the low 128 bits of xmm0-15 and
    /// v0-31; d0-31 and f0-31.
    std::array<std::array<std::uint64_t, 2>, 32> vectors{};
    /// Bit n: general[n] is known. A thread in a host call shows what a call preserves.
    std::uint64_t known = ~std::uint64_t{0};
    bool vectors_known = true;
};

/// The place in `vectors` of a register by its DWARF number: xmm (x86-64 psABI figure 3.36), v
/// (AADWARF64 §4.1), d (AADWARF32 §4.1), f (RISC-V DWARF specification §"DWARF register numbers").
[[nodiscard]] constexpr std::optional<std::size_t> vector_index(Machine machine,
                                                                std::uint32_t number) {
    std::uint32_t first = 0;
    std::uint32_t count = 32;
    switch (machine) {
    case Machine::X86_64:
        first = 17;
        count = 16;
        break;
    case Machine::AArch64:
        first = 64;
        break;
    case Machine::Arm:
        first = 256;
        break;
    case Machine::RiscV32:
    case Machine::RiscV64:
        first = 32;
        break;
    }
    return number - first < count ? std::optional<std::size_t>(number - first) : std::nullopt;
}

/// State of a native thread, as far as it runs guest code.
enum class NativeThreadState : std::uint8_t {
    Running,
    Stopped,    ///< parked in guest code; registers can be read and written
    InHostCall, ///< counts as stopped at its call; parks when it returns. Registers: read only
};

struct NativeThread {
    ThreadId id;
    NativeThreadState state = NativeThreadState::Running;
    std::uint64_t system_id = 0; ///< the operating system's number; 0 if not known
};

/// Decides on the stopping thread whether a hit is one. Called inside a signal handler: it may use
/// only async-signal-safe calls, must not block, and must not run planted code. `registers` shows
/// the state at the site, before its instruction; changes are ignored.
struct HitFilter {
    bool (*accept)(const NativeRegisters& registers, void* data) = nullptr; ///< null: accept all
    void* data = nullptr; ///< must live until unplant() has returned
    /// A hit that a probe has decided to count; called as `accept` is. May be null.
    void (*probed)(void* data) = nullptr;
};

/// Figures of one planted address; they survive unplant().
struct SiteCounters {
    std::uint64_t hits = 0;     ///< executions while planted
    std::uint64_t accepted = 0; ///< those that the filter let through
};

// --- Stepping --------------------------------------------------------------------------------

/// Exactly one native instruction; into calls.
struct StepNativeInstruction {};

/// Where a frame returns to.
struct NativeCaller {
    NativeAddress pc;
    NativeAddress stack_pointer; ///< once it has returned
};

/// Until the pc of this frame or of an outer one is outside of all ranges.
struct StepNativeRange {
    std::vector<NativeRange> ranges;
    /// The entry of code that a call in the ranges leads to ends the step as well; calls out of
    /// known code are passed over. False: over all calls.
    bool into_calls = false;
    /// The lowest stack pointer of this frame's body. An exit reached with a lower one belongs to a
    /// recursive call and is passed. 0: the stack pointer now.
    NativeAddress stack_floor{};
    /// Where the step ends if it returns; may be an outer frame's caller. Else that is found out by
    /// executing the return.
    std::optional<NativeCaller> caller{};
};

/// Until one of the addresses is reached with a stack pointer of at least `stack_floor`: the
/// return address of a call that is stepped over or out of.
struct RunToAddresses {
    std::vector<NativeAddress> addresses;
    NativeAddress stack_floor{};
};

struct ContinueNative {};

using NativeAction =
    std::variant<ContinueNative, StepNativeInstruction, StepNativeRange, RunToAddresses>;

struct NativeThreadAction {
    ThreadId thread;
    NativeAction action;
    /// The breakpoint at its pc has been told already, where a step had come to it: it is not hit.
    bool passes_breakpoint = false;
};

/// Threads that are not named stay stopped unless `resume_others`; threads that start, or that the
/// host calls guest code on next, run.
struct NativeResume {
    std::vector<NativeThreadAction> threads;
    bool resume_others = true;
};

// --- Events ----------------------------------------------------------------------------------

/// A planted address was reached; its instruction has not been executed.
struct NativeBreakpointHit {
    NativeAddress address;
};

/// The requested action has ended.
struct NativeStepDone {};

/// An access that an instruction has made to memory.
struct NativeAccess {
    NativeAddress address; ///< its first byte in a page that was closed, so at most the range's end
    bool is_write = false;
};

struct NativeWatchpointHit {
    WatchpointId watchpoint{};
    /// Where the target can tell. Of a range also one that begins close in front of it: how many
    /// bytes the instruction has accessed is for others to find out.
    std::optional<NativeAccess> access{};
};

/// The code faults, before anybody else hears of it. Resuming hands the fault to the handler that
/// the host or the runtime has for it.
struct NativeFault {
    int signal = 0;        ///< SIGSEGV, SIGBUS, SIGFPE or SIGILL
    int code = 0;          ///< si_code
    NativeAddress address; ///< si_addr: for SIGSEGV and SIGBUS what was accessed
};

/// The runtime ends the guest for a reason of its own. The thread is in a host call, made by the
/// instruction that is to blame.
struct NativeTrap {
    TrapKind kind = TrapKind::Other;
    std::string message{}; ///< the runtime's words
};

/// Code has appeared or vanished, as CodeAppeared and CodeVanished have told: whoever waits for it
/// may look before it runs.
struct NativeCodeChanged {};

using NativeStopReason =
    std::variant<Interrupted, NativeBreakpointHit, NativeStepDone, NativeWatchpointHit, NativeFault,
                 NativeTrap, NativeCodeChanged>;

struct NativeThreadStop {
    ThreadId thread;
    NativeStopReason reason;
};

/// All threads stand still or are in host calls. One entry for each thread with a reason of its
/// own; empty when somebody asked for the stop.
struct NativeStopped {
    std::uint64_t generation = 0; ///< counts stops
    std::vector<NativeThreadStop> threads;
};

struct CodeAppeared {
    CodeRangeId id;
    CodeRange code;
};

struct CodeVanished {
    CodeRangeId id;
};

/// The target's instances(), other than those cloned for threads, are not what they were.
struct NativeInstancesChanged {};

struct NativeThreadCreated {
    ThreadId thread;
};

struct NativeThreadExited {
    ThreadId thread;
};

using NativeEvent = std::variant<NativeStopped, CodeAppeared, CodeVanished, NativeInstancesChanged,
                                 NativeThreadCreated, NativeThreadExited>;

// --- The target ------------------------------------------------------------------------------

/// Bytes that a probe's stack pointer is below the site's, see NativeTarget::set_probe().
inline constexpr std::int32_t probe_frame = 160;

/// Who comes into the code around a probe's site, see NativeTarget::set_probe().
struct ProbeSurroundings {
    /// Instructions without gaps from its beginning, as a function has them; empty: not known.
    NativeRange function{};
    /// Where indirect jumps may lead to, by address. All else that comes from outside of the
    /// function comes to its beginning, or back behind a call.
    std::span<const NativeAddress> jump_targets{};
};

enum class NativeWatchKind : std::uint8_t { Write, Access };

/// Optional power of a NativeTarget. The stop comes behind the accessing instruction.
class NativeWatchpointSupport {
  public:
    virtual ~NativeWatchpointSupport() = default;
    /// How many there can be at once; 0: no limit.
    [[nodiscard]] virtual std::uint32_t max_count() const = 0;
    /// `size` is 1, 2, 4 or 8 and `address` a multiple of it, else InvalidArgument. Busy if there
    /// are no more, Unsupported if this system forbids them.
    virtual Result<WatchpointId> add(NativeAddress address, std::uint32_t size,
                                     NativeWatchKind kind) = 0;

    /// Of any size, at more cost for all accesses nearby, for what add() cannot do. Busy,
    /// Unsupported.
    virtual Result<WatchpointId> add_range(NativeAddress /*address*/, std::uint64_t /*size*/,
                                           NativeWatchKind /*kind*/) {
        return fail(ErrorCode::Unsupported, "this target watches no ranges");
    }

    virtual Result<void> remove(WatchpointId id) = 0;
};

/// A function of the guest, to be run on a thread that is stopped in its code.
struct NativeCall {
    ThreadId thread{};
    std::uint32_t function = 0; ///< in the function index space of the module that it stands in
    NativeAddress exec_env{};   ///< of the code that it stands in; 0 if not known
    NativeAddress instance{};   ///< that the code belongs to, or that one's original
    std::vector<Value> arguments{};
    std::optional<std::uint32_t> stack_pointer{}; ///< the global that is C's, where it has a name
    std::uint32_t kept = 0; ///< bytes of linear memory below it that the thread's frames may use
    std::chrono::milliseconds limit{5000}; ///< of time; behind it the call is ended
};

/// Optional power of a NativeTarget: the runtime is in its process.
class NativeCallSupport {
  public:
    virtual ~NativeCallSupport() = default;
    /// As CallSupport::call(). Sites, watchpoints and plans do not count meanwhile.
    virtual Result<std::vector<Value>> call(const NativeCall& request) = 0;
};

/// All members are called on one thread, the event loop's. Events reach the handler there too.
/// Registers need a stopped thread (NotStopped otherwise); memory and sites may be used any time.
class NativeTarget {
  public:
    virtual ~NativeTarget() = default;

    using EventHandler = std::function<void(const NativeEvent&)>;
    virtual void set_event_handler(EventHandler handler) = 0;

    [[nodiscard]] virtual Machine machine() const = 0;
    [[nodiscard]] virtual std::vector<std::pair<CodeRangeId, CodeRange>> code_ranges() const = 0;
    /// As far as the target tells; the one that was made first comes first.
    [[nodiscard]] virtual std::vector<NativeInstance> instances() const = 0;
    [[nodiscard]] virtual std::vector<NativeThread> threads() const = 0;

    /// Of one of them; targets for which a list costs more know better. nullopt: there is none.
    [[nodiscard]] virtual std::optional<NativeThreadState> thread_state(ThreadId thread) const {
        for (const NativeThread& each : threads()) {
            if (each.id == thread) {
                return each.state;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] virtual Result<NativeRegisters> registers(ThreadId thread) const = 0;
    /// Registers of the guest frame that called the host code in whose frames an unwinder has
    /// arrived with `host`: callbacks. NotFound if there is no guest frame behind it.
    [[nodiscard]] virtual Result<NativeRegisters>
    outer_guest_registers(ThreadId thread, const NativeRegisters& host) const = 0;
    /// Unsupported for a thread in a host call.
    virtual Result<void> set_registers(ThreadId thread, const NativeRegisters& registers) = 0;

    /// All bytes or OutOfRange. Planted traps are not visible.
    virtual Result<void> read_memory(NativeAddress address, std::span<std::byte> into) const = 0;
    /// All bytes or OutOfRange; Unsupported within code ranges.
    virtual Result<void> write_memory(NativeAddress address, std::span<const std::byte> bytes) = 0;

    /// Plants a trap at an instruction of a code range. NotFound outside of code ranges; Busy if
    /// there is one already; Unsupported for an instruction that cannot run elsewhere; Malformed if
    /// there is no instruction.
    virtual Result<void> plant(NativeAddress address, HitFilter filter) = 0;
    /// Many at once cost much less than one by one. The first failure undoes all of this call.
    virtual Result<void> plant_all(std::span<const NativeAddress> addresses, HitFilter filter) = 0;
    virtual Result<void> unplant(NativeAddress address) = 0;

    /// Lets code decide the hits of a planted site in place of its filter, without a trap, whenever
    /// no thread makes a step. Empty: the filter decides again. The code is x86-64 and is executed
    /// at the site with all registers as there, but for rsp, rax, rcx, rdx and flags, which are its
    /// own: at rsp are rdx, rcx, flags and rax, and rsp was probe_frame higher. It ends by falling
    /// through with rsp as before; eax != 0: the hit counts. It must not fault. It may run a last
    /// time after it was taken out. NotFound if nothing is planted there; Unsupported where the
    /// site's instruction, or the target, has no room for a jump. Where that is shorter than a
    /// jump, those behind it are taken along if nobody comes between them: the trap is there until
    /// all threads are resumed next.
    virtual Result<void> set_probe(NativeAddress /*site*/, std::span<const std::byte> code,
                                   const ProbeSurroundings& /*surroundings*/ = {}) {
        return code.empty() ? Result<void>()
                            : fail(ErrorCode::Unsupported, "this target has no probes");
    }

    [[nodiscard]] virtual Result<SiteCounters> counters(NativeAddress address) const = 0;
    /// nullptr if there are none.
    [[nodiscard]] virtual NativeWatchpointSupport* watchpoints() = 0;

    /// nullptr if functions of the guest cannot be called.
    [[nodiscard]] virtual NativeCallSupport* calls() { return nullptr; }

    /// Starts threads; NotStopped while running, NotFound for a thread that is not there. A
    /// NativeStopped event follows when something stops them.
    virtual Result<void> resume(const NativeResume& request) = 0;
    /// Asks all threads to stop; NativeStopped follows, unless they stand still already.
    virtual Result<void> interrupt() = 0;
    /// Removes all sites and watchpoints and lets all threads run. The code is as it was loaded.
    virtual void detach() = 0;

    /// Ends the target, where it is another process or machine than this one.
    virtual void kill() {}
};

} // namespace wdbg
