// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/rsp/framing.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wdbg::rsp {

struct ClientOptions {
    /// Features to tell in qSupported, besides ours.
    std::string features{};
    /// For the answer to a request; a running guest may take as long as it likes.
    std::chrono::milliseconds timeout{5000};
    /// Longest reply taken, in bytes of payload.
    std::size_t reply_limit = std::size_t{4} << 20U;
};

/// Why the guest stands still, or that it has ended.
struct StopReply {
    enum class Kind : std::uint8_t { Stopped, Exited, Killed } kind = Kind::Stopped;
    unsigned signal = 0;       ///< Stopped, Killed
    unsigned exit_code = 0;    ///< Exited
    std::uint64_t thread = 0;  ///< the one that stopped; 0 if not told
    std::string reason{};      ///< LLDB's word, e.g. "breakpoint"
    std::string description{}; ///< decoded
    std::string name{};        ///< of the thread, decoded
    std::vector<std::uint64_t> threads{};
    std::vector<std::uint64_t> thread_pcs{}; ///< as many as threads, or none
    bool libraries_changed = false;
    /// All keys and values as they came (`00` is register 0 …).
    std::vector<std::pair<std::string, std::string>> fields{};
};

/// Takes a T, S, W or X packet apart. Malformed for anything else; unknown keys are kept.
[[nodiscard]] Result<StopReply> parse_stop_reply(std::string_view packet);

/// The GDB remote protocol's client half, sans-I/O: it owns no socket, no thread and no clock. For
/// wasm stubs (ours and others) and native ones (gdbserver, qemu, OpenOCD).
///
/// Requests are sent one at a time, in order; each handler is called exactly once, from receive(),
/// tick() or connection_lost(): with the answer, with the server's error, with Unsupported for an
/// empty answer, with Io after the timeout, with Malformed for an answer that makes no sense, with
/// Gone once the connection cannot be used. While the guest runs, requests wait for its stop.
///
///              request            answer
///   Idle ─────────────► Waiting ─────────► Idle          timeout: qEcho finds the place again
///    │  resume            │ timeout                      (Resynchronising), or, with a server
///    └───────► Running    └────► Resynchronising │ Broken  without it, the session is Broken
///
/// Handlers may make requests; they may not destroy the client. `Output` must not call receive().
class Client {
  public:
    using Output = std::function<void(std::string_view bytes)>;
    /// The payload is valid during the call only.
    using ReplyHandler = std::function<void(Result<std::string_view> payload)>;
    template <class T>
    using Handler = std::function<void(Result<T>)>;
    using StopHandler = Handler<StopReply>;
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit Client(Output output, ClientOptions options = {});
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    // --- The connection ---
    void receive(std::string_view bytes);
    /// Now and then, e.g. ten times a second: ends what takes too long.
    void tick(TimePoint now);
    void connection_lost();
    [[nodiscard]] bool running() const;
    [[nodiscard]] bool broken() const;
    /// What the guest writes while it runs (`O` packets).
    void set_console_handler(std::function<void(std::string_view text)> handler);

    // --- Session ---
    /// Agrees on what both sides can do, without acks if possible, and asks why the guest stands
    /// still. Anything but the stop may be missing at the server.
    void connect(StopHandler done);
    /// Whether qSupported had `name+` or `name=…`.
    [[nodiscard]] bool supports(std::string_view name) const;
    [[nodiscard]] std::size_t packet_size() const;
    void request(std::string packet, ReplyHandler done);
    /// Both interrupt a running guest first, so that its resume is answered too.
    void detach(Handler<void> done);
    /// The guest stays stopped (`D1`); an error from servers that do not offer that.
    void detach_stopped(Handler<void> done);
    /// Succeeds also if the server closes the connection instead of answering.
    void kill(Handler<void> done);

    // --- Run control ---
    struct Action {
        char letter = 'c';        ///< c, s or r; C, S: with a signal
        std::uint64_t thread = 0; ///< 0: all threads without an action of their own
        std::uint64_t begin = 0;  ///< r: step while the pc is in [begin, end)
        std::uint64_t end = 0;
        unsigned signal = 0; ///< C, S: GDB's number of it
    };

    /// What the answer to `vCont?` says. Else qSupported's word counts.
    void set_has_vcont(bool has);
    /// vCont; for servers without it the first action as `c`, `s`, `C` or `S`, behind Hc where it
    /// names a thread.
    void resume(const std::vector<Action>& actions, StopHandler stopped);
    /// Asks the running guest to stop; the answer is the resume's.
    void interrupt();

    // --- Inspection ---
    void threads(Handler<std::vector<std::uint64_t>> done);
    /// Bytes of the register, as they are in the target. `thread` 0: the current one.
    void read_register(unsigned number, std::uint64_t thread, Handler<std::vector<std::byte>> done);
    void write_register(unsigned number, std::uint64_t thread, std::vector<std::byte> bytes,
                        Handler<void> done);
    void read_registers(std::uint64_t thread, Handler<std::vector<std::byte>> done);
    /// In as many packets as it takes. Gives what is readable from the front; an error only if
    /// nothing is.
    void read_memory(std::uint64_t address, std::size_t size, Handler<std::vector<std::byte>> done);
    /// May have written a part when it fails.
    void write_memory(std::uint64_t address, std::vector<std::byte> bytes, Handler<void> done);
    /// `set` false removes. Types as in Z0 to Z4; `kind` is the length for watchpoints.
    void stop_point(bool set, unsigned type, std::uint64_t address, std::uint64_t kind,
                    Handler<void> done);
    /// A whole object of qXfer, e.g. ("libraries", ""), ("features", "target.xml").
    void read_object(std::string_view object, std::string_view annex, Handler<std::string> done);

    struct MemoryRegion {
        std::uint64_t start = 0;
        std::uint64_t size = 0;
        std::string permissions{}; ///< empty for a hole
        std::string name{};
    };

    void memory_region(std::uint64_t address, Handler<MemoryRegion> done);

    // --- WebAssembly (LLDB's packets) ---
    /// Packed addresses (WasmAddress), innermost first.
    void call_stack(std::uint64_t thread, Handler<std::vector<std::uint64_t>> done);
    /// Bytes of the value, little-endian, as many as its type has.
    void local(std::uint64_t thread, std::uint32_t frame, std::uint32_t index,
               Handler<std::vector<std::byte>> done);
    void stack_value(std::uint64_t thread, std::uint32_t frame, std::uint32_t index,
                     Handler<std::vector<std::byte>> done);
    void global(std::uint64_t thread, std::uint32_t frame, std::uint32_t index,
                Handler<std::vector<std::byte>> done);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace wdbg::rsp
