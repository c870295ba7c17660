// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "expression.h"
#include "frame_rules.h"
#include "machine_traits.h"

#include <wdbg/dwarf/aot_debug_info.h>

#include <cstdint>
#include <optional>

namespace wdbg::dwarf {

/// One activation under its frame rules. Views everything it is made of.
class CallFrame {
  public:
    CallFrame(const NativeActivation& activation, const MachineTraits& machine,
              const FrameTable& table, const FrameRow& row)
        : activation_(activation)
        , machine_(machine)
        , table_(table)
        , row_(row) {}

    /// The stack pointer before the call. OutOfRange or Unavailable where what it needs is not
    /// there.
    [[nodiscard]] Result<std::uint64_t> frame_address() const;
    /// The stack pointer as the body of the function has it, from which its locals in memory
    /// count. Unavailable within prologue and epilogue.
    [[nodiscard]] Result<std::uint64_t> body_stack_pointer() const;
    /// A general register in this activation. Unavailable if it is not known.
    [[nodiscard]] Result<std::uint64_t> register_value(std::uint32_t number) const;
    /// A general register in the caller, which for a register that callees keep is also its value
    /// at this function's entry.
    [[nodiscard]] Result<std::uint64_t> caller_register(std::uint32_t number) const;
    [[nodiscard]] Result<NativeRegisters> caller() const;
    [[nodiscard]] Result<void> read(std::uint64_t address, std::span<std::byte> into) const;

  private:
    [[nodiscard]] Result<std::uint64_t> apply(const FrameRule& rule, std::uint32_t number) const;
    [[nodiscard]] Result<std::uint64_t> value_of(const FrameRule& rule, std::uint32_t number) const;
    [[nodiscard]] Result<std::uint64_t> read_word(std::uint64_t address) const;

    const NativeActivation& activation_;
    const MachineTraits& machine_;
    const FrameTable& table_;
    const FrameRow& row_;
};

/// Whether general register `number` is known.
[[nodiscard]] bool is_known(const NativeRegisters& registers, std::uint32_t number);

} // namespace wdbg::dwarf
