// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): Boost's
}

namespace wdbg::remote {

struct NativeConnectOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    /// For the connection and for each answer; a running target may take as long as it likes.
    std::chrono::milliseconds timeout{5000};
    /// How long to try to reach the server again once the connection is lost; 0: not at all.
    std::chrono::milliseconds reconnect_limit{0};
    /// What the debug files are made for. The machine of a server that does not tell its own;
    /// another one is refused.
    std::optional<Machine> machine{};
    /// Sees every packet in (`<-`) and out (`->`), for a log. May be empty.
    std::function<void(std::string_view direction, std::string_view bytes)> trace{};
    /// What is nobody's answer: sites that could not be removed, a connection that is lost. May be
    /// empty.
    std::function<void(const std::string&)> warn{};
};

/// A mapping of the target's address space.
struct NativeRegion {
    NativeRange range;
    bool executable = false;
    std::string file{};       ///< empty: anonymous, or not known
    std::uint64_t offset = 0; ///< of the range in the file
};

/// How a target came to its end.
struct NativeExited {
    int exit_code = 0;
};

struct NativeKilled {
    int signal = 0; ///< GDB's number
};

struct NativeLost {
    std::string reason;
};

using NativeEnd = std::variant<NativeExited, NativeKilled, NativeLost>;

/// Registers of the caller of host code: those known of `registers`, whose pc is a return address
/// if `is_caller`. Unavailable where there is no unwind information.
using UnwindHostFrame =
    std::function<Result<NativeRegisters>(const NativeRegisters& registers, bool is_caller)>;

/// What the link has carried since it was opened.
struct LinkFigures {
    std::uint64_t packets = 0; ///< sent, each of which is a round trip
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
};

/// A process or board behind a GDB remote server that knows native code only: gdbserver, QEMU,
/// OpenOCD. All-stop. The code ranges are told by the owner, who has found them. Calls are
/// synchronous: they run the socket until the answer is there or the time is over; what was read
/// is kept until the target runs again.
///
/// Sites are the server's breakpoints (Z0; Z1 where the memory map says flash, or Z0 is not known).
/// A site is stepped off with all other threads held, taken out for one instruction where the
/// server does not step off it by itself. Hit
/// filters run here. Signals that are not faults within code ranges go to the target unseen.
///
/// When the connection is lost and comes back within the limit, what was planted is planted again
/// and NativeStopped is delivered, without a reason; until then calls fail with Gone.
class RemoteNativeTarget : public NativeTarget {
  public:
    /// Connects, and agrees with the server on what both can do; the target stands still then.
    /// Io if nobody answers, Unsupported for a machine that is none of ours or not the one that was
    /// expected. `loop` must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<RemoteNativeTarget>>
    connect(boost::asio::io_context& loop, NativeConnectOptions options);

    // --- Before start(): the target is looked at and made ready --------------------------------
    /// Decodes instructions for steps; without one each step is a row of single steps.
    virtual void set_decoder(std::unique_ptr<InstructionDecoder> decoder) = 0;
    virtual void set_host_unwinder(UnwindHostFrame unwind) = 0;
    virtual void set_end_handler(std::function<void(const NativeEnd&)> handler) = 0;
    /// Lets the target run until a thread comes to one of the addresses (true), or the time is over
    /// and it is stopped where it is (false). Gone if it ends meanwhile.
    virtual Result<bool> run_until(std::span<const NativeAddress> addresses,
                                   std::chrono::milliseconds limit) = 0;
    /// At a function's entry: its first argument, a pointer.
    [[nodiscard]] virtual std::optional<NativeAddress> first_argument() const = 0;
    /// From now on events are delivered. The first is NativeStopped, without a reason.
    virtual void start() = 0;

    // --- At any stop ---------------------------------------------------------------------------
    /// Unsupported where the server tells nothing.
    [[nodiscard]] virtual Result<std::vector<NativeRegion>> memory_map() const = 0;
    /// A file as the target's system has it, by the server. Unsupported if it has no file requests.
    [[nodiscard]] virtual Result<std::vector<std::byte>> read_file(const std::string& path,
                                                                   std::size_t limit) const = 0;
    /// `text` is the code as it is there. `thumb`: Thumb instructions.
    virtual CodeRangeId add_code(CodeRange code, std::vector<std::byte> text, bool thumb) = 0;
    /// Its breakpoints are taken out, its instances are forgotten.
    virtual void remove_code(CodeRangeId id) = 0;
    virtual void add_instance(NativeInstance instance) = 0;

    /// A function that the target calls when code has come or gone, at whose entry `look` is
    /// called, with the target standing still: it adds and removes code. True: the target stops
    /// with NativeCodeChanged; false: it goes on. Not `told`: at a stop in host code, after which
    /// the target may be another one (it may have been reset).
    using LookAtCode = std::function<bool(bool told)>;
    virtual Result<void> stop_at_changes(NativeAddress function, LookAtCode look) = 0;

    /// A function of the runtime that guest code calls when it traps: a thread that comes to its
    /// entry stops with what `describe` makes of the registers there.
    using DescribeTrap = std::function<NativeTrap(const NativeRegisters& registers)>;
    virtual Result<void> stop_at_traps(NativeAddress function, DescribeTrap describe) = 0;

    /// The end: removes what was planted, lets the target run and leaves the server.
    virtual void release() = 0;
    [[nodiscard]] virtual LinkFigures figures() const = 0;
    /// Why the connection is lost; empty if it is not.
    [[nodiscard]] virtual std::string lost() const = 0;
};

} // namespace wdbg::remote
