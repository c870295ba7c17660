// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "variable_places.h"

#include <array>
#include <cstring>

namespace wdbg::source {

namespace {

using agent::RegisterKind;
using agent::RegisterNumber;
using dwarf::PlaceKind;

/// A frame in which every wasm value is the same number, and that notes which of them are read.
class ProbeFrame final : public dwarf::FrameState {
  public:
    explicit ProbeFrame(std::uint32_t number) : number_(number) {}

    [[nodiscard]] Result<Value> local(std::uint32_t index) const override {
        return read(RegisterKind::Local, index);
    }

    [[nodiscard]] Result<Value> global(std::uint32_t index) const override {
        return read(RegisterKind::Global, index);
    }

    [[nodiscard]] Result<Value> stack_value(std::uint32_t index) const override {
        return read(RegisterKind::Stack, index);
    }

    [[nodiscard]] Result<void> read_memory(std::uint64_t /*address*/,
                                           std::span<std::byte> /*into*/) const override {
        return fail(ErrorCode::Unsupported, "its place depends on memory");
    }

    [[nodiscard]] const std::optional<RegisterNumber>& base() const { return base_; }

    [[nodiscard]] bool reads_one_at_most() const { return !several_; }

  private:
    [[nodiscard]] Result<Value> read(RegisterKind kind, std::uint32_t index) const {
        if (index >= agent::register_limit) {
            return fail(ErrorCode::Unsupported, "a local with a large number");
        }
        const RegisterNumber number{.kind = kind, .index = static_cast<std::uint16_t>(index)};
        several_ = several_ || (base_ && agent::encode(*base_) != agent::encode(number));
        base_ = number;
        return Value::of(ValueType::I32, number_);
    }

    std::uint32_t number_;
    mutable std::optional<RegisterNumber> base_;
    mutable bool several_ = false;
};

std::optional<RegisterNumber> register_of(const dwarf::Place& place) {
    if (place.index >= agent::register_limit) {
        return std::nullopt;
    }
    const auto index = static_cast<std::uint16_t>(place.index);
    switch (place.kind) {
    case PlaceKind::Local:
        return RegisterNumber{.kind = RegisterKind::Local, .index = index};
    case PlaceKind::Global:
        return RegisterNumber{.kind = RegisterKind::Global, .index = index};
    case PlaceKind::Stack:
        return RegisterNumber{.kind = RegisterKind::Stack, .index = index};
    default:
        return std::nullopt;
    }
}

std::optional<VariablePlace> constant_of(const dwarf::Place& place) {
    if (place.bytes.empty() || place.bytes.size() > sizeof(std::int64_t)) {
        return std::nullopt;
    }
    VariablePlace found{.kind = VariablePlace::Kind::Constant};
    std::memcpy(&found.offset, place.bytes.data(), place.bytes.size());
    return found;
}

/// The place in a frame in which all values are `number`.
std::optional<VariablePlace> probe(dwarf::SourceInfo& source, const dwarf::Variable& variable,
                                   CodeOffset location, std::uint32_t number) {
    const ProbeFrame frame(number);
    const auto found =
        source.locate(variable.entry, location, dwarf::AddressKind::Instruction, frame);
    if (!found || !frame.reads_one_at_most() || found->pieces.size() != 1 ||
        found->pieces.front().bit_size != 0) {
        return std::nullopt;
    }
    const dwarf::Place& place = found->pieces.front().place;
    if (const auto in = register_of(place)) {
        return VariablePlace{.kind = VariablePlace::Kind::Register, .base = in};
    }
    if (place.kind == PlaceKind::Value && !frame.base()) {
        return constant_of(place);
    }
    if (place.kind != PlaceKind::Memory) {
        return std::nullopt;
    }
    const auto address = static_cast<std::int64_t>(place.address);
    return VariablePlace{.kind = VariablePlace::Kind::Memory,
                         .base = frame.base(),
                         .offset = frame.base() ? address - std::int64_t{number} : address};
}

} // namespace

/// Probing tells a fixed distance from any other formula: three different numbers give the same
/// one.
std::optional<VariablePlace> place_of(dwarf::SourceInfo& source, const dwarf::Variable& variable,
                                      CodeOffset location) {
    constexpr std::array<std::uint32_t, 3> numbers{0x100000, 0x155550, 0x3999998};
    const auto first = probe(source, variable, location, numbers[0]);
    for (const std::uint32_t number : numbers) {
        const auto other = probe(source, variable, location, number);
        if (!first || !other || other->kind != first->kind || other->offset != first->offset) {
            return std::nullopt;
        }
    }
    return first;
}

} // namespace wdbg::source
