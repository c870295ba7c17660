// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/debuggee.h>
#include <wdbg/model/guest_gate.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Running guests in WAMR, in this process, with or without the debugger's hooks.
namespace wdbg::wamr {

/// Whether a file's first bytes are those of an .aot file.
[[nodiscard]] bool is_aot(std::span<const std::byte> bytes);

/// A module that another one imports.
struct ImportFile {
    std::filesystem::path file{};      ///< of the main module's kind
    std::filesystem::path wasm_file{}; ///< what it was compiled from; empty: to be looked for
};

struct RuntimeOptions {
    /// Gives what compiled (.aot) code passes between guest and host, if that is to be debugged.
    /// Asked when the first such module has been loaded; the gate must outlive the runtime.
    std::function<Result<GuestGate*>()> aot_gate{};
    /// Debug file of the main module where that is compiled; empty: to be looked for.
    std::filesystem::path debug_file{};
    std::filesystem::path wasm_file{}; ///< what it was compiled from, likewise
    /// Where an imported module is. Empty: NAME.wasm, or NAME.aot for compiled code, in the main
    /// module's folder. If only the other of the two is there, its functions are imported from an
    /// instance of its own: interpreted and compiled modules in one process.
    std::function<Result<ImportFile>(const std::string& name)> find_import{};
    /// With hooks the interpreter can be debugged; without them it runs the loop that WAMR has
    /// without debug support. Cannot be changed later.
    bool debug_hooks = false;
    std::uint32_t max_threads = 64; ///< guest threads besides the main one
};

struct GuestOptions {
    std::string program{};         ///< the guest's argv[0]; empty: the module's path
    std::vector<std::string> args; ///< without the program's name
    std::vector<std::string> env;  ///< "K=V"
    std::vector<std::pair<std::string, std::string>> preopens; ///< host folder, guest folder
    std::string invoke; ///< export to call instead of the WASI entry; its args come from `args`
    std::uint32_t stack_size = 8U << 20U; ///< bytes of wasm operand stack per thread
    std::uint32_t heap_size = 0;          ///< bytes of WAMR's app heap
};

/// How a guest ended.
struct Outcome {
    /// The guest's exit code; 134 after a trap.
    int exit_code = 0;
    /// The runtime's words for a trap; empty without one.
    std::string trap;
    /// Where it trapped, if known.
    std::optional<CodeAddress> trap_pc;
    std::string trap_file{}; ///< the .wasm that trap_pc is in; empty: the main module's
    /// Of compiled code that nobody debugged: within which instruction of the main module's native
    /// text (bytes from its start), if known.
    std::optional<std::uint32_t> trap_text_offset{};
    /// Results of an invoked export, as text ("42:i32"); empty for a WASI program.
    std::vector<std::string> results;
};

/// A module with its imports resolved, instantiated, ready to run.
class Guest {
  public:
    virtual ~Guest() = default;
    /// Runs the entry on the calling thread until the guest ends, with its threads.
    virtual Outcome run() = 0;
};

/// Runs `task` later on the event loop's thread; called from any thread.
using Post = std::function<void(std::function<void()> task)>;

/// WAMR itself; at most one per process at a time.
class Runtime {
  public:
    virtual ~Runtime() = default;

    [[nodiscard]] static Result<std::unique_ptr<Runtime>> create(const RuntimeOptions& options);

    /// Loads and instantiates. Errors: Io (cannot be read), Malformed (WAMR's words), NotFound (an
    /// import that nothing provides), Unsupported (e.g. SIMD in the interpreter).
    [[nodiscard]] virtual Result<std::unique_ptr<Guest>> load(const std::filesystem::path& module,
                                                              const GuestOptions& options) = 0;

    /// The debugger's view of everything this runtime runs; needs debug_hooks. Belongs to the
    /// runtime. Events are delivered through `post`.
    [[nodiscard]] virtual Result<Debuggee*> debuggee(Post post) = 0;

    /// Another engine runs part of the guest; `has_main`: not the part with the main thread. Before
    /// Guest::run(). From now on a stop in which no thread has to do with this engine is one, too,
    /// unless it has the main thread. Needs debug_hooks.
    virtual void share(bool has_main) = 0;

    /// Until the next stop: the thread with this number of the operating system stops (StepDone)
    /// before the first instruction when it comes into interpreted code. Needs debug_hooks.
    virtual void step_in(std::uint64_t system_id) = 0;

    /// Whether interpreted modules are loaded.
    [[nodiscard]] virtual bool has_interpreted_code() const = 0;

    /// Before Guest::run(): the guest's main thread waits before its first instruction until a
    /// client resumes it (StoppedAtEntry). Needs debug_hooks.
    virtual void wait_at_entry() = 0;
};

} // namespace wdbg::wamr
