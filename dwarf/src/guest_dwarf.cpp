// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_data.h"

#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/wasm/stack_types.h>

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDie.h>
#if __has_include(<llvm/DebugInfo/DWARF/LowLevel/DWARFExpression.h>)
#include <llvm/DebugInfo/DWARF/LowLevel/DWARFExpression.h>
#else
#include <llvm/DebugInfo/DWARF/DWARFExpression.h>
#endif
#include <llvm/Support/DataExtractor.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace wdbg::dwarf {
namespace {

/// Kinds of DW_OP_WASM_location (LLVM's DWARF for WebAssembly).
constexpr std::uint64_t in_local = 0;
constexpr std::uint64_t on_operand_stack = 2;

struct Needs {
    std::set<std::uint32_t> locals;
    std::set<std::uint32_t> operands;
};

using Range = std::pair<std::uint64_t, std::uint64_t>; ///< DWARF's code addresses

/// Cuts the ranges of one function's variables to where what they need is on the operand stack.
class OperandRanges {
  public:
    explicit OperandRanges(std::vector<GuestVariable*> variables) : waiting_(std::move(variables)) {
        std::ranges::sort(waiting_, std::ranges::greater{}, &GuestVariable::begin);
    }

    /// Leaves them as they are behind an instruction that cannot be followed.
    void cut(const wasm::Module& module, std::uint32_t function) {
        [[maybe_unused]] const auto walked = wasm::walk_operand_stacks(
            module, function,
            [this](const wasm::Instruction& instruction, const wasm::OperandStack& stack) {
                end_those_gone(instruction.offset.value, stack);
                begin_those_at(instruction.offset.value, stack);
                return !waiting_.empty() || !known_.empty();
            });
    }

  private:
    struct Known {
        GuestVariable* variable = nullptr;
        std::vector<CodeOffset> makers; ///< of its operands
    };

    static std::optional<std::vector<CodeOffset>> makers_of(const GuestVariable& variable,
                                                            const wasm::OperandStack& stack) {
        std::vector<CodeOffset> makers;
        for (const std::uint32_t index : variable.operands) {
            if (index >= stack.makers.size()) {
                return std::nullopt;
            }
            makers.push_back(stack.makers[index]);
        }
        return makers;
    }

    void end_those_gone(std::uint32_t offset, const wasm::OperandStack& stack) {
        std::erase_if(known_, [&](const Known& each) {
            if (offset >= each.variable->end) {
                return true;
            }
            if (makers_of(*each.variable, stack) != each.makers) {
                each.variable->end = offset;
                return true;
            }
            return false;
        });
    }

    void begin_those_at(std::uint32_t offset, const wasm::OperandStack& stack) {
        for (; !waiting_.empty() && waiting_.back()->begin <= offset; waiting_.pop_back()) {
            GuestVariable& variable = *waiting_.back();
            if (auto makers = makers_of(variable, stack)) {
                known_.push_back({.variable = &variable, .makers = std::move(*makers)});
            } else {
                variable.end = variable.begin; // nothing is there
            }
        }
    }

    std::vector<GuestVariable*> waiting_; ///< the next one last
    std::vector<Known> known_{};
};

class Reader {
  public:
    explicit Reader(DebugData& data)
        : data_(data)
        , module_(data.image().module())
        , code_start_(module_.code_section_start().value_or(CodeOffset{}).value) {}

    GuestDwarf read() {
        for (std::size_t each = 0; each < data_.unit_count(); ++each) {
            read_lines(data_.line_unit(each));
            walk(data_.unit(each).getUnitDIE(false), {}, nullptr, {});
            if (const std::string& problem = data_.split_problem(each); !problem.empty()) {
                result_.problems.push_back(problem);
            }
        }
        std::ranges::sort(result_.rows, {}, &StatementRow::begin);
        end_with_operands();
        return std::move(result_);
    }

  private:
    /// nullptr for the addresses of functions that the linker dropped.
    const wasm::FunctionBody* body_at(std::uint64_t address) const {
        return address > UINT32_MAX - code_start_
                   ? nullptr
                   : module_.function_containing(CodeOffset{offset_of(address)});
    }

    [[nodiscard]] std::uint32_t offset_of(std::uint64_t address) const {
        return static_cast<std::uint32_t>(address) + code_start_;
    }

    void read_lines(llvm::DWARFUnit& unit) {
        const llvm::DWARFDebugLine::LineTable* const table =
            data_.context().getLineTableForUnit(&unit);
        if (table == nullptr) {
            return;
        }
        const std::vector<llvm::DWARFDebugLine::Row>& rows = table->Rows;
        const std::size_t first = result_.rows.size();
        std::vector<StatementRow> others;
        for (std::size_t each = 0; each + 1 < rows.size(); ++each) {
            const llvm::DWARFDebugLine::Row& row = rows[each];
            std::size_t next = each + 1;
            while (next < rows.size() && !rows[next - 1].EndSequence &&
                   rows[next].Address.Address == row.Address.Address) {
                ++next;
            }
            const wasm::FunctionBody* const body = body_at(row.Address.Address);
            if (row.EndSequence || row.Line == 0 || body == nullptr || next >= rows.size()) {
                continue;
            }
            const std::uint32_t begin =
                std::max(offset_of(row.Address.Address), body->first_instruction.value);
            const std::uint32_t end =
                std::min(offset_of(rows[next].Address.Address), body->end.value);
            (row.IsStmt ? result_.rows : others)
                .push_back(
                    {.begin = begin,
                     .end = std::max(end, begin + 1), // a row that ends there stands for it, too
                     .function = body->begin.value,
                     .line = row.Line,
                     .file = file_number(*table, row.File)});
        }
        add_lines_without_statement(first, others);
    }

    /// LLDB breaks on them as on others.
    void add_lines_without_statement(std::size_t first, const std::vector<StatementRow>& others) {
        const auto line_of = [](const StatementRow& row) {
            return std::tuple(row.function, row.file, row.line);
        };
        std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> lines;
        for (std::size_t each = first; each < result_.rows.size(); ++each) {
            lines.insert(line_of(result_.rows[each]));
        }
        std::ranges::copy_if(others, std::back_inserter(result_.rows),
                             [&](const auto& row) { return !lines.contains(line_of(row)); });
    }

    std::uint32_t file_number(const llvm::DWARFDebugLine::LineTable& table, std::uint64_t file) {
        std::string path;
        table.getFileNameByIndex(
            file, "", llvm::DILineInfoSpecifier::FileLineInfoKind::AbsoluteFilePath, path);
        return files_.try_emplace(path, static_cast<std::uint32_t>(files_.size())).first->second;
    }

    Needs needs_of(llvm::ArrayRef<std::uint8_t> bytes, const Needs* frame, llvm::DWARFUnit& unit) {
        Needs needs;
        const llvm::DataExtractor data(bytes, true, unit.getAddressByteSize());
        const llvm::DWARFExpression expression(data, unit.getAddressByteSize());
        for (const auto& operation : expression) {
            if (operation.getCode() == llvm::dwarf::DW_OP_WASM_location) {
                const std::uint64_t kind = operation.getRawOperand(0);
                const auto index = static_cast<std::uint32_t>(operation.getRawOperand(1));
                if (kind == in_local) {
                    needs.locals.insert(index);
                } else if (kind == on_operand_stack) {
                    needs.operands.insert(index);
                }
            } else if (operation.getCode() == llvm::dwarf::DW_OP_fbreg && frame != nullptr) {
                needs.locals.insert(frame->locals.begin(), frame->locals.end());
                needs.operands.insert(frame->operands.begin(), frame->operands.end());
            }
        }
        return needs;
    }

    void add_variable(const llvm::DWARFDie& die, const std::vector<Range>& scope,
                      const Needs* frame) {
        llvm::Expected<llvm::DWARFLocationExpressionsVector> locations =
            die.getLocations(llvm::dwarf::DW_AT_location);
        if (!locations) {
            llvm::consumeError(locations.takeError());
            return;
        }
        for (const llvm::DWARFLocationExpression& location : *locations) {
            const Needs needs = needs_of(location.Expr, frame, *die.getDwarfUnit());
            if (location.Range) {
                add_range({location.Range->LowPC, location.Range->HighPC}, needs);
                continue;
            }
            for (const Range& range : scope) {
                add_range(range, needs);
            }
        }
    }

    void add_range(const Range& range, const Needs& needs) {
        const wasm::FunctionBody* const body = body_at(range.first);
        if (body == nullptr || range.second <= range.first) {
            return;
        }
        result_.named_locals[body->begin.value].insert(needs.locals.begin(), needs.locals.end());
        result_.variables.push_back({.begin = offset_of(range.first),
                                     .end = offset_of(range.second),
                                     .listed_end = offset_of(range.second),
                                     .function = body->begin.value,
                                     .locals = needs.locals,
                                     .operands = needs.operands});
    }

    static std::vector<Range> ranges_of(const llvm::DWARFDie& die) {
        std::vector<Range> result;
        llvm::Expected<llvm::DWARFAddressRangesVector> ranges = die.getAddressRanges();
        if (!ranges) {
            llvm::consumeError(ranges.takeError());
            return result;
        }
        for (const llvm::DWARFAddressRange& range : *ranges) {
            result.emplace_back(range.LowPC, range.HighPC);
        }
        return result;
    }

    Needs frame_base(const llvm::DWARFDie& die, const std::vector<Range>& ranges) {
        Needs needs;
        if (const auto form = die.find(llvm::dwarf::DW_AT_frame_base)) {
            if (const auto block = form->getAsBlock()) {
                needs = needs_of(*block, nullptr, *die.getDwarfUnit());
            }
        }
        for (const Range& range : ranges) {
            if (const wasm::FunctionBody* const body = body_at(range.first)) {
                result_.frame_locals[body->begin.value].insert(needs.locals.begin(),
                                                               needs.locals.end());
                result_.named_locals[body->begin.value].insert(needs.locals.begin(),
                                                               needs.locals.end());
            }
        }
        return needs;
    }

    // NOLINTNEXTLINE(misc-no-recursion): the tree of scopes; its depth is bounded below
    void walk(const llvm::DWARFDie& die, std::vector<Range> scope, const Needs* frame,
              unsigned depth) {
        constexpr unsigned max_depth = 500;
        using namespace llvm::dwarf;
        if (!die.isValid() || depth > max_depth) {
            return;
        }
        Needs own_frame;
        const Tag tag = die.getTag();
        if (tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block ||
            tag == DW_TAG_inlined_subroutine) {
            if (std::vector<Range> own = ranges_of(die); !own.empty()) {
                scope = std::move(own);
            }
        }
        if (tag == DW_TAG_subprogram) {
            own_frame = frame_base(die, scope);
            frame = &own_frame;
        }
        if ((tag == DW_TAG_variable || tag == DW_TAG_formal_parameter) && frame != nullptr) {
            add_variable(die, scope, frame);
        }
        for (const llvm::DWARFDie& child : die.children()) {
            walk(child, scope, frame, depth + 1);
        }
    }

    /// LLVM ends the ranges of values on the operand stack late: it does not know when they are
    /// taken from there.
    void end_with_operands() {
        std::map<std::uint32_t, std::vector<GuestVariable*>> by_function;
        for (GuestVariable& variable : result_.variables) {
            if (!variable.operands.empty()) {
                by_function[variable.function].push_back(&variable);
            }
        }
        for (const auto& [begin, variables] : by_function) {
            if (const wasm::FunctionBody* const body =
                    module_.function_containing(CodeOffset{begin})) {
                OperandRanges(variables).cut(module_, body->index);
            }
        }
    }

    DebugData& data_;
    const wasm::Module& module_;
    std::uint32_t code_start_;
    GuestDwarf result_{};
    std::map<std::string, std::uint32_t> files_{};
};

} // namespace

Result<GuestDwarf> read_guest_dwarf(const ModuleSource& source) {
    auto data = DebugData::open(source);
    if (!data) {
        return std::unexpected(data.error());
    }
    GuestDwarf result = Reader(**data).read();
    result.file = (*data)->image().debug_file();
    return result;
}

} // namespace wdbg::dwarf
