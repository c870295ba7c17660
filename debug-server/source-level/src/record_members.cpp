// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluator.h"

namespace wdbg::source {

namespace {

constexpr int max_record_depth = 32;

} // namespace

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
        TypedValue payload = access.member(record, variant->member);
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

} // namespace wdbg::source
