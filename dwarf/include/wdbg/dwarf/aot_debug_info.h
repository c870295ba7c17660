// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/debug_file.h>
#include <wdbg/dwarf/symbolizer.h>
#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>
#include <wdbg/model/instruction_decoder.h>
#include <wdbg/model/native_target.h>
#include <wdbg/model/value.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

/// What an AOT debug file says about native code, in terms of wasm: positions, breakpoint sites,
/// locals, unwinding (docs/aot.md, "The debug file").
namespace wdbg::dwarf {

/// Bytes from the start of the module's native text. The address in the debug file is
/// DebugFile::text_address() more; the address in a target its load address more.
struct TextOffset {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(const TextOffset&, const TextOffset&) = default;
};

/// Half-open.
struct TextRange {
    TextOffset begin;
    TextOffset end;

    [[nodiscard]] constexpr bool contains(TextOffset offset) const {
        return begin <= offset && offset < end;
    }

    friend constexpr auto operator<=>(const TextRange&, const TextRange&) = default;
};

/// Where one activation of a wasm function is.
struct WasmPosition {
    std::uint32_t function = 0; ///< in the function index space
    /// Of the wasm instruction that the native one belongs to; for the outer positions of inlined
    /// code the call instruction. Where the line table says nothing of its own (line 0): that of
    /// the nearest row before it in the same function, else where the body begins.
    CodeOffset offset;
    bool exact = false;   ///< a row of the native line table begins at the address asked for
    bool inlined = false; ///< its code was inlined into the next position's function
};

/// Values of one wasm frame that may not be as they are before the instruction that the frame is
/// reported at: the code is further on.
struct ValuesAhead {
    std::vector<std::uint32_t> locals{}; ///< sorted
    bool operands = false;               ///< any of the operand stack
};

/// One native place of a wasm instruction.
struct BreakpointSite {
    TextOffset at;
    /// Where one is who stops here for the instruction: it, and the calls around it that were
    /// inlined. What positions() tells may be behind, where something else stands for it.
    std::vector<WasmPosition> positions;
    std::vector<ValuesAhead> ahead{}; ///< of each of `positions`; empty: nothing is
};

/// Where a breakpoint on a wasm instruction goes.
struct BreakpointPlaces {
    CodeOffset resolved; ///< the requested offset, or the instruction that it stands for
    std::vector<BreakpointSite> sites;
};

/// What stands for an instruction that optimisation has left no code of its own.
enum class BreakpointReach : std::uint8_t {
    /// Instructions that are executed next, as long as control can come to them from there only: a
    /// breakpoint in code that is gone is never hit.
    OnlyWay,
    /// Whatever is executed next, on every way from there: for one who is about to execute it.
    AnyWay,
};

/// Who wants to know where a breakpoint goes.
struct BreakpointSeeker {
    BreakpointReach reach = BreakpointReach::OnlyWay;
    /// AnyWay: where threads are, or return to, that may be about to execute the instruction. What
    /// they would come to counts as well, where they have passed what others come to.
    std::vector<TextOffset> threads{};
};

/// A register of the machine's DWARF numbering (general or vector), whole or its low bytes.
struct RegisterPlace {
    std::uint32_t number = 0;
};

struct MemoryPlace {
    NativeAddress address;
};

/// The value itself (a constant, or computed: DW_OP_stack_value, entry values).
struct ComputedPlace {
    std::array<std::byte, 16> bytes{};
};

struct LocalPlace {
    ValueType type = ValueType::I32;
    std::variant<RegisterPlace, MemoryPlace, ComputedPlace> place;
    /// Writing there changes what the code computes with: its only home (-O0), not a copy that
    /// only debuggers read.
    bool is_home = false;
};

/// Reads memory of the target: all bytes or an error.
using NativeMemoryReader =
    std::function<Result<void>(NativeAddress address, std::span<std::byte> into)>;

/// An activation of native code: where it is and what its registers hold.
struct NativeActivation {
    TextOffset pc;
    AddressKind kind = AddressKind::Instruction; ///< ReturnAddress for callers
    const NativeRegisters& registers;            ///< `registers.pc` is the address in the target
    const NativeMemoryReader& memory;
};

/// Immutable after it is made; safe to use from several threads.
class AotDebugInfo {
  public:
    virtual ~AotDebugInfo() = default;

    /// What it belongs to: hashes, functions, sizes.
    [[nodiscard]] virtual const DebugFile& file() const = 0;
    // DebugFile's members of these names, for those who load the library that has them.
    [[nodiscard]] virtual std::optional<std::string_view> fact(std::string_view key) const = 0;
    [[nodiscard]] virtual Result<void> check_module(std::span<const std::byte> wasm) const = 0;
    [[nodiscard]] virtual Result<void> check_text(std::span<const std::byte> text) const = 0;
    [[nodiscard]] virtual bool is_not_loaded(std::span<const std::byte> text,
                                             std::span<const std::byte> aot) const = 0;
    [[nodiscard]] virtual std::vector<std::size_t>
    find_text(std::span<const std::byte> memory) const = 0;

    /// The wasm functions at `pc`, innermost inlined one first. Empty where no wasm function is
    /// (stubs, padding).
    [[nodiscard]] virtual std::vector<WasmPosition> positions(TextOffset pc,
                                                              AddressKind kind) const = 0;

    /// The wasm instructions that begin at exactly this address, by offset: those of the innermost
    /// function there. All but one have no code of their own.
    [[nodiscard]] virtual std::vector<CodeOffset> instructions_at(TextOffset pc) const = 0;

    /// Every place where the wasm instruction at `offset` begins to execute: in the function's own
    /// code and in each inlined or duplicated copy; once per execution as far as the line table
    /// and the code (AotDebugSource::text) tell. Where a copy has no code of its own for the
    /// instruction, those that are executed next stand for it, as far as `reach` goes; without the
    /// .wasm, the next one of the function. An offset at the function's start (its locals header)
    /// is its first instruction. No sites: nothing there became code.
    [[nodiscard]] virtual BreakpointPlaces breakpoint(CodeOffset offset,
                                                      const BreakpointSeeker& seeker) const = 0;

    /// The native entry of a function, behind what the caller does; empty if it has no code of its
    /// own.
    [[nodiscard]] virtual std::vector<TextOffset> entries(std::uint32_t function) const = 0;

    /// What a step by one wasm instruction passes: the text around `pc`, in the same native
    /// function, that belongs to the same wasm instruction (and inlined copy) or to none (line 0).
    [[nodiscard]] virtual std::vector<TextRange> instruction_ranges(TextOffset pc) const = 0;

    /// The text that belongs to wasm offsets [begin, end), or to none between them, in the native
    /// function around `pc`. Calls inlined at instructions of that range count to it.
    [[nodiscard]] virtual std::vector<TextRange> step_ranges(TextOffset pc, CodeOffset begin,
                                                             CodeOffset end) const = 0;

    /// A wasm local of positions()[depth] (parameters first). OutOfRange if there is no such local;
    /// Unavailable ("optimized out …") where its value is not known at this pc.
    [[nodiscard]] virtual Result<LocalPlace>
    local(const NativeActivation& activation, std::uint32_t depth, std::uint32_t index) const = 0;

    /// A value on wasm's operand stack in positions()[depth]; `index` 0 is the bottom. Unavailable
    /// where it is not known: the compiler notes those only that the guest's DWARF refers to, as
    /// long as they are on the stack.
    [[nodiscard]] virtual Result<LocalPlace>
    operand(const NativeActivation& activation, std::uint32_t depth, std::uint32_t index) const = 0;

    /// Value of the native parameter exec_env (WASMExecEnv*). Unavailable where it is not known.
    [[nodiscard]] virtual Result<NativeAddress>
    exec_env(const NativeActivation& activation) const = 0;

    /// Registers of the caller by call frame information (.eh_frame or .debug_frame): `pc` is the
    /// return address, `known` says which could be recovered. Unavailable where there is none for
    /// this pc; Malformed if it is damaged; OutOfRange if the memory it needs cannot be read.
    [[nodiscard]] virtual Result<NativeRegisters>
    unwind(const NativeActivation& activation) const = 0;

    /// The canonical frame address (DWARF 5 §6.4): the stack pointer before the call.
    [[nodiscard]] virtual Result<NativeAddress>
    frame_address(const NativeActivation& activation) const = 0;
};

/// The module's native text, to see how control goes through it. What it refers to must outlive the
/// AotDebugInfo.
struct NativeText {
    /// Bytes as they were compiled. nullptr: not there.
    std::function<Result<void>(TextOffset at, std::span<std::byte> into)> read{};
    const InstructionDecoder* decoder = nullptr;
    const std::vector<std::uint64_t>* jump_targets = nullptr; ///< AotFile::jump_targets(), if known
};

/// The debug file's bytes and the .wasm it was made from. All bytes must outlive the AotDebugInfo.
struct AotDebugSource {
    std::span<const std::byte> debug_file;
    ModuleSource module; ///< the .wasm; empty bytes: positions only, no guest line table, no types
    NativeText text{};
};

} // namespace wdbg::dwarf
