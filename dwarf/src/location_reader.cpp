// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "location_reader.h"

#include "guest_expression.h"
#include "name_index.h"

#include <wdbg/wasm/instruction.h>

#include <llvm/DebugInfo/DWARF/DWARFUnit.h>

#include <algorithm>

namespace wdbg::dwarf {

namespace {

namespace dw = llvm::dwarf;

std::span<const std::byte> as_bytes(llvm::ArrayRef<std::uint8_t> block) {
    return std::as_bytes(std::span(block.data(), block.size()));
}

Location one_place(Place place) {
    return Location{{{.place = std::move(place)}}};
}

Location unavailable(std::string reason) {
    Place place;
    place.reason = std::move(reason);
    return one_place(std::move(place));
}

class EntryScope final : public ExpressionScope {
  public:
    EntryScope(DebugData& data, llvm::DWARFUnit& unit, const llvm::DWARFDie& function,
               CodeOffset offset, const FrameState& state)
        : data_(data)
        , unit_(unit)
        , function_(function)
        , offset_(offset)
        , state_(state) {}

    [[nodiscard]] const FrameState& state() const override { return state_; }

    [[nodiscard]] std::uint8_t address_size() const override { return unit_.getAddressByteSize(); }

    [[nodiscard]] std::uint8_t offset_size() const override {
        return unit_.getDwarfOffsetByteSize();
    }

    [[nodiscard]] Result<std::uint64_t> frame_base() override;

    [[nodiscard]] std::optional<std::uint64_t> indexed_address(std::uint64_t index) override {
        if (index > UINT32_MAX) {
            return std::nullopt;
        }
        const auto item = unit_.getAddrOffsetSectionItem(static_cast<std::uint32_t>(index));
        return item ? std::optional(item->Address) : std::nullopt;
    }

    [[nodiscard]] Result<Value> entry_local(std::uint32_t index) override;
    [[nodiscard]] Result<std::uint64_t> tls_address(std::uint64_t offset) override;
    [[nodiscard]] std::optional<GuestBaseType> base_type(std::uint64_t unit_offset) override;

    [[nodiscard]] EntryId entry_at(std::uint64_t info_offset) override {
        const llvm::DWARFDie die = unit_.getContext().getDIEForOffset(info_offset);
        return data_.id_of(die);
    }

  private:
    DebugData& data_;
    llvm::DWARFUnit& unit_;
    const llvm::DWARFDie& function_;
    CodeOffset offset_;
    const FrameState& state_;
    bool in_frame_base_ = false;
};

Result<std::uint64_t> EntryScope::frame_base() {
    const auto value = function_.isValid() ? function_.find(dw::DW_AT_frame_base) : std::nullopt;
    const auto block = value ? value->getAsBlock() : std::nullopt;
    if (!block || in_frame_base_) {
        return fail(ErrorCode::Unavailable, "the function's frame base is not known");
    }
    in_frame_base_ = true;
    auto location = evaluate_location(as_bytes(*block), *this);
    in_frame_base_ = false;
    if (!location) {
        return std::unexpected(location.error());
    }
    const Place& place = location->pieces.front().place;
    switch (place.kind) {
    case PlaceKind::Memory:
        return place.address;
    case PlaceKind::Local:
    case PlaceKind::Global:
    case PlaceKind::Stack: {
        const auto held = place.kind == PlaceKind::Local    ? state_.local(place.index)
                          : place.kind == PlaceKind::Global ? state_.global(place.index)
                                                            : state_.stack_value(place.index);
        if (!held) {
            return std::unexpected(held.error());
        }
        return held->type == ValueType::I64 ? held->as<std::uint64_t>() : held->as<std::uint32_t>();
    }
    case PlaceKind::Value: {
        std::uint64_t bits = 0;
        std::memcpy(&bits, place.bytes.data(), std::min<std::size_t>(place.bytes.size(), 8));
        return bits;
    }
    default:
        return fail(ErrorCode::Unavailable, "the function's frame base is not known" +
                                                (place.reason.empty() ? "" : ": " + place.reason));
    }
}

/// A parameter that the whole function never writes still has the value of the entry.
Result<Value> EntryScope::entry_local(std::uint32_t index) {
    const wasm::Module& module = data_.image().module();
    const wasm::FunctionBody* body = module.function_containing(offset_);
    const auto unknown = [] {
        return fail(ErrorCode::Unavailable, "optimized out (its value was the one at the entry)");
    };
    const wasm::FunctionType* type = body == nullptr ? nullptr : module.function_type(body->index);
    if (type == nullptr || index >= type->params.size()) {
        return unknown();
    }
    for (CodeOffset at = body->first_instruction; at < body->end;) {
        const auto instruction = wasm::decode(module.bytes().first(body->end.value), at);
        if (!instruction) {
            return unknown();
        }
        const std::string_view name = instruction->info->mnemonic;
        if (instruction->index == index && (name == "local.set" || name == "local.tee")) {
            return unknown();
        }
        at = instruction->end();
    }
    return state_.local(index);
}

Result<std::uint64_t> EntryScope::tls_address(std::uint64_t offset) {
    for (const auto& [index, name] : data_.image().module().names().globals) {
        if (name == "__tls_base") {
            const auto base = state_.global(index);
            if (!base) {
                return std::unexpected(base.error());
            }
            return base->as<std::uint32_t>() + offset;
        }
    }
    return fail(ErrorCode::Unavailable,
                "thread-local, and the module does not name its __tls_base");
}

std::optional<GuestBaseType> EntryScope::base_type(std::uint64_t unit_offset) {
    const llvm::DWARFDie die = unit_.getDIEForOffset(unit_.getOffset() + unit_offset);
    if (!die.isValid() || die.getTag() != dw::DW_TAG_base_type) {
        return std::nullopt;
    }
    const auto size = dw::toUnsigned(die.find(dw::DW_AT_byte_size));
    const auto encoding = dw::toUnsigned(die.find(dw::DW_AT_encoding));
    GuestBaseType type;
    type.size = static_cast<std::uint8_t>(std::min<std::uint64_t>(size.value_or(0), 8));
    type.encoding = encoding == dw::DW_ATE_float    ? Encoding::Float
                    : encoding == dw::DW_ATE_signed ? Encoding::Signed
                                                    : Encoding::Unsigned;
    return type;
}

Result<Location> constant_value(const llvm::DWARFFormValue& value) {
    Place place;
    place.kind = PlaceKind::Value;
    if (const auto block = value.getAsBlock()) {
        const auto bytes = as_bytes(*block);
        place.bytes.assign(bytes.begin(), bytes.end());
        return one_place(std::move(place));
    }
    if (const auto text = dw::toString(value)) {
        const auto bytes = std::as_bytes(std::span(*text, std::strlen(*text) + 1));
        place.bytes.assign(bytes.begin(), bytes.end());
        return one_place(std::move(place));
    }
    std::optional<std::uint64_t> bits = value.getAsUnsignedConstant();
    if (const auto number = value.getAsSignedConstant(); number && !bits) {
        bits = static_cast<std::uint64_t>(*number);
    }
    if (!bits) {
        return unavailable("its constant has an unknown form");
    }
    place.bytes.resize(8);
    std::memcpy(place.bytes.data(), &*bits, 8);
    return one_place(std::move(place));
}

/// The expression of a location list that is valid at `address`; the default one otherwise.
const llvm::DWARFLocationExpression* expression_at(const llvm::DWARFLocationExpressionsVector& list,
                                                   std::uint64_t address) {
    const llvm::DWARFLocationExpression* fallback = nullptr;
    for (const llvm::DWARFLocationExpression& entry : list) {
        if (!entry.Range) {
            fallback = &entry;
        } else if (entry.Range->LowPC <= address && address < entry.Range->HighPC) {
            return &entry;
        }
    }
    return fallback;
}

/// A frame as an entry of a location list means it. LLVM ends entries late that name values on
/// wasm's operand stack: where the value has been taken, another one may be in its place.
class ListedFrame final : public FrameState {
  public:
    ListedFrame(DebugData& data, const FrameState& state, CodeOffset begin, CodeOffset at)
        : data_(data)
        , state_(state)
        , begin_(begin)
        , at_(at) {}

    [[nodiscard]] Result<Value> local(std::uint32_t index) const override {
        return state_.local(index);
    }

    [[nodiscard]] Result<Value> global(std::uint32_t index) const override {
        return state_.global(index);
    }

    [[nodiscard]] Result<Value> stack_value(std::uint32_t index) const override {
        return is_gone(index) ? fail(ErrorCode::Unavailable, gone) : state_.stack_value(index);
    }

    [[nodiscard]] Result<void> read_memory(std::uint64_t address,
                                           std::span<std::byte> into) const override {
        return state_.read_memory(address, into);
    }

    [[nodiscard]] bool is_gone(std::uint32_t index) const {
        return !data_.operand_history()
                    .is_same(data_.image().module(), begin_, at_, index)
                    .value_or(true);
    }

    static constexpr const char* gone = "optimized out here (taken from wasm's operand stack)";

  private:
    DebugData& data_;
    const FrameState& state_;
    CodeOffset begin_;
    CodeOffset at_;
};

/// Places on the operand stack are read later, by whoever shows them.
void drop_gone(Location& location, const ListedFrame& frame) {
    for (LocationPiece& piece : location.pieces) {
        if (piece.place.kind == PlaceKind::Stack && frame.is_gone(piece.place.index)) {
            piece.place = {};
            piece.place.reason = ListedFrame::gone;
        }
    }
}

} // namespace

Result<Location> locate_entry(DebugData& data, const llvm::DWARFDie& variable,
                              const llvm::DWARFDie& function, CodeOffset offset,
                              const FrameState& state) {
    const auto address = data.image().to_dwarf(offset);
    const auto value = variable.findRecursively(dw::DW_AT_location);
    if (!value) {
        const auto constant = variable.findRecursively(dw::DW_AT_const_value);
        return constant ? constant_value(*constant) : unavailable("optimized out");
    }
    llvm::DWARFUnit& unit = *variable.getDwarfUnit();
    EntryScope scope(data, unit, function, offset, state);
    if (const auto block = value->getAsBlock()) {
        if (const auto fixed = fixed_address(variable); fixed && *fixed >= UINT32_MAX - 1) {
            return unavailable("removed by the linker: nothing uses it");
        }
        return evaluate_location(as_bytes(*block), scope);
    }
    auto list = variable.getLocations(dw::DW_AT_location);
    if (!list) {
        return data.damaged(llvm::toString(list.takeError()));
    }
    const auto* const entry = address ? expression_at(*list, address->value) : nullptr;
    if (entry == nullptr) {
        return unavailable("optimized out here");
    }
    const auto begin =
        entry->Range ? data.image().to_code(DwarfOffset{entry->Range->LowPC}) : std::nullopt;
    const ListedFrame listed(data, state, begin.value_or(offset), offset);
    EntryScope entry_scope(data, unit, function, offset, listed);
    auto location = evaluate_location(as_bytes(entry->Expr), entry_scope);
    if (location) {
        drop_gone(*location, listed);
    }
    return location;
}

} // namespace wdbg::dwarf
