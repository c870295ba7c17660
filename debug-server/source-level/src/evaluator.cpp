// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluator.h"

#include <algorithm>
#include <array>

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::TypeKind;

namespace {

constexpr int max_depth = 400;
constexpr int max_record_depth = 32;

TypeRef integer_type(std::uint64_t size, bool is_unsigned) {
    if (size > 4) {
        return builtin(is_unsigned ? Builtin::UnsignedLong : Builtin::Long);
    }
    return builtin(is_unsigned ? Builtin::Unsigned : Builtin::Int);
}

bool is_text_literal(const TypedValue& value) {
    const TypeRef type = stripped(value.type);
    return !value.address && type->kind == TypeKind::Array && type.info == nullptr &&
           is_character(stripped(target_of(type)));
}

} // namespace

std::unexpected<Error> Evaluator::located(const Node& node, const Error& error) {
    if (error.message.contains("at character ")) {
        return std::unexpected(error);
    }
    return fail(error.code,
                error.message + ", at character " + std::to_string(node.position + 1));
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
            return error(node, "functions of the guest cannot be called yet");
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
    const bool wide = token.is_long || token.number.integer > UINT32_MAX ||
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
        return error(node, "'" + node.text + "' is a function; these cannot be used here yet");
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
    return scalar_value(pointer_to(value.type), value.instance, Scalar::of_unsigned(*value.address));
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
    const TypeRef type = integer_type(size_of(stripped(plain.type)),
                                      scalar->kind == Scalar::Kind::Unsigned &&
                                          size_of(stripped(plain.type)) >= 4);
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

Result<TypedValue> Evaluator::apply(const Node& node, std::string_view sign,
                                    const TypedValue& left, const TypedValue& right) {
    if (auto compared = text_comparison(node, sign, left, right)) {
        return std::move(*compared);
    }
    const TypedValue a = decayed(left);
    const TypedValue b = decayed(right);
    if (is_pointer(stripped(a.type)) || is_pointer(stripped(b.type))) {
        return pointer_arithmetic(node, sign, a, b);
    }
    return arithmetic(node, sign, a, b);
}

std::optional<Result<TypedValue>> Evaluator::text_comparison(const Node& node,
                                                             std::string_view sign,
                                                             const TypedValue& left,
                                                             const TypedValue& right) {
    const bool compares = sign == "==" || sign == "!=" || sign == "<" || sign == ">" ||
                          sign == "<=" || sign == ">=";
    const bool literal = is_text_literal(left) || is_text_literal(right);
    const bool records = is_record(stripped(left.type)) && is_record(stripped(right.type));
    if (!compares || (!literal && !records)) {
        return std::nullopt;
    }
    const auto text = [&](const TypedValue& value) -> Result<std::string> {
        if (is_text_literal(value)) {
            return std::string(reinterpret_cast<const char*>(value.bytes.data()),
                               value.bytes.size() - 1);
        }
        return names_.text(value);
    };
    const auto a = text(left);
    const auto b = text(right);
    if (!a || !b) {
        return ValueResult(located(node, a ? b.error() : a.error()));
    }
    const int order = a->compare(*b);
    const bool result = sign == "==" ? order == 0 : sign == "!=" ? order != 0
                        : sign == "<" ? order < 0 : sign == ">" ? order > 0
                        : sign == "<=" ? order <= 0 : order >= 0;
    return ValueResult(boolean(result));
}

Result<TypedValue> Evaluator::pointer_arithmetic(const Node& node, std::string_view sign,
                                                 const TypedValue& left,
                                                 const TypedValue& right) {
    const auto a = access_.scalar(left);
    const auto b = access_.scalar(right);
    if (!a || !b) {
        return located(node, a ? b.error() : a.error());
    }
    const bool left_is = is_pointer(stripped(left.type));
    const bool right_is = is_pointer(stripped(right.type));
    const TypeRef pointer = stripped(left_is ? left.type : right.type);
    const auto size = static_cast<WideSigned>(
        std::clamp<std::uint64_t>(size_of(target_of(pointer)), 1, UINT32_MAX));
    if (sign == "-" && left_is && right_is) {
        return scalar_value(builtin(Builtin::Int), instance_,
                            {.kind = Scalar::Kind::Signed, .integer = (a->integer - b->integer) / size});
    }
    if ((sign == "+" || sign == "-") && (!left_is || !right_is) && (sign == "+" || left_is)) {
        if (a->is_float() || b->is_float()) {
            return error(node, "a pointer moves by whole elements only");
        }
        const WideSigned base = left_is ? a->integer : b->integer;
        const WideSigned steps = static_cast<std::int64_t>(left_is ? b->integer : a->integer);
        const WideSigned moved = sign == "+" ? base + steps * size : base - steps * size;
        return scalar_value(left_is ? left.type : right.type, left_is ? left.instance : right.instance,
                            {.kind = Scalar::Kind::Unsigned, .integer = moved & 0xFFFFFFFF});
    }
    const WideSigned x = a->as_integer();
    const WideSigned y = b->as_integer();
    if (sign == "==" || sign == "!=" || sign == "<" || sign == ">" || sign == "<=" ||
        sign == ">=") {
        return boolean(sign == "==" ? x == y : sign == "!=" ? x != y : sign == "<" ? x < y
                       : sign == ">" ? x > y : sign == "<=" ? x <= y : x >= y);
    }
    return error(node, "'" + std::string(sign) + "' does not work on pointers");
}

Result<TypedValue> Evaluator::arithmetic(const Node& node, std::string_view sign,
                                         const TypedValue& left, const TypedValue& right) {
    const auto a = access_.scalar(left);
    const auto b = access_.scalar(right);
    if (!a || !b) {
        return located(node, a ? b.error() : a.error());
    }
    const std::uint64_t size_a = size_of(stripped(left.type));
    const std::uint64_t size_b = size_of(stripped(right.type));
    if (!a->is_float() && !b->is_float()) {
        const std::uint64_t size = std::max({size_a, size_b, std::uint64_t{4}});
        const bool unsigned_a = a->kind == Scalar::Kind::Unsigned && size_a >= size;
        const bool unsigned_b = b->kind == Scalar::Kind::Unsigned && size_b >= size;
        const bool shift = sign == "<<" || sign == ">>";
        return integer_arithmetic(
            node, sign, *a, *b,
            integer_type(shift ? std::max<std::uint64_t>(size_a, 4) : size,
                         shift ? unsigned_a : unsigned_a || unsigned_b));
    }
    const double x = a->as_double();
    const double y = b->as_double();
    const bool single = (!a->is_float() || size_a == 4) && (!b->is_float() || size_b == 4);
    const TypeRef type = builtin(single ? Builtin::Float : Builtin::Double);
    const auto real = [&](double value) {
        return scalar_value(type, instance_, Scalar::of_float(value));
    };
    if (sign == "+" || sign == "-" || sign == "*" || sign == "/") {
        return real(sign == "+" ? x + y : sign == "-" ? x - y : sign == "*" ? x * y : x / y);
    }
    if (sign == "==" || sign == "!=" || sign == "<" || sign == ">" || sign == "<=" ||
        sign == ">=") {
        return boolean(sign == "==" ? x == y : sign == "!=" ? x != y : sign == "<" ? x < y
                       : sign == ">" ? x > y : sign == "<=" ? x <= y : x >= y);
    }
    return error(node, "'" + std::string(sign) + "' needs integers");
}

/// 64-bit numbers in 128 bits: nothing overflows, and the result is cut to its type.
Result<TypedValue> Evaluator::integer_arithmetic(const Node& node, std::string_view sign,
                                                 const Scalar& left, const Scalar& right,
                                                 const TypeRef& type) {
    const bool is_unsigned = type->encoding == Encoding::Unsigned;
    const WideUnsigned mask = size_of(type) == 4 ? 0xFFFFFFFFU : ~std::uint64_t{0};
    const auto typed = [&](WideSigned value) {
        return is_unsigned ? static_cast<WideSigned>(static_cast<WideUnsigned>(value) & mask)
                           : static_cast<WideSigned>(static_cast<std::int64_t>(value));
    };
    const WideSigned a = typed(left.integer);
    const WideSigned b = typed(right.integer);
    const auto result = [&](WideSigned value) {
        return scalar_value(type, instance_,
                            {.kind = is_unsigned ? Scalar::Kind::Unsigned : Scalar::Kind::Signed,
                             .integer = value});
    };
    if ((sign == "/" || sign == "%") && b == 0) {
        return error(node, "division by zero");
    }
    if ((sign == "<<" || sign == ">>") && (right.integer < 0 || right.integer > 63)) {
        return error(node, "a shift by 0 to 63 bits is possible");
    }
    struct Row {
        std::string_view sign;
        WideSigned (*apply)(WideSigned, WideSigned);
    };
    static constexpr Row values[]{
        {"+", [](WideSigned x, WideSigned y) { return x + y; }},
        {"-", [](WideSigned x, WideSigned y) { return x - y; }},
        {"*", [](WideSigned x, WideSigned y) {
             return static_cast<WideSigned>(static_cast<WideUnsigned>(x) *
                                            static_cast<WideUnsigned>(y));
         }},
        {"/", [](WideSigned x, WideSigned y) { return x / y; }},
        {"%", [](WideSigned x, WideSigned y) { return x % y; }},
        {"&", [](WideSigned x, WideSigned y) { return x & y; }},
        {"|", [](WideSigned x, WideSigned y) { return x | y; }},
        {"^", [](WideSigned x, WideSigned y) { return x ^ y; }},
        {"<<", [](WideSigned x, WideSigned y) {
             return static_cast<WideSigned>(static_cast<WideUnsigned>(x) << static_cast<int>(y));
         }},
        {">>", [](WideSigned x, WideSigned y) { return x >> static_cast<int>(y); }}};
    for (const Row& row : values) {
        if (row.sign == sign) {
            return result(row.apply(a, sign == "<<" || sign == ">>" ? right.integer : b));
        }
    }
    return boolean(sign == "==" ? a == b : sign == "!=" ? a != b : sign == "<" ? a < b
                   : sign == ">" ? a > b : sign == "<=" ? a <= b : a >= b);
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

const dwarf::Variant* active_variant(const ValueAccess& access, const TypedValue& value) {
    const TypeRef type = stripped(value.type);
    if (!type->variant_part) {
        return nullptr;
    }
    const dwarf::VariantPart& part = *type->variant_part;
    if (!part.discriminant) {
        return part.variants.size() == 1 ? &part.variants.front() : nullptr;
    }
    const auto discriminant = access.scalar(access.member(value, *part.discriminant));
    if (!discriminant) {
        return nullptr;
    }
    const std::uint64_t size = size_of(type_of(*type.info, part.discriminant->type));
    const std::uint64_t mask = size >= 8 ? UINT64_MAX : (std::uint64_t{1} << (8 * size)) - 1;
    const dwarf::Variant* fallback = nullptr;
    for (const dwarf::Variant& variant : part.variants) {
        if (!variant.discriminant) {
            fallback = &variant;
        } else if ((*variant.discriminant & mask) ==
                   (static_cast<std::uint64_t>(discriminant->integer) & mask)) {
            return &variant;
        }
    }
    return fallback;
}

namespace {

/// `budget` bounds the walk: damaged types can form a web.
std::optional<TypedValue> find_member_within(const ValueAccess& access, const TypedValue& record,
                                             std::string_view name, int depth, int& budget) {
    const TypeRef type = stripped(record.type);
    if (type.info == nullptr || depth > max_record_depth || --budget <= 0) {
        return std::nullopt;
    }
    for (const dwarf::Member& member : type->members) {
        if (member.name == name && !member.is_static) {
            return access.member(record, member);
        }
    }
    if (const dwarf::Variant* variant = active_variant(access, record)) {
        const TypedValue payload = access.member(record, variant->member);
        if (variant->member.name == name) {
            return payload;
        }
        if (auto found = find_member_within(access, payload, name, depth + 1, budget)) {
            return found;
        }
    }
    for (const dwarf::Member& member : type->members) {
        if (member.is_base || member.name.empty()) {
            const TypedValue part = access.member(record, member);
            if (auto found = find_member_within(access, part, name, depth + 1, budget)) {
                return found;
            }
        }
    }
    return std::nullopt;
}

} // namespace

std::optional<TypedValue> find_member(const ValueAccess& access, const TypedValue& record,
                                      std::string_view name) {
    int budget = 2'000;
    auto found = find_member_within(access, record, name, 0, budget);
    const bool number = !name.empty() && name.front() >= '0' && name.front() <= '9';
    if (!found && number) { // t.0 of Rust
        found = find_member_within(access, record, "__" + std::string(name), 0, budget);
    }
    return found;
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
    return error(node, "'" + display_name(record.type->name) + "' has no member '" + node.text + "'");
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
