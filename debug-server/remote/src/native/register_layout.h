// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/model/native_target.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wdbg::remote {

/// Which registers a native server has: their numbers in packets and their places in `g`.
class RegisterLayout {
  public:
    /// Of a target description whose includes have been put in. Malformed if it has no pc;
    /// NotFound if it does not tell the machine, Unsupported (with its name) for one that this
    /// build does not know.
    [[nodiscard]] static Result<RegisterLayout> parse(std::string_view xml);
    /// What servers without a target description send.
    [[nodiscard]] static RegisterLayout default_of(Machine machine);

    [[nodiscard]] Machine machine() const { return machine_; }

    /// A Cortex-M core: Thumb only.
    [[nodiscard]] bool thumb_only() const { return thumb_only_; }

    /// `bytes` are the answer to `g`, which may end early: registers behind its end are not known.
    /// Malformed if it has no pc.
    [[nodiscard]] Result<NativeRegisters> decode(std::span<const std::byte> bytes) const;
    /// A register of a stop reply. False for one that is of no interest.
    bool take(NativeRegisters& registers, std::uint64_t number,
              std::span<const std::byte> bytes) const;

  private:
    enum class Role : std::uint8_t { Ignored, General, Pc, Flags, Vector };

    struct Slot {
        std::uint64_t number = 0;
        std::size_t size = 0;
        Role role = Role::Ignored;
        std::size_t index = 0; ///< General: DWARF number; Vector: from 0
        std::size_t offset = 0;
    };

    void add(std::string_view name, std::uint64_t number, std::size_t size);
    void place_in_order();
    static void store(NativeRegisters& registers, const Slot& slot,
                      std::span<const std::byte> bytes);

    Machine machine_ = Machine::X86_64;
    bool thumb_only_ = false;
    std::vector<Slot> slots_; ///< by number
};

/// DWARF number of the stack pointer.
[[nodiscard]] std::size_t stack_register(Machine machine);
/// "x86-64", "aarch64" …
[[nodiscard]] std::string_view name_of(Machine machine);
/// Bytes of a pointer.
[[nodiscard]] std::size_t pointer_size(Machine machine);

} // namespace wdbg::remote
