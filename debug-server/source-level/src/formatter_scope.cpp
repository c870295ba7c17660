// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formatter_scope.h"

#include <charconv>

namespace wdbg::source {

namespace {

/// "$T2" → 2.
std::optional<std::size_t> numbered(const std::string& name, std::string_view prefix) {
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    std::size_t index = 0;
    const auto parsed =
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), index);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size();
    return whole ? std::optional(index) : std::nullopt;
}

} // namespace

void FormatterScope::set(const std::string& name, std::int64_t number) {
    extra_[name] =
        scalar_value(builtin(Builtin::Long), value_.instance, Scalar::of_signed(number));
}

Result<TypedValue> FormatterScope::evaluate(const std::string& expression) {
    auto parsed = parse_expression(expression, *this);
    if (!parsed) {
        return std::unexpected(parsed.error());
    }
    Evaluator evaluator(presenter_.access(), *this, value_.instance);
    return evaluator.evaluate(*parsed->root);
}

Result<TypedValue> FormatterScope::any(const Formatter::Alternatives& alternatives) {
    Result<TypedValue> result = fail(ErrorCode::InvalidArgument, "the formatter says nothing");
    for (const std::string& each : alternatives) {
        auto value = evaluate(each);
        if (value && value->available()) {
            return value;
        }
        result = value ? Result<TypedValue>(fail(ErrorCode::Unavailable, value->reason)) : std::move(value);
    }
    return result;
}

Result<TypedValue> FormatterScope::field(const std::string& name) {
    const auto found = formatter_.fields.find(name);
    if (found == formatter_.fields.end()) {
        return fail(ErrorCode::InvalidArgument, "the formatter has no \"" + name + "\"");
    }
    return any(found->second);
}

Result<std::uint64_t> FormatterScope::number(const std::string& field_name) {
    const auto value = field(field_name);
    if (!value) {
        return std::unexpected(value.error());
    }
    const auto scalar = presenter_.access().scalar(*value);
    if (!scalar) {
        return std::unexpected(scalar.error());
    }
    return static_cast<std::uint64_t>(scalar->as_integer());
}

std::optional<TypeRef> FormatterScope::template_argument(const TypeRef& type, std::size_t index) {
    const TypeRef plain = stripped(type);
    if (plain.info == nullptr || index >= plain->template_arguments.size()) {
        return std::nullopt;
    }
    return type_of(*plain.info, plain->template_arguments[index].type);
}

std::optional<TypedValue> FormatterScope::variable(const std::string& name) {
    if (const auto found = extra_.find(name); found != extra_.end()) {
        return found->second;
    }
    if (name == "this" || name == "self" || name == "$this") {
        return value_;
    }
    if (const auto index = numbered(name, "$V")) {
        const TypeRef type = stripped(value_.type);
        if (*index < type->template_arguments.size() && type->template_arguments[*index].value) {
            return scalar_value(builtin(Builtin::Long), value_.instance,
                                Scalar::of_signed(*type->template_arguments[*index].value));
        }
    }
    return find_member(presenter_.access(), value_, name);
}

bool FormatterScope::is_type(const std::string& name) {
    return type(name).has_value();
}

std::optional<TypeRef> FormatterScope::type(const std::string& name) {
    if (const auto found = types_.find(name); found != types_.end()) {
        return found->second;
    }
    if (const auto index = numbered(name, "$T")) {
        return template_argument(value_.type, *index);
    }
    if (const auto row = formatter_.type_names.find(name); row != formatter_.type_names.end()) {
        const auto member = evaluate(row->second);
        const auto argument = member ? template_argument(member->type, 0) : std::nullopt;
        if (argument) {
            types_[name] = *argument;
        }
        return argument;
    }
    const TypeRef own = stripped(value_.type);
    for (std::size_t i = 0; i < own->template_arguments.size(); ++i) {
        if (own->template_arguments[i].name == name) {
            return template_argument(own, i);
        }
    }
    if (const auto base = builtin_named(name)) {
        return base;
    }
    if (own.info != nullptr && name.contains("::")) {
        if (const auto id = own.info->find_type(name)) {
            return type_of(*own.info, *id);
        }
    }
    return std::nullopt;
}

Result<std::string> FormatterScope::text(const TypedValue& value) {
    return presenter_.characters(value);
}

std::optional<Result<TypedValue>> FormatterScope::container_element(const TypedValue&,
                                                                    std::int64_t) {
    return std::nullopt; // the bare members only: a formatter must not need formatters
}

std::optional<Result<TypedValue>> FormatterScope::smart_pointee(const TypedValue&) {
    return std::nullopt;
}

TypedValue FormatterScope::dynamic(const TypedValue& object) {
    return object;
}

} // namespace wdbg::source
