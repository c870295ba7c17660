// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "condition_compiler.h"

#include "condition_types.h"
#include "syntax.h"
#include "type_ref.h"
#include "variable_places.h"

#include <wdbg/agent/assembler.h>

#include <algorithm>
#include <array>
#include <limits>

namespace wdbg::source {

namespace {

using agent::Opcode;
using dwarf::Encoding;
using dwarf::TypeKind;

/// What a node has left on the program's stack. A number is kept as its type has it: extended by
/// its sign, or by zeros, to 64 bits.
struct Operand {
    TypeRef type{};             ///< stripped; of plain numbers a builtin one
    bool in_memory = false;     ///< the stack has its address
    std::uint32_t bit_size = 0; ///< of a bit-field, 0: none
    std::uint32_t bit_offset = 0;
};

std::unexpected<Error> unsupported() {
    return fail(ErrorCode::Unsupported, "this condition is not decided beside the guest");
}

class Compiler final : public TypeNames {
  public:
    Compiler(dwarf::SourceInfo& source, CodeOffset location)
        : source_(source)
        , location_(location)
        , variables_(source.variables_at(location, dwarf::AddressKind::Instruction, 0)) {}

    [[nodiscard]] bool is_type(const std::string& name) override {
        return find_variable(name) == nullptr &&
               (source_.find_type(name).has_value() || builtin_named(name).has_value());
    }

    /// Leaves the condition's truth as 0 or another number.
    Result<void> condition(std::string_view text) {
        const auto parsed = parse_expression(text, *this);
        if (!parsed) {
            return std::unexpected(parsed.error());
        }
        return number(*parsed->root);
    }

    /// Whether the hit counts, by its number.
    void hits(const HitCondition& hits, std::uint16_t counter) {
        program_.variable(Opcode::Count, counter);
        hits.compile(program_);
    }

    agent::Assembler& program() { return program_; }

  private:
    using OperandResult = Result<Operand>;

    OperandResult compile(const Node& node) {
        switch (node.kind) {
        case NodeKind::Number:
            return literal(node);
        case NodeKind::Name:
            return name(node.text);
        case NodeKind::Unary:
            return unary(node);
        case NodeKind::Binary:
            return node.text == "&&" || node.text == "||" ? logical(node) : binary(node);
        case NodeKind::Member:
            return member(node);
        case NodeKind::Index:
            return index(node);
        default:
            return unsupported();
        }
    }

    /// A node whose value is needed, as a number on the stack.
    Result<void> number(const Node& node) {
        const auto value = loaded(node);
        return value ? Result<void>() : std::unexpected(value.error());
    }

    OperandResult loaded(const Node& node) {
        const auto operand = compile(node);
        return operand ? load(*operand) : operand;
    }

    /// A number of its type, or a pointer to an array's first element.
    OperandResult load(const Operand& operand) {
        if (operand.type->kind == TypeKind::Array && operand.in_memory) {
            return Operand{.type = pointer_to(element_of(operand.type))};
        }
        const auto integer = integer_of(operand.type);
        if (!integer) {
            return unsupported();
        }
        if (operand.in_memory) {
            const std::uint64_t size = operand.bit_size == 0
                                           ? size_of(*integer)
                                           : (operand.bit_offset + operand.bit_size + 7) / 8;
            if (!reference(size)) {
                return unsupported();
            }
        }
        if (operand.bit_offset != 0) {
            program_.constant(operand.bit_offset);
            program_.add(Opcode::ShiftRightUnsigned);
        }
        extend(*integer, operand.bit_size == 0 ? 8 * size_of(*integer) : operand.bit_size);
        return Operand{.type = operand.type};
    }

    /// Replaces the address on the stack by what is there.
    bool reference(std::uint64_t size) {
        constexpr std::array codes{Opcode::Ref8, Opcode::Ref16, Opcode::Ref32, Opcode::Ref64};
        for (std::size_t i = 0; i < codes.size(); ++i) {
            if (size <= std::uint64_t{1} << i) {
                program_.add(codes[i]);
                return true;
            }
        }
        return false;
    }

    void extend(const TypeRef& integer, std::uint64_t bits) {
        if (bits < 64) {
            program_.add(is_signed(integer) ? Opcode::SignExtend : Opcode::ZeroExtend,
                         static_cast<std::uint8_t>(bits));
        }
    }

    OperandResult literal(const Node& node) {
        const Token& token = node.token;
        if (token.kind == TokenKind::Real ||
            token.number.integer > std::numeric_limits<std::int64_t>::max()) {
            return unsupported();
        }
        const auto value = static_cast<std::int64_t>(token.number.integer);
        program_.constant(value);
        if (token.kind == TokenKind::Character) {
            return Operand{.type = builtin(Builtin::Char)};
        }
        const bool wide = token.is_long || value > std::int64_t{UINT32_MAX} ||
                          (value > INT32_MAX && !token.is_unsigned);
        return Operand{.type = builtin_integer(wide ? 8 : 4, token.is_unsigned)};
    }

    [[nodiscard]] const dwarf::Variable* find_variable(std::string_view name) const {
        const auto found = std::ranges::find_if(variables_, [&](const dwarf::Variable& each) {
            return each.name == name && !each.shadowed;
        });
        return found == variables_.end() ? nullptr : &*found;
    }

    OperandResult name(const std::string& name) {
        if (const dwarf::Variable* variable = find_variable(name)) {
            return read(*variable);
        }
        if (const dwarf::Variable* object = find_variable("this")) {
            const TypeRef type = stripped(type_of(source_, object->type));
            if (is_pointer(type) && member_of(stripped(target_of(type)), name)) {
                const auto pointer = read(*object);
                const auto value = pointer ? load(*pointer) : pointer;
                return value ? part({.type = stripped(target_of(type)), .in_memory = true}, name)
                             : value;
            }
        }
        if (const auto globals = source_.find_globals(name, location_); !globals.empty()) {
            return read(globals.front());
        }
        if (const auto enumerator = source_.find_enumerator(name)) {
            program_.constant(enumerator->value);
            return Operand{.type = stripped(type_of(source_, enumerator->type))};
        }
        if (name == "true" || name == "false") {
            program_.constant(name == "true" ? 1 : 0);
            return Operand{.type = builtin(Builtin::Bool)};
        }
        if (name == "nullptr" || name == "NULL") {
            program_.constant(0);
            return Operand{.type = builtin(Builtin::Unsigned)};
        }
        return unsupported();
    }

    OperandResult read(const dwarf::Variable& variable) {
        const auto place = place_of(source_, variable, location_);
        if (!place) {
            return unsupported();
        }
        const TypeRef type = stripped(type_of(source_, variable.type));
        const bool in_memory = place->kind == VariablePlace::Kind::Memory;
        if (place->base) {
            program_.read(*place->base);
        }
        if (!place->base || place->offset != 0) {
            program_.constant(place->offset);
        }
        if (place->base && place->offset != 0) {
            program_.add(Opcode::Add);
        }
        const Operand operand{.type = type, .in_memory = in_memory};
        if (is_reference(type)) {
            return followed(operand);
        }
        // A wasm local may be wider than the variable in it.
        return in_memory ? OperandResult(operand) : load(operand);
    }

    /// What a reference refers to: its pointer is loaded.
    OperandResult followed(const Operand& operand) {
        if (operand.in_memory) {
            program_.add(Opcode::Ref32);
        } else {
            program_.add(Opcode::ZeroExtend, 32);
        }
        return Operand{.type = stripped(target_of(operand.type)), .in_memory = true};
    }

    OperandResult unary(const Node& node) {
        if (node.text == "&") {
            const auto operand = compile(*node.children[0]);
            if (!operand || !operand->in_memory || operand->bit_size != 0) {
                return unsupported();
            }
            return Operand{.type = pointer_to(operand->type)};
        }
        const auto value = loaded(*node.children[0]);
        if (!value) {
            return value;
        }
        if (node.text == "*") {
            const TypeRef target =
                is_pointer(value->type) ? stripped(target_of(value->type)) : TypeRef{};
            return target ? OperandResult(Operand{.type = target, .in_memory = true})
                          : unsupported();
        }
        if (node.text == "!") {
            program_.add(Opcode::LogicalNot);
            return Operand{.type = builtin(Builtin::Bool)};
        }
        const TypeRef from = *integer_of(value->type);
        const TypeRef type = builtin_integer(size_of(from), !is_signed(from) && size_of(from) >= 4);
        if (node.text == "-") {
            program_.add(Opcode::BitNot);
            program_.constant(1);
            program_.add(Opcode::Add);
        } else if (node.text == "~") {
            program_.add(Opcode::BitNot);
        }
        extend(type, 8 * size_of(type));
        return Operand{.type = type};
    }

    OperandResult logical(const Node& node) {
        const bool is_and = node.text == "&&";
        if (const auto left = number(*node.children[0]); !left) {
            return std::unexpected(left.error());
        }
        program_.add(Opcode::LogicalNot);
        if (!is_and) {
            program_.add(Opcode::LogicalNot);
        }
        const std::size_t decided = program_.jump(Opcode::IfGoto); // false of &&, true of ||
        if (const auto right = number(*node.children[1]); !right) {
            return std::unexpected(right.error());
        }
        program_.add(Opcode::LogicalNot);
        program_.add(Opcode::LogicalNot);
        const std::size_t end = program_.jump(Opcode::Goto);
        program_.bind(decided);
        program_.constant(is_and ? 0 : 1);
        program_.bind(end);
        return Operand{.type = builtin(Builtin::Bool)};
    }

    struct Row {
        std::string_view sign;
        Opcode of_signed;
        Opcode of_unsigned;
        enum class Kind : std::uint8_t { Arithmetic, Shift, Compare, Swapped } kind;
        bool negated = false; ///< of a comparison
    };

    static const Row* find_row(std::string_view sign) {
        using Kind = Row::Kind;
        static constexpr std::array rows{
            Row{"+", Opcode::Add, Opcode::Add, Kind::Arithmetic},
            Row{"-", Opcode::Subtract, Opcode::Subtract, Kind::Arithmetic},
            Row{"*", Opcode::Multiply, Opcode::Multiply, Kind::Arithmetic},
            Row{"/", Opcode::DivideSigned, Opcode::DivideUnsigned, Kind::Arithmetic},
            Row{"%", Opcode::RemainderSigned, Opcode::RemainderUnsigned, Kind::Arithmetic},
            Row{"&", Opcode::BitAnd, Opcode::BitAnd, Kind::Arithmetic},
            Row{"|", Opcode::BitOr, Opcode::BitOr, Kind::Arithmetic},
            Row{"^", Opcode::BitXor, Opcode::BitXor, Kind::Arithmetic},
            Row{"<<", Opcode::ShiftLeft, Opcode::ShiftLeft, Kind::Shift},
            Row{">>", Opcode::ShiftRightSigned, Opcode::ShiftRightUnsigned, Kind::Shift},
            Row{"==", Opcode::Equal, Opcode::Equal, Kind::Compare},
            Row{"!=", Opcode::Equal, Opcode::Equal, Kind::Compare, true},
            Row{"<", Opcode::LessSigned, Opcode::LessUnsigned, Kind::Compare},
            Row{">=", Opcode::LessSigned, Opcode::LessUnsigned, Kind::Compare, true},
            Row{">", Opcode::LessSigned, Opcode::LessUnsigned, Kind::Swapped},
            Row{"<=", Opcode::LessSigned, Opcode::LessUnsigned, Kind::Swapped, true}};
        const auto* found = std::ranges::find(rows, sign, &Row::sign);
        return found == rows.end() ? nullptr : found;
    }

    OperandResult binary(const Node& node) {
        const Row* row = find_row(node.text);
        const auto left = loaded(*node.children[0]);
        if (row == nullptr || !left) {
            return row == nullptr ? unsupported() : left;
        }
        const bool compares = row->kind == Row::Kind::Compare || row->kind == Row::Kind::Swapped;
        if (is_pointer(left->type) && !compares) {
            return moved(node, *row, *left);
        }
        const auto right = loaded(*node.children[1]);
        if (!right || (is_pointer(right->type) && !compares)) {
            return right ? unsupported() : right;
        }
        return apply(*row, *integer_of(left->type), *integer_of(right->type));
    }

    OperandResult apply(const Row& row, const TypeRef& left, const TypeRef& right) {
        const bool shift = row.kind == Row::Kind::Shift;
        const std::uint64_t size =
            shift ? std::max<std::uint64_t>(size_of(left), 4)
                  : std::max({size_of(left), size_of(right), std::uint64_t{4}});
        const auto rules = [size](const TypeRef& type) {
            return !is_signed(type) && size_of(type) >= size;
        };
        const bool is_unsigned = rules(left) || (!shift && rules(right));
        if (is_unsigned && size == 4 && !shift) {
            program_.add(Opcode::ZeroExtend, 32);
            program_.add(Opcode::Swap);
            program_.add(Opcode::ZeroExtend, 32);
            program_.add(Opcode::Swap);
        }
        if (row.kind == Row::Kind::Swapped) {
            program_.add(Opcode::Swap);
        }
        program_.add(is_unsigned ? row.of_unsigned : row.of_signed);
        if (row.negated) {
            program_.add(Opcode::LogicalNot);
        }
        if (row.kind == Row::Kind::Compare || row.kind == Row::Kind::Swapped) {
            return Operand{.type = builtin(Builtin::Bool)};
        }
        const TypeRef type = builtin_integer(size, is_unsigned);
        extend(type, 8 * size_of(type));
        return Operand{.type = type};
    }

    /// The pointer on the stack, so many elements further.
    OperandResult moved(const Node& node, const Row& row, const Operand& pointer) {
        const auto count = loaded(*node.children[1]);
        const bool moves = row.sign == "+" || row.sign == "-";
        if (!moves || !count || is_pointer(count->type)) {
            return unsupported();
        }
        scale(target_of(pointer.type));
        program_.add(row.of_signed);
        program_.add(Opcode::ZeroExtend, 32);
        return pointer;
    }

    void scale(const TypeRef& element) {
        program_.constant(
            static_cast<std::int64_t>(std::clamp<std::uint64_t>(size_of(element), 1, UINT32_MAX)));
        program_.add(Opcode::Multiply);
    }

    OperandResult member(const Node& node) {
        auto base = compile(*node.children[0]);
        if (base && is_pointer(base->type)) {
            const auto pointer = load(*base);
            base = pointer ? OperandResult(Operand{.type = stripped(target_of(pointer->type)),
                                                   .in_memory = true})
                           : pointer;
        }
        return base ? part(*base, node.text) : base;
    }

    OperandResult part(const Operand& record, std::string_view name) {
        const auto found = member_of(record.type, name);
        if (!found || !record.in_memory) {
            return unsupported();
        }
        if (found->offset != 0) {
            program_.constant(static_cast<std::int64_t>(found->offset));
            program_.add(Opcode::Add);
        }
        const Operand operand{.type = stripped(type_of(*record.type.info, found->member.type)),
                              .in_memory = true,
                              .bit_size = found->member.bit_size,
                              .bit_offset = found->member.bit_offset};
        return is_reference(operand.type) ? followed(operand) : OperandResult(operand);
    }

    OperandResult index(const Node& node) {
        auto base = loaded(*node.children[0]);
        if (!base || !is_pointer(base->type)) {
            return unsupported();
        }
        const auto position = loaded(*node.children[1]);
        if (!position || is_pointer(position->type)) {
            return unsupported();
        }
        const TypeRef element = target_of(base->type);
        scale(element);
        program_.add(Opcode::Add);
        program_.add(Opcode::ZeroExtend, 32);
        return Operand{.type = stripped(element), .in_memory = true};
    }

    dwarf::SourceInfo& source_;
    CodeOffset location_;
    std::vector<dwarf::Variable> variables_;
    agent::Assembler program_;
};

} // namespace

Result<std::vector<std::uint8_t>> compile_condition(LoadedModule& module, CodeOffset location,
                                                    std::string_view condition,
                                                    const HitCondition& hits,
                                                    std::uint16_t counter) {
    dwarf::SourceInfo* source = module.source();
    if (source == nullptr || counter >= agent::variable_limit) {
        return unsupported();
    }
    Compiler compiler(*source, location);
    agent::Assembler& program = compiler.program();
    if (!condition.empty()) {
        if (const auto done = compiler.condition(condition); !done) {
            return std::unexpected(done.error());
        }
    }
    if (!hits.always()) {
        std::optional<std::size_t> holds;
        if (!condition.empty()) {
            holds = program.jump(Opcode::IfGoto);
            program.constant(0);
            program.add(Opcode::End);
            program.bind(*holds);
        }
        compiler.hits(hits, counter);
    } else if (condition.empty()) {
        program.constant(1);
    }
    program.add(Opcode::End);
    return program.bytes();
}

} // namespace wdbg::source
