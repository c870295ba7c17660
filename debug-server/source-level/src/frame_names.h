// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "evaluator.h"
#include "presenter.h"
#include "typed_value.h"

#include <wdbg/dwarf/location.h>

#include <optional>
#include <string>
#include <vector>

namespace wdbg::source {

/// One source frame: a machine frame and which of the functions inlined there.
struct FrameRef {
    ThreadId thread{};
    std::uint32_t frame = 0; ///< of the machine model
    CodeAddress pc{};
    bool pc_is_return_address = false;
    std::uint32_t level = 0; ///< 0: innermost inlined function
    bool host_call = false;

    [[nodiscard]] dwarf::AddressKind kind() const {
        return pc_is_return_address ? dwarf::AddressKind::ReturnAddress
                                    : dwarf::AddressKind::Instruction;
    }
};

/// The machine's state in a frame, for location expressions.
class MachineFrame final : public dwarf::FrameState {
  public:
    MachineFrame(const ValueAccess& access, const FrameRef& frame)
        : access_(access)
        , frame_(frame) {}

    [[nodiscard]] Result<Value> local(std::uint32_t index) const override {
        return access_.debuggee().local(frame_.thread, frame_.frame, index);
    }

    [[nodiscard]] Result<Value> global(std::uint32_t index) const override {
        return access_.debuggee().global(frame_.thread, frame_.frame, index);
    }

    [[nodiscard]] Result<Value> stack_value(std::uint32_t index) const override {
        return access_.debuggee().stack_value(frame_.thread, frame_.frame, index);
    }

    [[nodiscard]] Result<void> read_memory(std::uint64_t address,
                                           std::span<std::byte> into) const override {
        return access_.read_memory(frame_.pc.instance, address, into);
    }

  private:
    const ValueAccess& access_;
    const FrameRef& frame_;
};

/// The value of a variable in a frame; one that is not known says why.
[[nodiscard]] TypedValue variable_value(const ValueAccess& access, dwarf::SourceInfo& source,
                                        const FrameRef& frame, const dwarf::Variable& variable);

/// The names that an expression sees in a frame: its variables, members of `this`, globals of the
/// module, types, enumerators.
class FrameNames final : public ExpressionNames {
  public:
    FrameNames(Presenter& presenter, std::optional<FrameRef> frame, InstanceId instance)
        : presenter_(presenter)
        , frame_(frame)
        , instance_(instance) {}

    /// Enumerators of this type count as names (for assignments).
    void expect(const TypeRef& type) { expected_ = stripped(type); }

    [[nodiscard]] bool is_type(const std::string& name) override;
    [[nodiscard]] std::optional<TypedValue> variable(const std::string& name) override;
    [[nodiscard]] std::optional<TypeRef> type(const std::string& name) override;
    [[nodiscard]] bool is_function(const std::string& name) override;
    [[nodiscard]] Result<GuestFunction> function(const std::string& name,
                                                 const std::vector<TypedValue>& arguments) override;
    [[nodiscard]] Result<GuestFunction> function_at(const TypedValue& pointer) override;
    [[nodiscard]] Result<std::vector<Value>> call(const GuestFunction& function,
                                                  const std::vector<Value>& arguments) override;
    [[nodiscard]] Result<std::string> text(const TypedValue& value) override;
    [[nodiscard]] std::optional<Result<TypedValue>> container_element(const TypedValue& value,
                                                                      std::int64_t index) override;
    [[nodiscard]] std::optional<Result<TypedValue>> smart_pointee(const TypedValue& value) override;
    [[nodiscard]] TypedValue dynamic(const TypedValue& object) override;

  private:
    [[nodiscard]] dwarf::SourceInfo* source();
    [[nodiscard]] Result<GuestFunction> overload(const std::string& name,
                                                 const std::vector<TypedValue>& arguments);
    [[nodiscard]] Result<GuestFunction> with_code(std::string name, std::uint32_t index,
                                                  const dwarf::FunctionInfo* known);
    [[nodiscard]] std::optional<TypedValue> in_frame(const std::string& name);
    [[nodiscard]] std::optional<TypedValue> global(const std::string& name);
    [[nodiscard]] std::optional<TypedValue> enumerator(const std::string& name);
    /// `$local3`, `$global0`, `$stack1`, `$pc`.
    [[nodiscard]] std::optional<TypedValue> machine(const std::string& name);

    Presenter& presenter_;
    std::optional<FrameRef> frame_;
    InstanceId instance_;
    std::optional<TypeRef> expected_;
};

/// A wasm value as a value of a builtin type.
[[nodiscard]] TypedValue wasm_value(InstanceId instance, const Value& value,
                                    std::optional<RegisterPlace> place);

} // namespace wdbg::source
