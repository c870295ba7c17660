// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Calls of functions of the guest: what takes and returns scalars and pointers.
#include "evaluator.h"

#include <algorithm>
#include <utility>

namespace wdbg::source {

using dwarf::TypeKind;

Result<TypedValue> Evaluator::call(const Node& node) {
    const Node& callee = *node.children[0];
    if (callee.kind == NodeKind::Member) {
        return call_method(node);
    }
    std::vector<TypedValue> arguments;
    for (std::size_t i = 1; i < node.children.size(); ++i) {
        auto value = evaluate(*node.children[i]);
        if (!value) {
            return value;
        }
        arguments.push_back(access_.followed(std::move(*value)));
    }
    if (callee.kind == NodeKind::Name && !names_.variable(callee.text)) {
        const auto function = names_.function(callee.text, arguments);
        return function ? run(node, *function, arguments)
                        : ValueResult(located(callee, function.error()));
    }
    auto pointer = evaluate(callee);
    if (!pointer) {
        return pointer;
    }
    const auto function = names_.function_at(access_.followed(std::move(*pointer)));
    return function ? run(node, *function, arguments)
                    : ValueResult(located(callee, function.error()));
}

/// `object.method(…)` by the object's dynamic class, or else by one of its bases.
Result<TypedValue> Evaluator::call_method(const Node& node) {
    const Node& callee = *node.children[0];
    auto operand = evaluate(*callee.children[0]);
    if (!operand) {
        return operand;
    }
    TypedValue object = access_.followed(std::move(*operand));
    if (auto target = names_.smart_pointee(object)) {
        object = *target ? std::move(**target) : object;
    } else if (is_pointer(stripped(object.type))) {
        auto pointee = access_.pointee(object);
        if (!pointee) {
            return located(callee, pointee.error());
        }
        object = std::move(*pointee);
    }
    object = names_.dynamic(object);
    if (!object.address) {
        return error(callee, "the object is not in memory: its functions cannot be called");
    }
    std::vector<TypedValue> arguments{scalar_value(pointer_to(object.type), object.instance,
                                                   Scalar::of_unsigned(*object.address))};
    for (std::size_t i = 1; i < node.children.size(); ++i) {
        auto value = evaluate(*node.children[i]);
        if (!value) {
            return value;
        }
        arguments.push_back(access_.followed(std::move(*value)));
    }
    Result<GuestFunction> function = fail(ErrorCode::NotFound, "");
    std::vector<TypedValue> classes{object};
    for (std::size_t i = 0; i < classes.size() && i < 32 && !function; ++i) {
        const TypeRef type = stripped(classes[i].type);
        arguments.front() = scalar_value(pointer_to(type), object.instance,
                                         Scalar::of_unsigned(classes[i].address.value_or(0)));
        function = names_.function(type->name + "::" + callee.text, arguments);
        for (const dwarf::Member& member : type->members) {
            if (member.is_base && !member.is_virtual) {
                classes.push_back(access_.member(classes[i], member));
            }
        }
    }
    return function ? run(node, *function, arguments)
                    : error(callee, "'" + display_name(object.type->name) + "' has no function '" +
                                        callee.text + "' with code that takes so many arguments");
}

Result<Value> Evaluator::argument(const TypedValue& value, const TypeRef& type, ValueType wasm) {
    const bool is_real = wasm == ValueType::F32 || wasm == ValueType::F64;
    const bool is_wide = wasm == ValueType::I64;
    if (stripped(value.type)->kind == TypeKind::Array && !value.address) {
        return fail(ErrorCode::Unsupported,
                    "a text that is not in the guest's memory cannot be passed");
    }
    if (is_reference(stripped(type))) {
        return value.address ? Value::of(wasm, static_cast<std::uint32_t>(*value.address))
                             : Result<Value>(fail(ErrorCode::Unsupported,
                                                  "what is not in memory has no reference"));
    }
    auto converted = convert(value, type);
    if (!converted) {
        return std::unexpected(converted.error());
    }
    const auto scalar = access_.scalar(*converted);
    if (!scalar) {
        return std::unexpected(scalar.error());
    }
    if (is_real) {
        return wasm == ValueType::F32 ? Value::of(wasm, static_cast<float>(scalar->as_double()))
                                      : Value::of(wasm, scalar->as_double());
    }
    const auto number = static_cast<std::int64_t>(scalar->as_integer());
    return is_wide ? Value::of(wasm, number) : Value::of(wasm, static_cast<std::int32_t>(number));
}

Result<TypedValue> Evaluator::run(const Node& node, const GuestFunction& function,
                                  const std::vector<TypedValue>& arguments) {
    if (arguments.size() != function.parameters.size()) {
        return error(node, "'" + function.name + "' takes " +
                               std::to_string(function.parameters.size()) + " arguments");
    }
    std::vector<Value> values;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto value =
            argument(arguments[i], function.parameters[i], function.wasm_parameters[i]);
        if (!value) {
            return error(node, "argument " + std::to_string(i + 1) + " of '" + function.name +
                                   "': " + value.error().message);
        }
        values.push_back(*value);
    }
    const auto results = names_.call(function, values);
    if (!results) {
        return located(node, results.error());
    }
    if (results->empty()) {
        return bytes_value(*builtin_named("void"), instance_, {});
    }
    const auto bytes = results->front().bytes();
    const auto size = static_cast<std::size_t>(size_of(stripped(function.result)));
    return bytes_value(function.result, instance_, bytes.first(std::min(size, bytes.size())));
}

} // namespace wdbg::source
