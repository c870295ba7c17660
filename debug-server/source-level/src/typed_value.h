// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "module_table.h"
#include "scalar.h"
#include "type_ref.h"

#include <wdbg/dwarf/location.h>
#include <wdbg/model/debuggee.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace wdbg::source {

/// A wasm local or global that holds (part of) a value.
struct RegisterPlace {
    ThreadId thread;
    std::uint32_t frame = 0;
    dwarf::PlaceKind kind = dwarf::PlaceKind::Local;
    std::uint32_t index = 0;
    std::uint32_t offset = 0; ///< byte within the wasm value
};

/// A value of the guest: somewhere in memory, or bytes that are nowhere, or not known.
struct TypedValue {
    TypeRef type{};
    InstanceId instance{};
    std::optional<std::uint64_t> address{}; ///< in memory 0
    std::vector<std::byte> bytes{};         ///< without an address
    std::vector<bool> known{};              ///< by byte of `bytes`; empty: all
    std::string reason{};                   ///< not empty: not known at all
    std::uint32_t bit_size = 0;             ///< a bit-field, 0: none
    std::uint32_t bit_offset = 0;
    bool is_base = false; ///< part of a derived object: its vtable says nothing of this part
    std::optional<RegisterPlace> place{}; ///< where `bytes` come from, if they can be written
    /// A pointer to something that is not in memory, DW_OP_implicit_pointer.
    dwarf::EntryId implicit_target{};
    std::int64_t implicit_offset = 0;

    [[nodiscard]] bool available() const { return reason.empty(); }
};

[[nodiscard]] TypedValue unavailable_value(TypeRef type, std::string reason);
[[nodiscard]] TypedValue memory_value(TypeRef type, InstanceId instance, std::uint64_t address);
[[nodiscard]] TypedValue bytes_value(TypeRef type, InstanceId instance,
                                     std::span<const std::byte> bytes);
[[nodiscard]] TypedValue scalar_value(TypeRef type, InstanceId instance, const Scalar& scalar);

/// Reads and writes values of a stopped guest.
class ValueAccess {
  public:
    ValueAccess(Debuggee& debuggee, ModuleTable& modules)
        : debuggee_(debuggee)
        , modules_(modules) {}

    /// At most this many bytes of one value are read.
    static constexpr std::uint64_t max_size = std::uint64_t{16} << 20U;

    [[nodiscard]] Debuggee& debuggee() const { return debuggee_; }

    [[nodiscard]] ModuleTable& modules() const { return modules_; }

    /// All of them, or Unavailable or OutOfRange with the reason.
    [[nodiscard]] Result<void> read_memory(InstanceId instance, std::uint64_t address,
                                           std::span<std::byte> into) const;
    /// The first `size` bytes of the value.
    [[nodiscard]] Result<std::vector<std::byte>> read(const TypedValue& value,
                                                      std::uint64_t size) const;
    /// The number that a scalar, pointer or bit-field is. InvalidArgument for other types.
    [[nodiscard]] Result<Scalar> scalar(const TypedValue& value) const;
    /// The address that a pointer or reference holds.
    [[nodiscard]] Result<std::uint64_t> pointer(const TypedValue& value) const;
    /// References followed, typedefs kept.
    [[nodiscard]] TypedValue followed(TypedValue value) const;
    /// What a pointer points to. InvalidArgument for `void*` and what is no pointer.
    [[nodiscard]] Result<TypedValue> pointee(const TypedValue& pointer) const;
    /// A part at a byte offset.
    [[nodiscard]] TypedValue part(const TypedValue& whole, TypeRef type,
                                  std::uint64_t offset) const;
    [[nodiscard]] TypedValue member(const TypedValue& record, const dwarf::Member& member) const;
    [[nodiscard]] TypedValue element(const TypedValue& array, std::int64_t index) const;
    /// Writes a scalar, converted to the target's type. Unsupported for places that cannot be
    /// written.
    Result<void> assign(const TypedValue& target, const Scalar& scalar) const;
    /// Copies bytes to where the value is.
    Result<void> write(const TypedValue& target, std::span<const std::byte> bytes) const;

    /// NUL-terminated text at an address, at most `limit` characters; `complete` is false if it was
    /// cut.
    struct Text {
        std::string bytes;
        bool complete = true;
    };

    [[nodiscard]] Result<Text> text_at(InstanceId instance, std::uint64_t address,
                                       std::size_t limit) const;

  private:
    Result<void> write_register(const RegisterPlace& place, std::span<const std::byte> bytes) const;

    Debuggee& debuggee_;
    ModuleTable& modules_;
};

} // namespace wdbg::source
