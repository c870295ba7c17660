// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/model/native_target.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

/// The runtime's own code: a program or library that native frames are in which belong to no
/// module. Stripped ones too, as far as what they keep goes.
namespace wdbg::dwarf {

/// Addresses here are the file's own: address in the target − load bias. Safe to use from several
/// threads.
class HostFile {
  public:
    virtual ~HostFile() = default;

    [[nodiscard]] virtual Machine machine() const = 0;
    /// Where a function begins. NotFound if no symbol table names it.
    [[nodiscard]] virtual Result<std::uint64_t> symbol(std::string_view name) const = 0;
    /// The address at which a byte of the file is loaded; nullopt if it is not.
    [[nodiscard]] virtual std::optional<std::uint64_t>
    address_of_offset(std::uint64_t file_offset) const = 0;
    /// Registers of the caller, by .eh_frame or .debug_frame. `pc` is the activation's address in
    /// the file. Unavailable where there is no unwind table; OutOfRange if the memory it needs
    /// cannot be read.
    [[nodiscard]] virtual Result<NativeRegisters>
    unwind(std::uint64_t pc, AddressKind kind, const NativeRegisters& registers,
           const NativeMemoryReader& memory) const = 0;
};

/// For those who link LLVM; others use load_host_file(). Malformed if it is no ELF file,
/// Unsupported for an unknown machine. `elf` must outlive it.
[[nodiscard]] Result<std::unique_ptr<HostFile>> make_host_file(std::span<const std::byte> elf);

} // namespace wdbg::dwarf
