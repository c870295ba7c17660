// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/error.h>
#include <wdbg/model/ids.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace wdbg {

/// How an instruction of native code passes control on, and whether it can run at another address.
enum class InstructionKind : std::uint8_t {
    Plain,           ///< goes on behind itself; means the same at any address
    PcRelative,      ///< as Plain, but with an operand relative to the pc
    Jump,            ///< direct, to `target`
    ConditionalJump, ///< direct, to `target` or behind itself
    CounterJump,     ///< loop, loope, loopne, jrcxz, jecxz: a conditional jump of 8 bits' reach
    Call,            ///< direct, to `target`
    IndirectJump,    ///< to an address in a register or in memory
    IndirectCall,
    Return,
    Trap,      ///< int3, ud2, hlt: does not go on behind itself
    Immovable, ///< valid, but must not be run elsewhere (e.g. xbegin)
};

/// One instruction with its prefixes. Offsets are bytes from the start of its first prefix.
struct DecodedInstruction {
    std::uint8_t length = 0;
    InstructionKind kind = InstructionKind::Plain;
    /// First byte behind the legacy and REX prefixes (x86).
    std::uint8_t opcode_offset = 0;
    /// Of the 32-bit displacement relative to the pc; 0 if there is none.
    std::uint8_t displacement_offset = 0;
    /// So many instructions behind it may not be executed (Thumb's IT).
    std::uint8_t makes_conditional = 0;
    /// Of direct jumps and calls.
    NativeAddress target{};
    /// Bytes that it adds to the stack pointer, as one finds it behind the instruction (behind a
    /// call: when that has returned); nullopt if not known.
    std::optional<std::int32_t> stack_change{};
};

/// Decodes instructions of one machine. Stateless to its users; safe to use from several threads.
class InstructionDecoder {
  public:
    virtual ~InstructionDecoder() = default;

    /// The instruction at the start of `bytes`, which lie at `address`. Malformed if these are no
    /// instruction, or only the start of one.
    [[nodiscard]] virtual Result<DecodedInstruction> decode(std::span<const std::byte> bytes,
                                                            NativeAddress address) const = 0;
};

/// One instruction for people.
struct PrintedInstruction {
    std::uint8_t length = 0;               ///< bytes
    std::string text{};                    ///< "mov eax, dword ptr [rdi + 0x8]"
    std::optional<NativeAddress> target{}; ///< of direct jumps and calls
};

/// Writes instructions of one machine. Safe to use from several threads.
class InstructionPrinter {
  public:
    virtual ~InstructionPrinter() = default;

    /// As InstructionDecoder::decode().
    [[nodiscard]] virtual Result<PrintedInstruction> print(std::span<const std::byte> bytes,
                                                           NativeAddress address) const = 0;
};

} // namespace wdbg
