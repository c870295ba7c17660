// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluator.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

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

template <typename Value>
struct Comparison {
    std::string_view sign;
    bool (*holds)(const Value&, const Value&);
};

template <typename Value>
constexpr std::array<Comparison<Value>, 6> comparisons{
    {{"==", [](const Value& a, const Value& b) { return a == b; }},
     {"!=", [](const Value& a, const Value& b) { return a != b; }},
     {"<", [](const Value& a, const Value& b) { return a < b; }},
     {">", [](const Value& a, const Value& b) { return a > b; }},
     {"<=", [](const Value& a, const Value& b) { return a <= b; }},
     {">=", [](const Value& a, const Value& b) { return a >= b; }}}};

/// Whether the comparison holds; nullopt: the sign is of none.
template <typename Value>
std::optional<bool> compared(std::string_view sign, const Value& a, const Value& b) {
    for (const Comparison<Value>& each : comparisons<Value>) {
        if (each.sign == sign) {
            return each.holds(a, b);
        }
    }
    return std::nullopt;
}

bool is_comparison(std::string_view sign) {
    return compared(sign, 0, 0).has_value();
}

bool is_shift(std::string_view sign) {
    return sign == "<<" || sign == ">>";
}

/// Of what a pointer points to; at least 1.
WideSigned step_of(const TypedValue& pointer) {
    const std::uint64_t size = size_of(target_of(stripped(pointer.type)));
    return static_cast<WideSigned>(std::clamp<std::uint64_t>(size, 1, UINT32_MAX));
}

/// `pointer`, which has the number `from`, `count` elements further (or back, for "-").
Result<TypedValue> moved(const Node& node, std::string_view sign, const TypedValue& pointer,
                         const Scalar& from, const Scalar& count) {
    if (from.is_float() || count.is_float()) {
        return expression_error(node.position, "a pointer moves by whole elements only");
    }
    const WideSigned distance = static_cast<std::int64_t>(count.integer) * step_of(pointer);
    const WideSigned to = sign == "+" ? from.integer + distance : from.integer - distance;
    return scalar_value(pointer.type, pointer.instance,
                        {.kind = Scalar::Kind::Unsigned, .integer = to & 0xFFFFFFFF});
}

/// An operand of arithmetic, of `size` bytes.
struct Operand {
    Scalar number;
    std::uint64_t size = 0;

    [[nodiscard]] bool is_unsigned(std::uint64_t of_size) const {
        return number.kind == Scalar::Kind::Unsigned && size >= of_size;
    }

    [[nodiscard]] bool fits_float() const { return !number.is_float() || size == 4; }
};

/// The type that two integers get by the usual arithmetic conversions; of a shift, the left one's.
TypeRef common_type(std::string_view sign, const Operand& a, const Operand& b) {
    const std::uint64_t size = std::max({a.size, b.size, std::uint64_t{4}});
    if (is_shift(sign)) {
        return integer_type(std::max<std::uint64_t>(a.size, 4), a.is_unsigned(size));
    }
    return integer_type(size, a.is_unsigned(size) || b.is_unsigned(size));
}

std::optional<double> real_result(std::string_view sign, double x, double y) {
    if (sign == "+") {
        return x + y;
    }
    if (sign == "-") {
        return x - y;
    }
    if (sign == "*") {
        return x * y;
    }
    return sign == "/" ? std::optional(x / y) : std::nullopt;
}

using IntegerOperation = WideSigned (*)(WideSigned, WideSigned);

/// nullptr: the sign is of none.
IntegerOperation integer_operation(std::string_view sign) {
    struct Row {
        std::string_view sign;
        IntegerOperation apply;
    };

    static constexpr Row rows[]{
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
    for (const Row& row : rows) {
        if (row.sign == sign) {
            return row.apply;
        }
    }
    return nullptr;
}

/// A number cut to its integer type: 4 or 8 bytes.
WideSigned as_typed(WideSigned value, const TypeRef& type) {
    if (type->encoding != Encoding::Unsigned) {
        return static_cast<std::int64_t>(value);
    }
    const WideUnsigned mask = size_of(type) == 4 ? 0xFFFFFFFFU : ~std::uint64_t{0};
    return static_cast<WideSigned>(static_cast<WideUnsigned>(value) & mask);
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
    const bool literal = is_text_literal(left) || is_text_literal(right);
    const bool records = is_record(stripped(left.type)) && is_record(stripped(right.type));
    if (!is_comparison(sign) || (!literal && !records)) {
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
    return ValueResult(boolean(compared(sign, *a, *b).value_or(false)));
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
    if (sign == "-" && left_is && right_is) {
        return scalar_value(
            builtin(Builtin::Int), instance_,
            {.kind = Scalar::Kind::Signed, .integer = (a->integer - b->integer) / step_of(left)});
    }
    if (left_is && !right_is && (sign == "+" || sign == "-")) {
        return moved(node, sign, left, *a, *b);
    }
    if (!left_is && sign == "+") {
        return moved(node, sign, right, *b, *a);
    }
    if (const auto holds = compared(sign, a->as_integer(), b->as_integer())) {
        return boolean(*holds);
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
    const Operand x{.number = *a, .size = size_of(stripped(left.type))};
    const Operand y{.number = *b, .size = size_of(stripped(right.type))};
    if (!a->is_float() && !b->is_float()) {
        return integer_arithmetic(node, sign, *a, *b, common_type(sign, x, y));
    }
    if (const auto real = real_result(sign, a->as_double(), b->as_double())) {
        const bool single = x.fits_float() && y.fits_float();
        return scalar_value(builtin(single ? Builtin::Float : Builtin::Double), instance_,
                            Scalar::of_float(*real));
    }
    if (const auto holds = compared(sign, a->as_double(), b->as_double())) {
        return boolean(*holds);
    }
    return error(node, "'" + std::string(sign) + "' needs integers");
}

/// 64-bit numbers in 128 bits: nothing overflows, and the result is cut to its type.
Result<TypedValue> Evaluator::integer_arithmetic(const Node& node, std::string_view sign,
                                                 const Scalar& left, const Scalar& right,
                                                 const TypeRef& type) {
    const WideSigned a = as_typed(left.integer, type);
    const WideSigned b = as_typed(right.integer, type);
    if ((sign == "/" || sign == "%") && b == 0) {
        return error(node, "division by zero");
    }
    if (is_shift(sign) && (right.integer < 0 || right.integer > 63)) {
        return error(node, "a shift by 0 to 63 bits is possible");
    }
    if (const IntegerOperation operation = integer_operation(sign)) {
        const bool is_unsigned = type->encoding == Encoding::Unsigned;
        return scalar_value(type, instance_,
                            {.kind = is_unsigned ? Scalar::Kind::Unsigned : Scalar::Kind::Signed,
                             .integer = operation(a, is_shift(sign) ? right.integer : b)});
    }
    return boolean(compared(sign, a, b).value_or(a >= b));
}

} // namespace wdbg::source
