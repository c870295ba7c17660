// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "expression.h"

#include "expression_value.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/Support/DataExtractor.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace wdbg::dwarf {
namespace {

namespace op = llvm::dwarf;
using Number = ExpressionValue;

std::unexpected<Error> unavailable(std::string message) {
    return fail(ErrorCode::Unavailable, std::move(message));
}

std::unexpected<Error> malformed() {
    return fail(ErrorCode::Malformed, "a location of the debug file is damaged");
}

ComputedPlace bytes_of(std::uint64_t number) {
    ComputedPlace place;
    std::memcpy(place.bytes.data(), &number, sizeof number);
    return place;
}

class Evaluator {
  public:
    Evaluator(const Expression& expression, const ExpressionContext& context)
        : expression_(expression)
        , context_(context)
        , data_(llvm::ArrayRef<std::uint8_t>(expression.bytes.data(), expression.bytes.size()),
                true, expression.address_size)
        , default_bits_(
              static_cast<std::uint8_t>(std::min<std::size_t>(64, expression.value_size * 8))) {}

    void push(Number number) { stack_.push_back(number); }

    /// Runs all operations.
    Result<void> run() {
        constexpr std::size_t max_stack = 256;
        while (!data_.eof(cursor_)) {
            const std::uint8_t code = data_.getU8(cursor_);
            Result<void> done = step(code);
            // What could not be read gave zeros; the result is worth nothing.
            if (llvm::Error error = cursor_.takeError()) {
                llvm::consumeError(std::move(error));
                return malformed();
            }
            if (!done) {
                return done;
            }
            if (stack_.size() > max_stack) {
                return malformed();
            }
        }
        return {};
    }

    [[nodiscard]] Result<Place> place() const {
        if (composite_size_ != 0) {
            return composite_size_ < expression_.value_size || place_
                       ? Result<Place>(unavailable("optimized out in part"))
                       : Result<Place>(composite_);
        }
        if (place_) {
            return *place_;
        }
        if (stack_.empty()) {
            return unavailable("optimized out");
        }
        return MemoryPlace{NativeAddress{stack_.back().bits}};
    }

    [[nodiscard]] Result<std::uint64_t> number() const {
        if (stack_.empty() || place_) {
            return malformed();
        }
        return stack_.back().bits;
    }

  private:
    Result<void> step(std::uint8_t code) {
        if (place_ && code != op::DW_OP_piece) {
            return malformed(); // nothing may follow a complete description
        }
        if (code >= op::DW_OP_lit0 && code <= op::DW_OP_lit31) {
            return constant(code - static_cast<std::uint64_t>(op::DW_OP_lit0));
        }
        if (code >= op::DW_OP_reg0 && code <= op::DW_OP_reg31) {
            return in_register(code - static_cast<std::uint32_t>(op::DW_OP_reg0));
        }
        if (code >= op::DW_OP_breg0 && code <= op::DW_OP_breg31) {
            return based(code - static_cast<std::uint32_t>(op::DW_OP_breg0));
        }
        if (const auto binary = binary_operation(code)) {
            return apply(*binary);
        }
        if (const std::optional<Result<void>> done = push_constant(code)) {
            return *done;
        }
        if (const std::optional<Result<void>> done = arrange(code)) {
            return *done;
        }
        return locate(code);
    }

    Result<void> constant(std::uint64_t bits) {
        stack_.push_back(Number::constant(bits));
        return {};
    }

    std::optional<Result<void>> push_constant(std::uint8_t code) {
        switch (code) {
        case op::DW_OP_addr:
            return constant(data_.getAddress(cursor_));
        case op::DW_OP_const1u:
            return constant(data_.getU8(cursor_));
        case op::DW_OP_const1s:
            return constant(static_cast<std::uint64_t>(
                static_cast<std::int64_t>(static_cast<std::int8_t>(data_.getU8(cursor_)))));
        case op::DW_OP_const2u:
            return constant(data_.getU16(cursor_));
        case op::DW_OP_const2s:
            return constant(static_cast<std::uint64_t>(
                static_cast<std::int64_t>(static_cast<std::int16_t>(data_.getU16(cursor_)))));
        case op::DW_OP_const4u:
            return constant(data_.getU32(cursor_));
        case op::DW_OP_const4s:
            return constant(static_cast<std::uint64_t>(
                static_cast<std::int64_t>(static_cast<std::int32_t>(data_.getU32(cursor_)))));
        case op::DW_OP_const8u:
        case op::DW_OP_const8s:
            return constant(data_.getU64(cursor_));
        case op::DW_OP_constu:
            return constant(data_.getULEB128(cursor_));
        case op::DW_OP_consts:
            return constant(static_cast<std::uint64_t>(data_.getSLEB128(cursor_)));
        default:
            return std::nullopt;
        }
    }

    /// Operations on the stack alone.
    std::optional<Result<void>> arrange(std::uint8_t code) {
        const auto need = [this](std::size_t count) { return stack_.size() >= count; };
        switch (code) {
        case op::DW_OP_nop:
            return Result<void>{};
        case op::DW_OP_dup:
            return need(1) ? again(0) : malformed();
        case op::DW_OP_over:
            return need(2) ? again(1) : malformed();
        case op::DW_OP_pick:
            return pick(data_.getU8(cursor_));
        case op::DW_OP_drop:
            return need(1) ? drop() : malformed();
        case op::DW_OP_swap:
            return need(2) ? swap() : malformed();
        case op::DW_OP_rot:
            return need(3) ? rotate() : malformed();
        case op::DW_OP_neg:
            return need(1) ? change([](std::uint64_t bits) { return 0 - bits; }) : malformed();
        case op::DW_OP_not:
            return need(1) ? change([](std::uint64_t bits) { return ~bits; }) : malformed();
        case op::DW_OP_plus_uconst: {
            const std::uint64_t added = data_.getULEB128(cursor_);
            return need(1) ? change([added](std::uint64_t bits) { return bits + added; })
                           : malformed();
        }
        case op::DW_OP_convert:
            return convert(data_.getULEB128(cursor_));
        default:
            return std::nullopt;
        }
    }

    Result<void> again(std::size_t below) {
        stack_.push_back(stack_[stack_.size() - 1 - below]);
        return {};
    }

    Result<void> pick(std::size_t below) {
        return below < stack_.size() ? again(below) : malformed();
    }

    Result<void> drop() {
        stack_.pop_back();
        return {};
    }

    Result<void> swap() {
        std::swap(stack_[stack_.size() - 1], stack_[stack_.size() - 2]);
        return {};
    }

    Result<void> rotate() {
        std::rotate(stack_.end() - 3, stack_.end() - 1, stack_.end());
        return {};
    }

    template <class Change>
    Result<void> change(Change function) {
        stack_.back().bits = function(stack_.back().bits);
        return {};
    }

    Result<void> convert(std::uint64_t type_offset) {
        const auto type =
            type_offset == 0 ? std::optional(BaseType{}) : context_.base_type(type_offset);
        if (!type) {
            return unavailable("its location needs a type that is not known (DW_OP_convert)");
        }
        if (stack_.empty()) {
            return malformed();
        }
        stack_.back() = converted(stack_.back(), *type);
        return {};
    }

    Result<void> apply(BinaryOperation operation) {
        if (stack_.size() < 2) {
            return malformed();
        }
        const Number right = stack_.back();
        stack_.pop_back();
        const auto result = operation(stack_.back(), right);
        if (!result) {
            return unavailable("optimized out (what computes it has more than one reading)");
        }
        stack_.back() = *result;
        return {};
    }

    /// Registers, memory and what ends a description.
    Result<void> locate(std::uint8_t code) {
        switch (code) {
        case op::DW_OP_regx:
            return in_register(static_cast<std::uint32_t>(data_.getULEB128(cursor_)));
        case op::DW_OP_bregx:
            return based(static_cast<std::uint32_t>(data_.getULEB128(cursor_)));
        case op::DW_OP_fbreg:
            return offset_from(context_.frame_base());
        case op::DW_OP_call_frame_cfa:
            return push_known(context_.frame_address());
        case op::DW_OP_deref:
            return dereference(expression_.address_size);
        case op::DW_OP_deref_size:
            return dereference(data_.getU8(cursor_));
        case op::DW_OP_entry_value:
        case op::DW_OP_GNU_entry_value:
            return entry_value();
        case op::DW_OP_stack_value:
            return stack_value();
        case op::DW_OP_implicit_value:
            return implicit_value();
        case op::DW_OP_piece:
            return piece(data_.getULEB128(cursor_));
        default:
            return unknown(code);
        }
    }

    static Result<void> unknown(std::uint8_t code) {
        const llvm::StringRef name = op::OperationEncodingString(code);
        return unavailable("its location needs " +
                           (name.empty() ? "operation " + std::to_string(code) : name.str()));
    }

    Result<void> in_register(std::uint32_t number) {
        if (!stack_.empty()) {
            return malformed();
        }
        if (const auto known = context_.register_bytes(number); !known) {
            return std::unexpected(known.error());
        }
        place_ = RegisterPlace{number};
        return {};
    }

    Result<void> based(std::uint32_t number) {
        return offset_from(context_.register_value(number));
    }

    Result<void> offset_from(Result<std::uint64_t> base) {
        const auto offset = static_cast<std::uint64_t>(data_.getSLEB128(cursor_));
        if (base) {
            *base += offset;
        }
        return push_known(base);
    }

    Result<void> push_known(const Result<std::uint64_t>& value) {
        if (!value) {
            return std::unexpected(value.error());
        }
        stack_.push_back({.bits = *value, .width = default_bits_});
        return {};
    }

    Result<void> dereference(std::uint8_t size) {
        if (stack_.empty() || size == 0 || size > sizeof(std::uint64_t)) {
            return malformed();
        }
        std::uint64_t value = 0;
        const auto into = std::as_writable_bytes(std::span(&value, 1)).first(size);
        if (Result<void> done = context_.read(stack_.back().bits, into); !done) {
            return done;
        }
        const auto width = static_cast<std::uint8_t>(size * 8);
        stack_.back() = {.bits = value, .width = std::min(width, default_bits_)};
        return {};
    }

    /// Only that of one register (all that LLVM writes).
    Result<void> entry_value() {
        const std::uint64_t size = data_.getULEB128(cursor_);
        const llvm::StringRef bytes = data_.getBytes(cursor_, size);
        if (bytes.empty()) {
            return malformed();
        }
        const auto code = static_cast<std::uint8_t>(bytes.front());
        if (bytes.size() != 1 || code < op::DW_OP_reg0 || code > op::DW_OP_reg31) {
            return unavailable("its location needs DW_OP_entry_value of an expression");
        }
        return push_known(context_.entry_value(code - static_cast<std::uint32_t>(op::DW_OP_reg0)));
    }

    Result<void> stack_value() {
        if (stack_.empty()) {
            return malformed();
        }
        if (expression_.value_size > sizeof(std::uint64_t)) {
            return unavailable("optimized out (only a part of it is computed)");
        }
        place_ = bytes_of(stack_.back().bits);
        stack_.pop_back();
        return {};
    }

    Result<void> implicit_value() {
        const std::uint64_t size = data_.getULEB128(cursor_);
        const llvm::StringRef bytes = data_.getBytes(cursor_, size);
        if (bytes.size() < expression_.value_size) {
            return malformed();
        }
        ComputedPlace place;
        std::memcpy(place.bytes.data(), bytes.data(), std::min(bytes.size(), place.bytes.size()));
        place_ = place;
        return {};
    }

    /// DWARF 5 §2.6.1.2: the parts of a value, first byte first.
    Result<void> piece(std::uint64_t size) {
        const bool has_place = place_ || !stack_.empty();
        if (size == 0 || size > composite_.bytes.size() - composite_size_) {
            return malformed();
        }
        if (!has_place) {
            return unavailable("optimized out in part");
        }
        const auto into = std::span(composite_.bytes).subspan(composite_size_, size);
        if (Result<void> done = read_place(into); !done) {
            return done;
        }
        composite_size_ += size;
        place_.reset();
        stack_.clear();
        return {};
    }

    Result<void> read_place(std::span<std::byte> into) {
        if (!place_) {
            return context_.read(stack_.back().bits, into);
        }
        Result<ComputedPlace> bytes = ComputedPlace{};
        if (const auto* in_register = std::get_if<RegisterPlace>(&*place_)) {
            bytes = context_.register_bytes(in_register->number);
        } else if (const auto* computed = std::get_if<ComputedPlace>(&*place_)) {
            bytes = *computed;
        }
        if (!bytes) {
            return std::unexpected(bytes.error());
        }
        std::ranges::copy(std::span(bytes->bytes).first(into.size()), into.begin());
        return {};
    }

    const Expression& expression_;
    const ExpressionContext& context_;
    llvm::DataExtractor data_;
    llvm::DataExtractor::Cursor cursor_{0};
    std::uint8_t default_bits_;
    std::vector<Number> stack_{};
    std::optional<Place> place_{};
    ComputedPlace composite_{};
    std::size_t composite_size_ = 0;
};

} // namespace

Result<Place> evaluate_location(const Expression& expression, const ExpressionContext& context) {
    Evaluator evaluator(expression, context);
    if (Result<void> done = evaluator.run(); !done) {
        return std::unexpected(done.error());
    }
    return evaluator.place();
}

Result<std::uint64_t> evaluate_number(const Expression& expression,
                                      const ExpressionContext& context,
                                      std::optional<std::uint64_t> initial) {
    Evaluator evaluator(expression, context);
    if (initial) {
        evaluator.push({.bits = *initial});
    }
    if (Result<void> done = evaluator.run(); !done) {
        return std::unexpected(done.error());
    }
    return evaluator.number();
}

} // namespace wdbg::dwarf
