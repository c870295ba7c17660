// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hit_condition.h"

#include <charconv>
#include <string>

namespace wdbg::source {

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace

Result<HitCondition> HitCondition::parse(std::string_view text) {
    struct Row {
        std::string_view sign;
        Kind kind;
    };

    constexpr Row rows[]{{">=", Kind::GreaterEqual}, {"<=", Kind::LessEqual}, {"==", Kind::Equal},
                         {"!=", Kind::NotEqual},     {">", Kind::Greater},    {"<", Kind::Less},
                         {"=", Kind::Equal},         {"%", Kind::Multiple}};
    HitCondition condition;
    std::string_view number = trimmed(text);
    if (number.empty()) {
        return condition;
    }
    condition.kind_ = Kind::GreaterEqual;
    for (const Row& row : rows) {
        if (number.starts_with(row.sign)) {
            condition.kind_ = row.kind;
            number = trimmed(number.substr(row.sign.size()));
            break;
        }
    }
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), condition.number_);
    const bool zero_multiple = condition.kind_ == Kind::Multiple && condition.number_ == 0;
    if (error != std::errc{} || end != number.data() + number.size() || zero_multiple) {
        return fail(ErrorCode::InvalidArgument,
                    "'" + std::string(text) + "' is no hit condition (5, >= 5, == 5, % 3 …)");
    }
    return condition;
}

bool HitCondition::holds(std::uint64_t hit) const {
    switch (kind_) {
    case Kind::Equal:
        return hit == number_;
    case Kind::NotEqual:
        return hit != number_;
    case Kind::Less:
        return hit < number_;
    case Kind::LessEqual:
        return hit <= number_;
    case Kind::Greater:
        return hit > number_;
    case Kind::GreaterEqual:
        return hit >= number_;
    case Kind::Multiple:
        return hit % number_ == 0;
    default:
        return true;
    }
}

void HitCondition::compile(agent::Assembler& program) const {
    using agent::Opcode;

    struct Row {
        Kind kind;
        bool swapped;
        Opcode opcode;
        bool negated;
    };

    constexpr Row rows[]{{Kind::Equal, false, Opcode::Equal, false},
                         {Kind::NotEqual, false, Opcode::Equal, true},
                         {Kind::Less, false, Opcode::LessSigned, false},
                         {Kind::LessEqual, true, Opcode::LessSigned, true},
                         {Kind::Greater, true, Opcode::LessSigned, false},
                         {Kind::GreaterEqual, false, Opcode::LessSigned, true},
                         {Kind::Multiple, false, Opcode::RemainderUnsigned, true}};
    program.constant(static_cast<std::int64_t>(number_));
    for (const Row& row : rows) {
        if (row.kind != kind_) {
            continue;
        }
        if (row.swapped) {
            program.add(Opcode::Swap);
        }
        program.add(row.opcode);
        if (row.negated) {
            program.add(Opcode::LogicalNot);
        }
    }
}

} // namespace wdbg::source
