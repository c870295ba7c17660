// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace wdbg::rsp {

/// What the offset of a WasmAddress counts in.
enum class AddressSpace : std::uint8_t {
    Memory = 0,  ///< a linear memory
    Object = 1,  ///< the bytes of the whole .wasm file: code addresses
    Globals = 2, ///< LLDB 24 only; never sent by us (LLDB 22 aborts on it)
    Invalid = 3, ///< no address of wasm; our debug adapter shows native code there
};

/// The 64-bit address LLDB uses for wasm (ObjectFile/wasm/WasmAddress.h):
///
///     63  62 61                             32 31                              0
///    ┌──────┬─────────────────────────────────┬─────────────────────────────────┐
///    │space │ id (30 bits)                    │ offset (32 bits)                │
///    └──────┴─────────────────────────────────┴─────────────────────────────────┘
///
/// In the object space the id is the instance's. In the memory space it holds the instance and,
/// which is our addition, the index of the memory; plain guest pointers are those of memory 0 of
/// instance 0, as LLDB wants them. LLDB 22 keeps only 24 bits of an id; ours never have more.
///
///     id in the memory space:   memory index (bits 23:16) | instance (bits 15:0)
class WasmAddress {
  public:
    static constexpr std::uint32_t max_id = (1U << 30U) - 1;
    static constexpr std::uint32_t max_object_instance = (1U << 24U) - 1;
    static constexpr std::uint32_t max_memory_instance = (1U << 16U) - 1;
    static constexpr std::uint32_t max_memory_index = (1U << 8U) - 1;

    /// Any 64 bits are an address, though perhaps one of nothing.
    constexpr explicit WasmAddress(std::uint64_t packed) : packed_(packed) {}

    /// A place in a .wasm file; nothing if the id cannot be expressed.
    [[nodiscard]] static constexpr std::optional<WasmAddress> object(std::uint32_t instance,
                                                                     std::uint32_t offset) {
        if (instance > max_object_instance) {
            return std::nullopt;
        }
        return pack(AddressSpace::Object, instance, offset);
    }

    /// A place in a linear memory; nothing if instance, memory or offset cannot be expressed.
    [[nodiscard]] static constexpr std::optional<WasmAddress>
    memory(std::uint32_t instance, std::uint32_t memory, std::uint64_t offset) {
        if (instance > max_memory_instance || memory > max_memory_index || offset > 0xFFFF'FFFFU) {
            return std::nullopt;
        }
        return pack(AddressSpace::Memory, memory << 16U | instance,
                    static_cast<std::uint32_t>(offset));
    }

    [[nodiscard]] constexpr std::uint64_t packed() const { return packed_; }

    [[nodiscard]] constexpr AddressSpace space() const {
        return static_cast<AddressSpace>(packed_ >> 62U);
    }

    [[nodiscard]] constexpr std::uint32_t id() const {
        return static_cast<std::uint32_t>(packed_ >> 32U) & max_id;
    }

    [[nodiscard]] constexpr std::uint32_t offset() const {
        return static_cast<std::uint32_t>(packed_);
    }

    /// The parts of an id in the memory space.
    [[nodiscard]] constexpr std::uint32_t memory_instance() const {
        return id() & max_memory_instance;
    }

    [[nodiscard]] constexpr std::uint32_t memory_index() const { return id() >> 16U; }

    friend constexpr auto operator<=>(const WasmAddress&, const WasmAddress&) = default;

  private:
    static constexpr WasmAddress pack(AddressSpace space, std::uint32_t id, std::uint32_t offset) {
        return WasmAddress(static_cast<std::uint64_t>(space) << 62U | std::uint64_t{id} << 32U |
                           offset);
    }

    std::uint64_t packed_;
};

} // namespace wdbg::rsp
