// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "typed_value.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace wdbg::source {

using dwarf::Encoding;
using dwarf::TypeKind;

namespace {

constexpr int max_references = 8;

bool is_signed_encoding(Encoding encoding) {
    return encoding == Encoding::Signed || encoding == Encoding::SignedChar;
}

std::string hex(std::uint64_t address) {
    return to_hex(address, 8, false);
}

/// The type whose encoding counts: an enum's underlying one.
TypeRef number_type(const TypeRef& type) {
    TypeRef result = stripped(type);
    if (result->kind != TypeKind::Enum) {
        return result;
    }
    TypeRef underlying = stripped(target_of(result));
    return underlying->kind == TypeKind::Base ? underlying : result;
}

bool is_signed_number(const TypeRef& type) {
    const TypeRef number = number_type(type);
    if (number->kind == TypeKind::Enum) { // C without an underlying type: by its values
        return std::ranges::any_of(number->enumerators,
                                   [](const dwarf::Enumerator& each) { return each.value < 0; });
    }
    return is_signed_encoding(number->encoding);
}

} // namespace

TypedValue unavailable_value(TypeRef type, std::string reason) {
    TypedValue value;
    value.type = std::move(type);
    value.reason = reason.empty() ? "not available" : std::move(reason);
    return value;
}

TypedValue memory_value(TypeRef type, InstanceId instance, std::uint64_t address) {
    TypedValue value;
    value.type = std::move(type);
    value.instance = instance;
    value.address = address;
    return value;
}

TypedValue bytes_value(TypeRef type, InstanceId instance, std::span<const std::byte> bytes) {
    TypedValue value;
    value.type = std::move(type);
    value.instance = instance;
    value.bytes.assign(bytes.begin(), bytes.end());
    return value;
}

TypedValue scalar_value(TypeRef type, InstanceId instance, const Scalar& scalar) {
    const TypeRef number = number_type(type);
    const std::size_t size = std::min<std::uint64_t>(size_of(number), 16);
    const auto bytes = number->encoding == Encoding::Float ? float_bytes(scalar.as_double(), size)
                       : number->encoding == Encoding::Boolean
                           ? integer_bytes(scalar.truth() ? 1 : 0, size)
                           : integer_bytes(scalar.as_integer(), size);
    return bytes_value(std::move(type), instance, bytes);
}

Result<void> ValueAccess::read_memory(InstanceId instance, std::uint64_t address,
                                      std::span<std::byte> into) const {
    std::size_t done = 0;
    while (done < into.size()) {
        const auto read = debuggee_.read_memory(
            {.instance = instance, .memory = 0, .offset = address + done}, into.subspan(done));
        if (!read || *read == 0) {
            return fail(ErrorCode::Unavailable, "cannot read memory at " + hex(address + done));
        }
        done += *read;
    }
    return {};
}

Result<std::vector<std::byte>> ValueAccess::read(const TypedValue& value,
                                                 std::uint64_t size) const {
    if (!value.available()) {
        return fail(ErrorCode::Unavailable, value.reason);
    }
    if (size > max_size) {
        return fail(ErrorCode::OutOfRange, "the value is too large to be read as a whole");
    }
    if (value.address) {
        std::vector<std::byte> bytes(size);
        if (auto read = read_memory(value.instance, *value.address, bytes); !read) {
            return std::unexpected(read.error());
        }
        return bytes;
    }
    if (size > value.bytes.size()) {
        return fail(ErrorCode::Unavailable, "only a part of it is known");
    }
    for (std::size_t i = 0; i < size && !value.known.empty(); ++i) {
        if (!value.known[i]) {
            return fail(ErrorCode::Unavailable, "partly optimized out");
        }
    }
    return std::vector<std::byte>(value.bytes.begin(),
                                  value.bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

Result<Scalar> ValueAccess::scalar(const TypedValue& value) const {
    const TypeRef type = stripped(value.type);
    if (!is_scalar(type) && !is_reference(type) && type->kind != TypeKind::MemberPointer) {
        return fail(ErrorCode::InvalidArgument, "'" + value.type->name + "' is not a number");
    }
    if (value.implicit_target) {
        return fail(ErrorCode::Unavailable, "points to what is not in memory");
    }
    const std::uint64_t size =
        value.bit_size != 0 ? (value.bit_offset + value.bit_size + 7) / 8 : size_of(type);
    if (size == 0 || size > 16) {
        return fail(ErrorCode::Unavailable, "its type has no size that could be read");
    }
    auto bytes = read(value, size);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (number_type(type)->encoding == Encoding::Float) {
        return read_float(*bytes);
    }
    const bool is_signed = is_signed_number(type);
    if (value.bit_size == 0) {
        return read_integer(*bytes, is_signed);
    }
    const Scalar storage = read_integer(*bytes, false);
    const auto bits = static_cast<WideUnsigned>(storage.integer) >> value.bit_offset;
    const unsigned unused = 128 - value.bit_size;
    const auto shifted = static_cast<WideSigned>(bits << unused);
    const WideSigned number =
        is_signed ? shifted >> unused : static_cast<WideSigned>((bits << unused) >> unused);
    return Scalar{.kind = is_signed ? Scalar::Kind::Signed : Scalar::Kind::Unsigned,
                  .integer = number};
}

Result<std::uint64_t> ValueAccess::pointer(const TypedValue& value) const {
    const auto number = scalar(value);
    if (!number) {
        return std::unexpected(number.error());
    }
    return static_cast<std::uint64_t>(number->integer) & 0xFFFFFFFFU;
}

TypedValue ValueAccess::followed(TypedValue value) const {
    for (int i = 0; i < max_references; ++i) {
        const TypeRef type = stripped(value.type);
        if (!is_reference(type)) {
            break;
        }
        const TypeRef target = target_of(type);
        if (value.available()) {
            const auto address = pointer(value);
            value = address ? memory_value(target, value.instance, *address)
                            : unavailable_value(target, address.error().message);
        } else {
            value = unavailable_value(target, value.reason);
        }
    }
    return value;
}

Result<TypedValue> ValueAccess::pointee(const TypedValue& value) const {
    const TypeRef type = stripped(value.type);
    if (type->kind == TypeKind::Array) {
        return element(value, 0);
    }
    const TypeRef target = target_of(type);
    if (!is_pointer(type) || stripped(target)->kind == TypeKind::Void) {
        return fail(ErrorCode::InvalidArgument,
                    "'" + value.type->name + "' cannot be dereferenced");
    }
    const auto address = pointer(value);
    if (!address) {
        return std::unexpected(address.error());
    }
    return memory_value(target, value.instance, *address);
}

TypedValue ValueAccess::part(const TypedValue& whole, TypeRef type, std::uint64_t offset) const {
    TypedValue value;
    value.instance = whole.instance;
    value.reason = whole.reason;
    if (whole.address) {
        value.address = (*whole.address + offset) & 0xFFFFFFFFU;
        value.type = std::move(type);
        return value;
    }
    const std::uint64_t size = size_of(type);
    value.type = std::move(type);
    if (!whole.available()) {
        return value;
    }
    if (offset >= whole.bytes.size()) {
        return unavailable_value(value.type, size == 0 ? "has no size" : "optimized out");
    }
    const auto begin = static_cast<std::ptrdiff_t>(offset);
    const auto end =
        static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(whole.bytes.size(), offset + size));
    value.bytes.assign(whole.bytes.begin() + begin, whole.bytes.begin() + end);
    if (!whole.known.empty()) {
        value.known.assign(whole.known.begin() + begin, whole.known.begin() + end);
    }
    if (whole.place) {
        value.place = whole.place;
        value.place->offset += static_cast<std::uint32_t>(offset);
    }
    return value;
}

TypedValue ValueAccess::member(const TypedValue& record, const dwarf::Member& member) const {
    const TypeRef record_type = stripped(record.type);
    if (record_type.info == nullptr) {
        return unavailable_value(record_type, "the type has no module");
    }
    const TypeRef type = type_of(*record_type.info, member.type);
    if (member.is_virtual) { // its offset is in the vtable
        return unavailable_value(type, "a virtual base, whose place is not looked up");
    }
    if (member.bit_size == 0) {
        TypedValue value = part(record, type, member.offset);
        value.is_base = member.is_base;
        return value;
    }
    TypedValue value = part(record, type, member.offset);
    value.bit_size = member.bit_size;
    value.bit_offset = member.bit_offset;
    return value;
}

TypedValue ValueAccess::element(const TypedValue& array, std::int64_t index) const {
    const TypeRef type = stripped(array.type);
    const TypeRef element = element_of(type);
    const std::int64_t lower = type->dimensions.empty() ? 0 : type->dimensions.front().lower;
    const auto offset = static_cast<std::uint64_t>(index - lower) * size_of(element);
    return part(array, element, offset);
}

Result<void> ValueAccess::assign(const TypedValue& target, const Scalar& scalar) const {
    const TypeRef type = stripped(target.type);
    if (!is_scalar(type)) {
        return fail(ErrorCode::Unsupported,
                    "only numbers, pointers and enums can be changed, not '" + target.type->name +
                        "'");
    }
    if (target.bit_size == 0) {
        return write(target, scalar_value(target.type, target.instance, scalar).bytes);
    }
    const std::uint64_t size = (target.bit_offset + target.bit_size + 7) / 8;
    auto bytes = read(target, size);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto old = static_cast<WideUnsigned>(read_integer(*bytes, false).integer);
    const WideUnsigned mask = ((WideUnsigned{1} << target.bit_size) - 1) << target.bit_offset;
    const auto bits = static_cast<WideUnsigned>(scalar.as_integer()) << target.bit_offset;
    return write(target,
                 integer_bytes(static_cast<WideSigned>((old & ~mask) | (bits & mask)), size));
}

Result<void> ValueAccess::write(const TypedValue& target, std::span<const std::byte> bytes) const {
    if (target.address) {
        return debuggee_.write_memory(
            {.instance = target.instance, .memory = 0, .offset = *target.address}, bytes);
    }
    if (target.place) {
        return write_register(*target.place, bytes);
    }
    return fail(ErrorCode::Unsupported, "it is not in a place that can be written");
}

Result<void> ValueAccess::write_register(const RegisterPlace& place,
                                         std::span<const std::byte> bytes) const {
    const bool is_local = place.kind == dwarf::PlaceKind::Local;
    auto value = is_local ? debuggee_.local(place.thread, place.frame, place.index)
                          : debuggee_.global(place.thread, place.frame, place.index);
    if (!value) {
        return std::unexpected(value.error());
    }
    if (place.offset + bytes.size() > wdbg::size_of(value->type)) {
        return fail(ErrorCode::Unsupported, "it does not fit into its wasm local");
    }
    std::memcpy(value->storage.data() + place.offset, bytes.data(), bytes.size());
    return is_local ? debuggee_.set_local(place.thread, place.frame, place.index, *value)
                    : debuggee_.set_global(place.thread, place.frame, place.index, *value);
}

Result<ValueAccess::Text> ValueAccess::text_at(InstanceId instance, std::uint64_t address,
                                               std::size_t limit) const {
    Text text;
    std::array<std::byte, 256> chunk{};
    while (text.bytes.size() < limit) {
        const std::size_t wanted = std::min(chunk.size(), limit - text.bytes.size());
        const auto read = debuggee_.read_memory(
            {.instance = instance, .memory = 0, .offset = address + text.bytes.size()},
            std::span(chunk).first(wanted));
        if (!read || *read == 0) {
            return fail(ErrorCode::Unavailable,
                        "cannot read memory at " + hex(address + text.bytes.size()));
        }
        for (std::size_t i = 0; i < *read; ++i) {
            if (chunk[i] == std::byte{0}) {
                return text;
            }
            text.bytes.push_back(static_cast<char>(chunk[i]));
        }
    }
    text.complete = false;
    return text;
}

} // namespace wdbg::source
