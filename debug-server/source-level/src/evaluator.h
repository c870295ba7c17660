// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "syntax.h"
#include "typed_value.h"

#include <optional>
#include <string>
#include <vector>

namespace wdbg::source {

/// A function of the guest that an expression can call.
struct GuestFunction {
    std::string name{};
    std::uint32_t index = 0; ///< in the module's function index space
    std::vector<ValueType> wasm_parameters{};
    std::vector<ValueType> wasm_results{};
    std::vector<TypeRef> parameters{}; ///< as many as wasm_parameters
    TypeRef result{};                  ///< may be void
};

/// Where an expression finds its names, and what it knows of types that are more than bytes.
class ExpressionNames : public TypeNames {
  public:
    /// A variable, possibly qualified. nullopt: no such name.
    [[nodiscard]] virtual std::optional<TypedValue> variable(const std::string& name) = 0;
    [[nodiscard]] virtual std::optional<TypeRef> type(const std::string& name) = 0;
    [[nodiscard]] virtual bool is_function(const std::string& name) = 0;

    /// The function of that name that takes these arguments: scalars, pointers and references only.
    [[nodiscard]] virtual Result<GuestFunction>
    function(const std::string& /*name*/, const std::vector<TypedValue>& /*arguments*/) {
        return no_functions();
    }

    /// The function that a pointer to one points to.
    [[nodiscard]] virtual Result<GuestFunction> function_at(const TypedValue& /*pointer*/) {
        return no_functions();
    }

    /// Runs it in the guest; see CallSupport.
    [[nodiscard]] virtual Result<std::vector<Value>> call(const GuestFunction& /*function*/,
                                                          const std::vector<Value>& /*arguments*/) {
        return no_functions();
    }

    /// The text of what reads as one: char*, arrays of characters, strings of libraries.
    [[nodiscard]] virtual Result<std::string> text(const TypedValue& value) = 0;
    /// An element of a container that has a formatter; nullopt: it is none.
    [[nodiscard]] virtual std::optional<Result<TypedValue>>
    container_element(const TypedValue& value, std::int64_t index) = 0;
    /// What a smart pointer points to.
    [[nodiscard]] virtual std::optional<Result<TypedValue>>
    smart_pointee(const TypedValue& value) = 0;
    /// An object as the class that it really is.
    [[nodiscard]] virtual TypedValue dynamic(const TypedValue& object) = 0;

  private:
    [[nodiscard]] static std::unexpected<Error> no_functions() {
        return fail(ErrorCode::Unsupported, "functions of the guest cannot be called here");
    }
};

/// Evaluates an expression's nodes. Errors say at which character.
class Evaluator {
  public:
    Evaluator(ValueAccess& access, ExpressionNames& names, InstanceId instance)
        : access_(access)
        , names_(names)
        , instance_(instance) {}

    [[nodiscard]] Result<TypedValue> evaluate(const Node& node);
    [[nodiscard]] Result<TypeRef> resolve(const TypeName& name, std::uint32_t position);
    /// Conversion of a number to a type, as by a C cast.
    [[nodiscard]] Result<TypedValue> convert(const TypedValue& value, const TypeRef& type);
    /// `target` = `value`: numbers, pointers, enums; also enumerators by name.
    Result<void> assign(const TypedValue& target, const TypedValue& value);

  private:
    using ValueResult = Result<TypedValue>;

    ValueResult number(const Node& node);
    ValueResult name(const Node& node);
    ValueResult unary(const Node& node);
    ValueResult address_of(const Node& node);
    ValueResult dereference(const Node& node, const TypedValue& value);
    ValueResult binary(const Node& node);
    ValueResult logical(const Node& node);
    ValueResult apply(const Node& node, std::string_view sign, const TypedValue& left,
                      const TypedValue& right);
    ValueResult arithmetic(const Node& node, std::string_view sign, const TypedValue& left,
                           const TypedValue& right);
    ValueResult integer_arithmetic(const Node& node, std::string_view sign, const Scalar& left,
                                   const Scalar& right, const TypeRef& type);
    ValueResult pointer_arithmetic(const Node& node, std::string_view sign, const TypedValue& left,
                                   const TypedValue& right);
    std::optional<ValueResult> text_comparison(const Node& node, std::string_view sign,
                                               const TypedValue& left, const TypedValue& right);
    ValueResult assignment(const Node& node);
    ValueResult increment(const Node& node);
    ValueResult conditional(const Node& node);
    ValueResult member(const Node& node);
    ValueResult index(const Node& node);
    ValueResult cast(const Node& node);
    ValueResult size_of_node(const Node& node);
    ValueResult call(const Node& node);
    ValueResult call_method(const Node& node);
    ValueResult run(const Node& node, const GuestFunction& function,
                    const std::vector<TypedValue>& arguments);
    Result<Value> argument(const TypedValue& value, const TypeRef& type, ValueType wasm);

    [[nodiscard]] Result<bool> truth(const Node& node);
    [[nodiscard]] TypedValue boolean(bool value) const;
    /// Arrays become pointers to their first element.
    [[nodiscard]] TypedValue decayed(const TypedValue& value) const;

    [[nodiscard]] static std::unexpected<Error> error(const Node& node, std::string message) {
        return expression_error(node.position, std::move(message));
    }

    [[nodiscard]] static std::unexpected<Error> located(const Node& node, const Error& error);

    ValueAccess& access_;
    ExpressionNames& names_;
    InstanceId instance_;
    int depth_ = 0;
};

/// The member of a record by name: also in bases, anonymous members and the active variant.
[[nodiscard]] std::optional<TypedValue>
find_member(const ValueAccess& access, const TypedValue& record, std::string_view name);
/// The active alternative of a Rust enum; nullptr if it is not known.
[[nodiscard]] const dwarf::Variant* active_variant(const ValueAccess& access,
                                                   const TypedValue& value);

} // namespace wdbg::source
