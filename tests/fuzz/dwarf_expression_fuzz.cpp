// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Location expressions of any bytes.
#include "guest_expression.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace {

using namespace wdbg;
using namespace wdbg::dwarf;

class Machine final : public FrameState, public ExpressionScope {
  public:
    [[nodiscard]] Result<Value> local(std::uint32_t index) const override {
        constexpr ValueType types[]{ValueType::I32, ValueType::I64, ValueType::F64,
                                    ValueType::V128};
        return Value::of(types[index % 4], ~std::uint64_t{index});
    }

    [[nodiscard]] Result<Value> global(std::uint32_t index) const override {
        return Value::of(ValueType::I32, index);
    }

    [[nodiscard]] Result<Value> stack_value(std::uint32_t) const override {
        return fail(ErrorCode::OutOfRange, "empty");
    }

    [[nodiscard]] Result<void> read_memory(std::uint64_t address,
                                           std::span<std::byte> into) const override {
        std::ranges::fill(into, static_cast<std::byte>(address));
        return {};
    }

    [[nodiscard]] const FrameState& state() const override { return *this; }

    [[nodiscard]] std::uint8_t address_size() const override { return 4; }

    [[nodiscard]] std::uint8_t offset_size() const override { return 4; }

    [[nodiscard]] Result<std::uint64_t> frame_base() override { return 4096; }

    [[nodiscard]] std::optional<std::uint64_t> indexed_address(std::uint64_t index) override {
        return index < 100 ? std::optional(index) : std::nullopt;
    }

    [[nodiscard]] Result<Value> entry_local(std::uint32_t index) override { return local(index); }

    [[nodiscard]] Result<std::uint64_t> tls_address(std::uint64_t offset) override {
        return offset + 64;
    }

    [[nodiscard]] std::optional<GuestBaseType> base_type(std::uint64_t offset) override {
        return GuestBaseType{.encoding = static_cast<Encoding>(offset % 9),
                             .size = static_cast<std::uint8_t>(offset % 9)};
    }

    [[nodiscard]] EntryId entry_at(std::uint64_t offset) override { return EntryId{offset}; }
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Machine machine;
    static_cast<void>(evaluate_location(std::as_bytes(std::span(data, size)), machine));
    return 0;
}
