// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluator.h"

#include <algorithm>
#include <array>

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::TypeKind;

namespace {

constexpr int max_depth = 400;

TypeRef integer_type(std::uint64_t size, bool is_unsigned) {
    if (size > 4) {
        return builtin(is_unsigned ? Builtin::UnsignedLong : Builtin::Long);
    }
    return builtin(is_unsigned ? Builtin::Unsigned : Builtin::Int);
}

} // namespace

std::unexpected<Error> Evaluator::located(const Node& node, const Error& error) {
    if (error.message.contains("at character ")) {
        return std::unexpected(error);
    }
    return fail(error.code, error.message + ", at character " + std::to_string(node.position + 1));
}

TypedValue Evaluator::boolean(bool value) const {
    return scalar_value(builtin(Builtin::Bool), instance_, Scalar::of_signed(value ? 1 : 0));
}

TypedValue Evaluator::decayed(const TypedValue& value) const {
    const TypeRef type = stripped(value.type);
    if (type->kind != TypeKind::Array || !value.address) {
        return value;
    }
    return scalar_value(pointer_to(element_of(type)), value.instance,
                        Scalar::of_unsigned(*value.address));
}

Result<TypedValue> Evaluator::evaluate(const Node& node) {
    if (++depth_ > max_depth) {
        depth_ = 0;
        return error(node, "the expression is nested too deeply");
    }
    ValueResult result = [&]() -> ValueResult {
        switch (node.kind) {
        case NodeKind::Number:
            return number(node);
        case NodeKind::String: {
            const std::string text = node.token.text + '\0';
            return bytes_value(array_of(builtin(Builtin::Char), text.size()), instance_,
                               std::as_bytes(std::span(text)));
        }
        case NodeKind::Name:
            return name(node);
        case NodeKind::Unary:
            return unary(node);
        case NodeKind::Binary:
            return binary(node);
        case NodeKind::Assign:
            return assignment(node);
        case NodeKind::Increment:
            return increment(node);
        case NodeKind::Conditional:
            return conditional(node);
        case NodeKind::Member:
            return member(node);
        case NodeKind::Index:
            return index(node);
        case NodeKind::Cast:
            return cast(node);
        case NodeKind::SizeOf:
            return size_of_node(node);
        case NodeKind::Call:
            return call(node);
        }
        return error(node, "unknown operation");
    }();
    --depth_;
    return result ? std::move(result) : ValueResult(located(node, result.error()));
}

Result<TypedValue> Evaluator::number(const Node& node) {
    const Token& token = node.token;
    if (token.kind == TokenKind::Real) {
        return scalar_value(builtin(token.is_single ? Builtin::Float : Builtin::Double), instance_,
                            token.number);
    }
    if (token.kind == TokenKind::Character) {
        return scalar_value(builtin(Builtin::Char), instance_, token.number);
    }
    const bool wide = token.is_long || token.number.integer > WideSigned{UINT32_MAX} ||
                      (token.number.integer > INT32_MAX && !token.is_unsigned);
    const bool is_unsigned = token.is_unsigned || token.number.integer > INT64_MAX;
    return scalar_value(integer_type(wide ? 8 : 4, is_unsigned), instance_, token.number);
}

Result<TypedValue> Evaluator::name(const Node& node) {
    if (auto value = names_.variable(node.text)) {
        return std::move(*value);
    }
    if (node.text == "true" || node.text == "false") {
        return boolean(node.text == "true");
    }
    if (node.text == "nullptr" || node.text == "NULL" || node.text == "null") {
        return scalar_value(pointer_to(*builtin_named("void")), instance_, Scalar::of_unsigned(0));
    }
    if (names_.is_type(node.text)) {
        return error(node, "'" + node.text + "' is a type, not a value");
    }
    if (names_.is_function(node.text)) {
        return error(node, "'" + node.text + "' is a function, not a value: call it");
    }
    return error(node, "no variable is called '" + node.text + "'");
}

Result<TypedValue> Evaluator::address_of(const Node& node) {
    auto operand = evaluate(*node.children[0]);
    if (!operand) {
        return operand;
    }
    const TypedValue value = access_.followed(std::move(*operand));
    if (!value.available()) {
        return error(node, value.reason);
    }
    if (!value.address || value.bit_size != 0) {
        return error(node, value.bit_size != 0 ? "a bit-field has no address"
                                               : "it is not in memory and has no address");
    }
    return scalar_value(pointer_to(value.type), value.instance,
                        Scalar::of_unsigned(*value.address));
}

Result<TypedValue> Evaluator::dereference(const Node& node, const TypedValue& value) {
    if (auto target = names_.smart_pointee(value)) {
        return *target ? std::move(*target) : ValueResult(located(node, target->error()));
    }
    auto target = access_.pointee(value);
    return target ? std::move(target) : ValueResult(located(node, target.error()));
}

Result<TypedValue> Evaluator::unary(const Node& node) {
    if (node.text == "&") {
        return address_of(node);
    }
    auto operand = evaluate(*node.children[0]);
    if (!operand) {
        return operand;
    }
    const TypedValue value = access_.followed(std::move(*operand));
    if (node.text == "*") {
        return dereference(node, value);
    }
    const TypedValue plain = decayed(value);
    const auto scalar = access_.scalar(plain);
    if (!scalar) {
        return located(node, scalar.error());
    }
    if (node.text == "!") {
        return boolean(!scalar->truth());
    }
    if (scalar->is_float()) {
        if (node.text == "~") {
            return error(node, "~ needs an integer");
        }
        return scalar_value(plain.type, instance_,
                            Scalar::of_float(node.text == "-" ? -scalar->real : scalar->real));
    }
    const TypeRef type =
        integer_type(size_of(stripped(plain.type)),
                     scalar->kind == Scalar::Kind::Unsigned && size_of(stripped(plain.type)) >= 4);
    const auto bits = static_cast<WideUnsigned>(scalar->integer);
    const WideUnsigned result = node.text == "-" ? ~bits + 1 : node.text == "~" ? ~bits : bits;
    return scalar_value(type, instance_,
                        {.kind = Scalar::Kind::Signed, .integer = static_cast<WideSigned>(result)});
}

Result<bool> Evaluator::truth(const Node& node) {
    auto value = evaluate(node);
    if (!value) {
        return std::unexpected(value.error());
    }
    const auto scalar = access_.scalar(decayed(access_.followed(std::move(*value))));
    if (!scalar) {
        return located(node, scalar.error());
    }
    return scalar->truth();
}

Result<TypedValue> Evaluator::logical(const Node& node) {
    const bool is_and = node.text == "&&";
    const auto left = truth(*node.children[0]);
    if (!left) {
        return std::unexpected(left.error());
    }
    if (*left != is_and) {
        return boolean(*left);
    }
    const auto right = truth(*node.children[1]);
    return right ? ValueResult(boolean(*right)) : ValueResult(std::unexpected(right.error()));
}

Result<TypedValue> Evaluator::binary(const Node& node) {
    if (node.text == "&&" || node.text == "||") {
        return logical(node);
    }
    auto left = evaluate(*node.children[0]);
    if (!left) {
        return left;
    }
    auto right = evaluate(*node.children[1]);
    if (!right) {
        return right;
    }
    return apply(node, node.text, access_.followed(std::move(*left)),
                 access_.followed(std::move(*right)));
}

Result<TypedValue> Evaluator::conditional(const Node& node) {
    const auto condition = truth(*node.children[0]);
    if (!condition) {
        return std::unexpected(condition.error());
    }
    return evaluate(*node.children[*condition ? 1 : 2]);
}

Result<void> Evaluator::assign(const TypedValue& target, const TypedValue& value) {
    const TypedValue source = decayed(access_.followed(value));
    const TypeRef type = stripped(target.type);
    if (is_record(type) && source.type.node == target.type.node) {
        const auto bytes = access_.read(source, size_of(type));
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        return access_.write(target, *bytes);
    }
    const auto scalar = access_.scalar(source);
    if (!scalar) {
        return std::unexpected(scalar.error());
    }
    return access_.assign(target, *scalar);
}

Result<TypedValue> Evaluator::assignment(const Node& node) {
    auto left = evaluate(*node.children[0]);
    if (!left) {
        return left;
    }
    const TypedValue target = access_.followed(std::move(*left));
    auto right = evaluate(*node.children[1]);
    if (!right) {
        return right;
    }
    TypedValue value = access_.followed(std::move(*right));
    if (node.text != "=") {
        auto applied =
            apply(node, std::string_view(node.text).substr(0, node.text.size() - 1), target, value);
        if (!applied) {
            return applied;
        }
        value = std::move(*applied);
    }
    if (auto done = assign(target, value); !done) {
        return located(node, done.error());
    }
    return evaluate(*node.children[0]);
}

Result<TypedValue> Evaluator::increment(const Node& node) {
    auto operand = evaluate(*node.children[0]);
    if (!operand) {
        return operand;
    }
    const TypedValue target = access_.followed(std::move(*operand));
    const auto old = access_.scalar(target);
    if (!old) {
        return located(node, old.error());
    }
    const TypedValue one = scalar_value(builtin(Builtin::Int), instance_, Scalar::of_signed(1));
    auto changed = apply(node, node.text.contains('+') ? "+" : "-", target, one);
    if (!changed) {
        return changed;
    }
    if (auto done = assign(target, *changed); !done) {
        return located(node, done.error());
    }
    if (node.text.starts_with('x')) {
        return scalar_value(target.type, target.instance, *old);
    }
    return evaluate(*node.children[0]);
}

Result<TypedValue> Evaluator::member(const Node& node) {
    auto operand = evaluate(*node.children[0]);
    if (!operand) {
        return operand;
    }
    TypedValue record = access_.followed(std::move(*operand));
    for (int i = 0; i < 4; ++i) { // `.` and `->` alike, through pointers of any kind
        if (auto found = find_member(access_, record, node.text)) {
            return std::move(*found);
        }
        if (auto found = find_member(access_, names_.dynamic(record), node.text)) {
            return std::move(*found);
        }
        const bool pointer = is_pointer(stripped(record.type));
        if (!pointer && !names_.smart_pointee(record)) {
            break;
        }
        auto target = dereference(node, record);
        if (!target) {
            return target;
        }
        record = access_.followed(std::move(*target));
    }
    if (!record.available()) {
        return error(node, record.reason);
    }
    return error(node,
                 "'" + display_name(record.type->name) + "' has no member '" + node.text + "'");
}

Result<TypedValue> Evaluator::index(const Node& node) {
    auto operand = evaluate(*node.children[0]);
    if (!operand) {
        return operand;
    }
    auto position = evaluate(*node.children[1]);
    if (!position) {
        return position;
    }
    const TypedValue base = access_.followed(std::move(*operand));
    const auto number = access_.scalar(access_.followed(std::move(*position)));
    if (!number || number->is_float()) {
        return error(*node.children[1], number ? "an index is an integer" : number.error().message);
    }
    const auto at = static_cast<std::int64_t>(number->integer);
    const TypeRef type = stripped(base.type);
    if (type->kind == TypeKind::Array) {
        return access_.element(base, at);
    }
    if (is_pointer(type)) {
        auto first = access_.pointee(base);
        if (!first) {
            return located(node, first.error());
        }
        const auto size = static_cast<std::int64_t>(size_of(first->type));
        first->address = (*first->address + static_cast<std::uint64_t>(at * size)) & 0xFFFFFFFFU;
        return first;
    }
    if (auto element = names_.container_element(base, at)) {
        return *element ? std::move(*element) : ValueResult(located(node, element->error()));
    }
    return error(node, "'" + display_name(base.type->name) + "' cannot be indexed");
}

Result<TypeRef> Evaluator::resolve(const TypeName& name, std::uint32_t position) {
    std::optional<TypeRef> type = names_.type(name.base);
    type = type ? type : builtin_named(name.base);
    if (!type) {
        return expression_error(position, "no type is called '" + name.base + "'");
    }
    for (const TypeName::Suffix& suffix : name.suffixes) {
        if (suffix.kind == '[') {
            type = array_of(*type, suffix.count);
        } else if (suffix.kind == '*') {
            type = pointer_to(*type);
        }
    }
    return *type;
}

Result<TypedValue> Evaluator::convert(const TypedValue& value, const TypeRef& type) {
    const TypeRef to = stripped(type);
    const TypedValue plain = decayed(value);
    if (is_scalar(to)) {
        const auto scalar = access_.scalar(plain);
        if (!scalar) {
            return std::unexpected(scalar.error());
        }
        return scalar_value(type, value.instance, *scalar);
    }
    if (value.address && (is_record(to) || to->kind == TypeKind::Array)) {
        return memory_value(type, value.instance, *value.address); // another view of the same bytes
    }
    return fail(ErrorCode::InvalidArgument,
                "'" + value.type->name + "' cannot become '" + type->name + "'");
}

Result<TypedValue> Evaluator::cast(const Node& node) {
    const auto type = resolve(node.type, node.position);
    if (!type) {
        return std::unexpected(type.error());
    }
    auto operand = evaluate(*node.children[0]);
    if (!operand) {
        return operand;
    }
    auto converted = convert(access_.followed(std::move(*operand)), *type);
    return converted ? std::move(converted) : ValueResult(located(node, converted.error()));
}

Result<TypedValue> Evaluator::size_of_node(const Node& node) {
    TypeRef type;
    if (node.has_type) {
        const auto resolved = resolve(node.type, node.position);
        if (!resolved) {
            return std::unexpected(resolved.error());
        }
        type = *resolved;
    } else {
        auto operand = evaluate(*node.children[0]);
        if (!operand) {
            return operand;
        }
        type = access_.followed(std::move(*operand)).type;
    }
    return scalar_value(builtin(Builtin::Unsigned), instance_,
                        Scalar::of_unsigned(size_of(stripped(type))));
}

} // namespace wdbg::source
