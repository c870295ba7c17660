// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frame_names.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace wdbg::source {

using dwarf::LocationPiece;
using dwarf::Place;
using dwarf::PlaceKind;

namespace {

/// The bytes of a place that is not in memory.
Result<std::vector<std::byte>> register_bytes(const MachineFrame& state, const Place& place) {
    if (place.kind == PlaceKind::Value) {
        return place.bytes;
    }
    const auto value = place.kind == PlaceKind::Local    ? state.local(place.index)
                       : place.kind == PlaceKind::Global ? state.global(place.index)
                                                         : state.stack_value(place.index);
    if (!value) {
        return std::unexpected(value.error());
    }
    const auto bytes = value->bytes();
    return std::vector<std::byte>(bytes.begin(), bytes.end());
}

std::optional<RegisterPlace> register_place(const FrameRef& frame, const Place& place) {
    if (place.kind != PlaceKind::Local && place.kind != PlaceKind::Global) {
        return std::nullopt;
    }
    return RegisterPlace{
        .thread = frame.thread, .frame = frame.frame, .kind = place.kind, .index = place.index};
}

TypedValue whole_value(const ValueAccess& access, const FrameRef& frame, TypeRef type,
                       const Place& place) {
    const InstanceId instance = frame.pc.instance;
    switch (place.kind) {
    case PlaceKind::Memory:
        return memory_value(std::move(type), instance, place.address);
    case PlaceKind::Unavailable:
        return unavailable_value(std::move(type), place.reason);
    case PlaceKind::ImplicitPointer: {
        TypedValue value;
        value.type = std::move(type);
        value.instance = instance;
        value.implicit_target = place.target;
        value.implicit_offset = static_cast<std::int64_t>(place.address);
        return value;
    }
    default:
        break;
    }
    auto bytes = register_bytes(MachineFrame(access, frame), place);
    if (!bytes) {
        return unavailable_value(std::move(type), bytes.error().message);
    }
    TypedValue value = bytes_value(std::move(type), instance, *bytes);
    value.place = register_place(frame, place);
    return value;
}

/// Several pieces (DW_OP_piece) as one string of bytes, in which some are not known.
TypedValue assembled_value(const ValueAccess& access, const FrameRef& frame, TypeRef type,
                           const std::vector<LocationPiece>& pieces) {
    constexpr std::size_t max_size = 1U << 20U;
    TypedValue value;
    value.instance = frame.pc.instance;
    std::string reason;
    const MachineFrame state(access, frame);
    for (const LocationPiece& piece : pieces) {
        const std::uint64_t size = piece.bit_size / 8;
        const std::uint64_t skip = piece.bit_offset / 8;
        if (piece.bit_size % 8 != 0 || piece.bit_offset % 8 != 0 ||
            size > max_size - value.bytes.size()) {
            return unavailable_value(std::move(type), "it is split within a byte");
        }
        std::vector<std::byte> bytes(size);
        bool known = false;
        if (piece.place.kind == PlaceKind::Memory) {
            known = state.read_memory(piece.place.address + skip, bytes).has_value();
        } else if (piece.place.kind == PlaceKind::Unavailable ||
                   piece.place.kind == PlaceKind::ImplicitPointer) {
            reason = piece.place.reason;
        } else if (const auto all = register_bytes(state, piece.place)) {
            known = skip + size <= all->size();
            if (known) {
                std::memcpy(bytes.data(), all->data() + skip, size);
            }
        }
        value.bytes.insert(value.bytes.end(), bytes.begin(), bytes.end());
        value.known.insert(value.known.end(), size, known);
    }
    if (std::ranges::find(value.known, true) == value.known.end()) {
        return unavailable_value(std::move(type), reason.empty() ? "optimized out" : reason);
    }
    value.type = std::move(type);
    return value;
}

std::optional<std::uint32_t> numbered(const std::string& name, std::string_view prefix) {
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + prefix.size(), end, number);
    return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(number) : std::nullopt;
}

} // namespace

TypedValue variable_value(const ValueAccess& access, dwarf::SourceInfo& source,
                          const FrameRef& frame, const dwarf::Variable& variable) {
    TypeRef type = type_of(source, variable.type);
    const MachineFrame state(access, frame);
    const auto location =
        source.locate(variable.entry, frame.pc.offset, frame.kind(), state);
    if (!location) {
        return unavailable_value(std::move(type), location.error().message);
    }
    const auto& pieces = location->pieces;
    if (pieces.size() == 1 && pieces.front().bit_size == 0) {
        return whole_value(access, frame, std::move(type), pieces.front().place);
    }
    return assembled_value(access, frame, std::move(type), pieces);
}

TypedValue wasm_value(InstanceId instance, const Value& value,
                      std::optional<RegisterPlace> place) {
    TypeRef type;
    switch (value.type) {
    case ValueType::I64:
        type = *builtin_named("i64");
        break;
    case ValueType::F32:
        type = *builtin_named("f32");
        break;
    case ValueType::F64:
        type = *builtin_named("f64");
        break;
    case ValueType::V128:
        type = array_of(*builtin_named("u8"), 16);
        break;
    case ValueType::I32:
        type = *builtin_named("i32");
        break;
    default:
        type = *builtin_named("u32");
        break;
    }
    TypedValue result = bytes_value(std::move(type), instance, value.bytes());
    result.place = place;
    return result;
}

dwarf::SourceInfo* FrameNames::source() {
    LoadedModule* module = presenter_.access().modules().find(instance_);
    return module == nullptr ? nullptr : module->source();
}

std::optional<TypedValue> FrameNames::in_frame(const std::string& name) {
    dwarf::SourceInfo* info = source();
    if (!frame_ || info == nullptr) {
        return std::nullopt;
    }
    const auto variables =
        info->variables_at(frame_->pc.offset, frame_->kind(), frame_->level);
    for (const dwarf::Variable& each : variables) {
        if (each.name == name && !each.shadowed) {
            return variable_value(presenter_.access(), *info, *frame_, each);
        }
    }
    for (const dwarf::Variable& each : variables) { // members of the object of a method
        if (each.name == "this" && name != "this") {
            const auto object = presenter_.access().pointee(
                variable_value(presenter_.access(), *info, *frame_, each));
            if (object) {
                return find_member(presenter_.access(), *object, name);
            }
        }
    }
    return std::nullopt;
}

std::optional<TypedValue> FrameNames::global(const std::string& name) {
    dwarf::SourceInfo* info = source();
    if (info == nullptr) {
        return std::nullopt;
    }
    FrameRef frame = frame_.value_or(FrameRef{});
    frame.pc.instance = instance_;
    const auto near = frame_ ? std::optional(frame_->pc.offset) : std::nullopt;
    const auto found = info->find_globals(name, near);
    if (found.empty()) {
        return std::nullopt;
    }
    return variable_value(presenter_.access(), *info, frame, found.front());
}

std::optional<TypedValue> FrameNames::enumerator(const std::string& name) {
    if (expected_ && (*expected_)->kind == dwarf::TypeKind::Enum) {
        for (const dwarf::Enumerator& each : (*expected_)->enumerators) {
            if (each.name == name) {
                return scalar_value(*expected_, instance_, Scalar::of_signed(each.value));
            }
        }
    }
    dwarf::SourceInfo* info = source();
    const auto found = info == nullptr ? std::nullopt : info->find_enumerator(name);
    if (!found) {
        return std::nullopt;
    }
    return scalar_value(type_of(*info, found->type), instance_, Scalar::of_signed(found->value));
}

std::optional<TypedValue> FrameNames::machine(const std::string& name) {
    if (!frame_ || !name.starts_with("$")) {
        return std::nullopt;
    }
    if (name == "$pc") {
        return scalar_value(builtin(Builtin::Unsigned), instance_,
                            Scalar::of_unsigned(frame_->pc.offset.value));
    }
    const MachineFrame state(presenter_.access(), *frame_);
    struct Row {
        std::string_view prefix;
        PlaceKind kind;
    };
    for (const Row row : {Row{"$local", PlaceKind::Local}, Row{"$global", PlaceKind::Global},
                          Row{"$stack", PlaceKind::Stack}}) {
        const auto index = numbered(name, row.prefix);
        if (!index) {
            continue;
        }
        Place place;
        place.kind = row.kind;
        place.index = *index;
        const auto value = row.kind == PlaceKind::Local    ? state.local(*index)
                           : row.kind == PlaceKind::Global ? state.global(*index)
                                                           : state.stack_value(*index);
        return value ? wasm_value(instance_, *value, register_place(*frame_, place))
                     : unavailable_value(builtin(Builtin::Int), value.error().message);
    }
    return std::nullopt;
}

std::optional<TypedValue> FrameNames::variable(const std::string& name) {
    if (auto value = in_frame(name)) {
        return value;
    }
    if (auto value = global(name)) {
        return value;
    }
    if (auto value = enumerator(name)) {
        return value;
    }
    return machine(name);
}

bool FrameNames::is_type(const std::string& name) {
    return type(name).has_value();
}

std::optional<TypeRef> FrameNames::type(const std::string& name) {
    if (dwarf::SourceInfo* info = source()) {
        if (in_frame(name)) { // a variable hides a type
            return std::nullopt;
        }
        if (const auto id = info->find_type(name)) {
            return type_of(*info, *id);
        }
    }
    return builtin_named(name);
}

bool FrameNames::is_function(const std::string& name) {
    dwarf::SourceInfo* info = source();
    return info != nullptr && !info->find_functions(name).empty();
}

Result<std::string> FrameNames::text(const TypedValue& value) {
    return presenter_.characters(value);
}

std::optional<Result<TypedValue>> FrameNames::container_element(const TypedValue& value,
                                                                std::int64_t index) {
    return presenter_.element(value, index);
}

std::optional<Result<TypedValue>> FrameNames::smart_pointee(const TypedValue& value) {
    return presenter_.pointee(value);
}

TypedValue FrameNames::dynamic(const TypedValue& object) {
    return presenter_.dynamic(object);
}

} // namespace wdbg::source
