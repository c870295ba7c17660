// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluator.h"

#include <algorithm>

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::TypeKind;

namespace {

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

Result<TypedValue> Evaluator::apply(const Node& node, std::string_view sign, const TypedValue& left,
                                    const TypedValue& right) {
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
    const bool compares =
        sign == "==" || sign == "!=" || sign == "<" || sign == ">" || sign == "<=" || sign == ">=";
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
    const bool result = sign == "=="   ? order == 0
                        : sign == "!=" ? order != 0
                        : sign == "<"  ? order < 0
                        : sign == ">"  ? order > 0
                        : sign == "<=" ? order <= 0
                                       : order >= 0;
    return ValueResult(boolean(result));
}

Result<TypedValue> Evaluator::pointer_arithmetic(const Node& node, std::string_view sign,
                                                 const TypedValue& left, const TypedValue& right) {
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
        return scalar_value(
            builtin(Builtin::Int), instance_,
            {.kind = Scalar::Kind::Signed, .integer = (a->integer - b->integer) / size});
    }
    if ((sign == "+" || sign == "-") && (!left_is || !right_is) && (sign == "+" || left_is)) {
        if (a->is_float() || b->is_float()) {
            return error(node, "a pointer moves by whole elements only");
        }
        const WideSigned base = left_is ? a->integer : b->integer;
        const WideSigned steps = static_cast<std::int64_t>(left_is ? b->integer : a->integer);
        const WideSigned moved = sign == "+" ? base + steps * size : base - steps * size;
        return scalar_value(left_is ? left.type : right.type,
                            left_is ? left.instance : right.instance,
                            {.kind = Scalar::Kind::Unsigned, .integer = moved & 0xFFFFFFFF});
    }
    const WideSigned x = a->as_integer();
    const WideSigned y = b->as_integer();
    if (sign == "==" || sign == "!=" || sign == "<" || sign == ">" || sign == "<=" ||
        sign == ">=") {
        return boolean(sign == "=="   ? x == y
                       : sign == "!=" ? x != y
                       : sign == "<"  ? x < y
                       : sign == ">"  ? x > y
                       : sign == "<=" ? x <= y
                                      : x >= y);
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
        return integer_arithmetic(node, sign, *a, *b,
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
        return boolean(sign == "=="   ? x == y
                       : sign == "!=" ? x != y
                       : sign == "<"  ? x < y
                       : sign == ">"  ? x > y
                       : sign == "<=" ? x <= y
                                      : x >= y);
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
        {"*",
         [](WideSigned x, WideSigned y) {
             return static_cast<WideSigned>(static_cast<WideUnsigned>(x) *
                                            static_cast<WideUnsigned>(y));
         }},
        {"/", [](WideSigned x, WideSigned y) { return x / y; }},
        {"%", [](WideSigned x, WideSigned y) { return x % y; }},
        {"&", [](WideSigned x, WideSigned y) { return x & y; }},
        {"|", [](WideSigned x, WideSigned y) { return x | y; }},
        {"^", [](WideSigned x, WideSigned y) { return x ^ y; }},
        {"<<",
         [](WideSigned x, WideSigned y) {
             return static_cast<WideSigned>(static_cast<WideUnsigned>(x) << static_cast<int>(y));
         }},
        {">>", [](WideSigned x, WideSigned y) { return x >> static_cast<int>(y); }}};
    for (const Row& row : values) {
        if (row.sign == sign) {
            return result(row.apply(a, sign == "<<" || sign == ">>" ? right.integer : b));
        }
    }
    return boolean(sign == "=="   ? a == b
                   : sign == "!=" ? a != b
                   : sign == "<"  ? a < b
                   : sign == ">"  ? a > b
                   : sign == "<=" ? a <= b
                                  : a >= b);
}

} // namespace wdbg::source
