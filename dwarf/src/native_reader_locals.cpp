// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Locals, frames.
#include "native_reader.h"

#include <llvm/BinaryFormat/Dwarf.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace wdbg::dwarf {

namespace {

std::unexpected<Error> unavailable(std::string message) {
    return fail(ErrorCode::Unavailable, std::move(message));
}

} // namespace

/// The surroundings of a location in one activation.
class LocationContext : public ExpressionContext {
  public:
    LocationContext(const NativeReader& reader, const NativeActivation& activation,
                    const FunctionScopes& scopes, const CallFrame& frame)
        : reader_(reader)
        , activation_(activation)
        , scopes_(scopes)
        , frame_(frame) {}

    Result<std::uint64_t> register_value(std::uint32_t number) const override {
        return number == reader_.machine_.stack_pointer ? frame_.body_stack_pointer()
                                                        : frame_.register_value(number);
    }

    Result<ComputedPlace> register_bytes(std::uint32_t number) const override {
        ComputedPlace place;
        const NativeRegisters& registers = activation_.registers;
        if (const auto vector = vector_index(registers.machine, number)) {
            if (!registers.vectors_known) {
                return unavailable("not kept by the call that this frame is in");
            }
            std::memcpy(place.bytes.data(), &registers.vectors.at(*vector), place.bytes.size());
            return place;
        }
        const Result<std::uint64_t> value = frame_.register_value(number);
        if (!value) {
            return unavailable("not kept by the call that this frame is in");
        }
        std::memcpy(place.bytes.data(), &*value, sizeof *value);
        return place;
    }

    Result<std::uint64_t> frame_base() const override {
        const std::vector<std::uint8_t>& base = scopes_.frame_base;
        namespace op = llvm::dwarf;
        if (base.size() == 1 && base[0] >= op::DW_OP_reg0 && base[0] <= op::DW_OP_reg31) {
            return register_value(base[0] - static_cast<std::uint32_t>(op::DW_OP_reg0));
        }
        if (base.empty() || in_frame_base_) {
            return unavailable("its location needs a frame base that is not known");
        }
        in_frame_base_ = true;
        const auto value = evaluate_number({.bytes = base}, *this, std::nullopt);
        in_frame_base_ = false;
        return value;
    }

    Result<std::uint64_t> entry_value(std::uint32_t number) const override {
        if (lookup_offset(activation_.pc, activation_.kind) == scopes_.range.begin) {
            return frame_.register_value(number);
        }
        const bool is_kept =
            number < 64 && ((reader_.machine_.callee_saved >> number) & std::uint64_t{1}) != 0;
        return is_kept ? frame_.caller_register(number)
                       : unavailable("optimized out (only its caller had it)");
    }

    Result<std::uint64_t> frame_address() const override { return frame_.frame_address(); }

    Result<void> read(std::uint64_t address, std::span<std::byte> into) const override {
        return frame_.read(address, into);
    }

    std::optional<BaseType> base_type(std::uint64_t offset) const override {
        return reader_.scopes_.base_type(offset);
    }

  private:
    const NativeReader& reader_;
    const NativeActivation& activation_;
    const FunctionScopes& scopes_;
    const CallFrame& frame_;
    mutable bool in_frame_base_ = false; // a base that refers to itself
};

template <class Use>
auto NativeReader::with_frame(const NativeActivation& activation, Use use) const
    -> decltype(use(std::declval<const CallFrame&>())) {
    const TextOffset at = lookup_offset(activation.pc, activation.kind);
    const Result<const FrameTable*> table = frames_.table_at(at);
    if (!table) {
        return std::unexpected(table.error());
    }
    const FrameRow* const row = (*table)->row_at(at);
    if (row == nullptr) {
        return unavailable("no unwind table covers this code");
    }
    return use(CallFrame(activation, machine_, **table, *row));
}

Result<NativeRegisters> NativeReader::unwind(const NativeActivation& activation) const {
    return with_frame(activation, [](const CallFrame& frame) { return frame.caller(); });
}

Result<NativeAddress> NativeReader::frame_address(const NativeActivation& activation) const {
    return with_frame(activation, [](const CallFrame& frame) -> Result<NativeAddress> {
        const Result<std::uint64_t> address = frame.frame_address();
        if (!address) {
            return std::unexpected(address.error());
        }
        return NativeAddress{*address};
    });
}

Result<ValueType> NativeReader::local_type(std::uint32_t function, std::uint32_t index,
                                           const NativeVariable* variable) const {
    const wasm::Module* const known = module();
    const wasm::FunctionBody* const body = known == nullptr ? nullptr : known->body(function);
    const wasm::FunctionType* const type =
        known == nullptr ? nullptr : known->function_type(function);
    if (body == nullptr || type == nullptr) {
        return variable != nullptr && variable->type
                   ? Result<ValueType>(*variable->type)
                   : unavailable("not known without the module (.wasm)");
    }
    if (index < type->params.size()) {
        return type->params[index];
    }
    std::uint64_t first = type->params.size();
    for (const wasm::LocalRun& run : known->local_runs(*body)) {
        if (index < first + run.count) {
            return run.type;
        }
        first += run.count;
    }
    return fail(ErrorCode::OutOfRange, "no local " + std::to_string(index) + ": function " +
                                           std::to_string(function) + " has " +
                                           std::to_string(first));
}

/// Behind what stores the parameters into their homes.
TextOffset NativeReader::prologue_end(TextOffset function) const {
    const auto rows = lines().rows();
    std::size_t each = lines().first_from(function);
    while (each < rows.size() && rows[each].end && rows[each].at == function) {
        ++each; // of what comes before
    }
    for (; each < rows.size() && !rows[each].end && scopes_.at(rows[each].at) != nullptr; ++each) {
        if (rows[each].prologue_end) {
            return rows[each].at;
        }
    }
    return TextOffset{UINT32_MAX};
}

Result<Place> NativeReader::place_of(const NativeVariable& variable, std::size_t size,
                                     const NativeActivation& activation,
                                     const FunctionScopes& scopes) const {
    if (variable.constant) {
        return *variable.constant;
    }
    const TextOffset at = lookup_offset(activation.pc, activation.kind);
    const auto place = std::ranges::find_if(
        variable.places, [at](const VariablePlace& each) { return each.range.contains(at); });
    if (place == variable.places.end() || place->expression.empty()) {
        return unavailable("optimized out here");
    }
    if (variable.whole_function && at < prologue_end(scopes.range.begin)) {
        return unavailable("not yet stored (the function's prologue)");
    }
    return with_frame(activation, [&](const CallFrame& frame) {
        const auto address_size = static_cast<std::uint8_t>(machine_.is_64 ? 8 : 4);
        return evaluate_location(
            {.bytes = place->expression, .address_size = address_size, .value_size = size},
            LocationContext(*this, activation, scopes, frame));
    });
}

Result<NativeReader::Frame> NativeReader::frame_of(const NativeActivation& activation,
                                                   std::uint32_t depth) const {
    const TextOffset at = lookup_offset(activation.pc, activation.kind);
    const FunctionScopes* const scopes = scopes_.at(at);
    if (scopes == nullptr) {
        return unavailable("no debug information covers this code");
    }
    std::optional<std::uint32_t> number = scopes->scope_at(at);
    for (std::uint32_t each = 0; each < depth && number; ++each) {
        number = scopes->scopes[*number].parent;
    }
    return number ? Result<Frame>({.scopes = *scopes, .scope = scopes->scopes[*number]})
                  : fail(ErrorCode::OutOfRange, "no frame " + std::to_string(depth) + " here");
}

Result<LocalPlace> NativeReader::local(const NativeActivation& activation, std::uint32_t depth,
                                       std::uint32_t index) const {
    const Result<Frame> frame = frame_of(activation, depth);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    const std::vector<NativeVariable>& locals = frame->scope.locals;
    const auto found = std::ranges::lower_bound(locals, index, {}, &NativeVariable::index);
    const bool has = found != locals.end() && found->index == index;
    const Result<ValueType> type =
        local_type(frame->scope.function, index, has ? &*found : nullptr);
    if (!type) {
        return std::unexpected(type.error());
    }
    if (!has) {
        return unavailable("optimized out");
    }
    const Result<Place> place = place_of(*found, size_of(*type), activation, frame->scopes);
    if (!place) {
        return std::unexpected(place.error());
    }
    const bool in_memory = std::holds_alternative<MemoryPlace>(*place);
    const bool unoptimised = file_.fact("options").value_or("").starts_with("-O0");
    return LocalPlace{.type = *type,
                      .place = *place,
                      .is_home = in_memory && unoptimised && found->whole_function};
}

Result<LocalPlace> NativeReader::operand(const NativeActivation& activation, std::uint32_t depth,
                                         std::uint32_t index) const {
    const Result<Frame> frame = frame_of(activation, depth);
    if (!frame) {
        return std::unexpected(frame.error());
    }
    for (const NativeVariable& variable :
         std::ranges::equal_range(frame->scope.operands, index, {}, &NativeVariable::index)) {
        if (!variable.type) {
            continue;
        }
        if (const auto place =
                place_of(variable, size_of(*variable.type), activation, frame->scopes)) {
            return LocalPlace{.type = *variable.type, .place = *place};
        }
    }
    return unavailable("optimized out");
}

Result<NativeAddress> NativeReader::exec_env(const NativeActivation& activation) const {
    const TextOffset at = lookup_offset(activation.pc, activation.kind);
    const FunctionScopes* const scopes = scopes_.at(at);
    if (scopes == nullptr || !scopes->scopes.front().environment) {
        return unavailable("exec_env is not known here");
    }
    const std::size_t size = machine_.is_64 ? 8 : 4;
    const NativeVariable& variable = *scopes->scopes.front().environment;
    const Result<Place> place = place_of(variable, size, activation, *scopes);
    if (!place) {
        return std::unexpected(place.error());
    }
    std::uint64_t value = 0;
    const auto bytes = std::as_writable_bytes(std::span(&value, 1));
    if (const auto* const in_register = std::get_if<RegisterPlace>(&*place)) {
        value = activation.registers.general[in_register->number];
    } else if (const auto* const computed = std::get_if<ComputedPlace>(&*place)) {
        std::ranges::copy(std::span(computed->bytes).first(size), bytes.begin());
    } else if (const auto* const memory = std::get_if<MemoryPlace>(&*place)) {
        if (Result<void> done = activation.memory(memory->address, bytes.first(size)); !done) {
            return std::unexpected(done.error());
        }
    }
    return NativeAddress{value};
}

} // namespace wdbg::dwarf
