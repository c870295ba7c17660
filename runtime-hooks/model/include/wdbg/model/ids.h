// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

/// Identities and addresses of the machine model. Each is a type of its own, so that a wasm code
/// offset, a linear memory offset and a native address cannot be mixed up.
namespace wdbg {

/// A small integer that only compares with its own kind.
template <class Tag>
struct Id {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

/// A loaded module (one .wasm or .aot file), whatever the number of its instances.
using ModuleId = Id<struct ModuleTag>;
/// One instantiation of a module. Instances that a runtime clones per thread (wasi-threads) are one
/// instance here: they share code and memory. Id 0 is the main module's (LLDB resolves plain guest
/// pointers in instance 0).
using InstanceId = Id<struct InstanceTag>;
/// A thread of the guest; never reused during a session, starts at 1.
using ThreadId = Id<struct ThreadTag>;
using WatchpointId = Id<struct WatchpointTag>;

/// Byte offset from the start of the .wasm file (LLDB's convention; DWARF counts from the start of
/// the Code section's contents instead and is converted in dwarf::ModuleImage only).
struct CodeOffset {
    std::uint32_t value = 0;

    friend constexpr auto operator<=>(const CodeOffset&, const CodeOffset&) = default;
};

struct CodeAddress {
    InstanceId instance;
    CodeOffset offset;

    friend constexpr auto operator<=>(const CodeAddress&, const CodeAddress&) = default;
};

/// Half-open range of code of one instance: begin <= pc < end.
struct CodeAddressRange {
    InstanceId instance;
    CodeOffset begin;
    CodeOffset end;

    [[nodiscard]] constexpr bool contains(CodeAddress address) const {
        return address.instance == instance && begin <= address.offset && address.offset < end;
    }
};

/// An offset into one linear memory of an instance.
struct MemoryAddress {
    InstanceId instance;
    std::uint32_t memory = 0;
    std::uint64_t offset = 0;

    friend constexpr auto operator<=>(const MemoryAddress&, const MemoryAddress&) = default;
};

/// An address in the process or on the target that runs native code.
struct NativeAddress {
    std::uint64_t value = 0;

    friend constexpr auto operator<=>(const NativeAddress&, const NativeAddress&) = default;
};

} // namespace wdbg

template <class Tag>
struct std::hash<wdbg::Id<Tag>> {
    std::size_t operator()(const wdbg::Id<Tag>& id) const noexcept {
        return std::hash<std::uint32_t>{}(id.value);
    }
};

template <>
struct std::hash<wdbg::CodeAddress> {
    std::size_t operator()(const wdbg::CodeAddress& address) const noexcept {
        return std::hash<std::uint64_t>{}((std::uint64_t{address.instance.value} << 32U) |
                                          address.offset.value);
    }
};
