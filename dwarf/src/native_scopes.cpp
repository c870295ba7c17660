// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "native_scopes.h"

#include "debug_info_check.h"

#include <llvm/DebugInfo/DWARF/DWARFDie.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

namespace wdbg::dwarf {
namespace {

namespace dw = llvm::dwarf;

constexpr std::array<std::string_view, 10> used_sections{
    ".debug_abbrev", ".debug_addr", ".debug_info",   ".debug_line_str", ".debug_loclists",
    ".debug_line",   ".debug_loc",  ".debug_ranges", ".debug_rnglists", ".debug_str"};

void ignore(llvm::Error error) {
    llvm::consumeError(std::move(error));
}

std::optional<std::uint32_t> number_behind(std::string_view text, std::string_view prefix) {
    std::uint32_t number = 0;
    if (!text.starts_with(prefix)) {
        return std::nullopt;
    }
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + prefix.size(), end, number);
    return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

std::string_view text_of(const char* text) {
    return text == nullptr ? std::string_view{} : std::string_view(text);
}

std::optional<ValueType> type_named(std::string_view name) {
    struct Row {
        std::string_view name;
        ValueType type;
    };

    constexpr std::array rows{Row{"i32", ValueType::I32},
                              Row{"i64", ValueType::I64},
                              Row{"f32", ValueType::F32},
                              Row{"f64", ValueType::F64},
                              Row{"v128", ValueType::V128},
                              Row{"funcref", ValueType::FuncRef},
                              Row{"externref", ValueType::ExternRef}};
    const auto* const found = std::ranges::find(rows, name, &Row::name);
    return found == rows.end() ? std::nullopt : std::optional(found->type);
}

/// Reads one function's entries.
class FunctionReader {
  public:
    FunctionReader(const DebugFile& file, FunctionScopes& to) : file_(file), to_(to) {}

    void read(const llvm::DWARFDie& die) {
        if (const auto base = die.find(dw::DW_AT_frame_base)) {
            if (const auto block = base->getAsBlock()) {
                to_.frame_base.assign(block->begin(), block->end());
            }
        }
        add_scope(die, std::nullopt, 0);
    }

  private:
    static constexpr unsigned max_depth = 500;

    // NOLINTNEXTLINE(misc-no-recursion): the tree of inlined functions; its depth is bounded
    void add_scope(const llvm::DWARFDie& die, std::optional<std::uint32_t> parent, unsigned depth) {
        const std::optional<std::uint32_t> function = function_index(die);
        if (!function || depth > max_depth) {
            return;
        }
        const auto index = static_cast<std::uint32_t>(to_.scopes.size());
        const auto call = dw::toUnsigned(die.find(dw::DW_AT_call_line), 0);
        to_.scopes.push_back({.function = *function,
                              .begin = CodeOffset{static_cast<std::uint32_t>(die.getDeclLine())},
                              .parent = parent,
                              .call = CodeOffset{static_cast<std::uint32_t>(call)},
                              .ranges = ranges_of(die)});
        add_children(die, index, depth);
        std::ranges::sort(to_.scopes[index].locals, {}, &NativeVariable::index);
        std::ranges::sort(to_.scopes[index].operands, {}, &NativeVariable::index);
    }

    // NOLINTNEXTLINE(misc-no-recursion): as above
    void add_children(const llvm::DWARFDie& die, std::uint32_t scope, unsigned depth) {
        for (const llvm::DWARFDie& child : die.children()) {
            switch (child.getTag()) {
            case dw::DW_TAG_inlined_subroutine:
                add_scope(child, scope, depth + 1);
                break;
            case dw::DW_TAG_lexical_block:
                if (depth < max_depth) {
                    add_children(child, scope, depth + 1);
                }
                break;
            case dw::DW_TAG_formal_parameter:
            case dw::DW_TAG_variable:
                add_variable(child, scope);
                break;
            default:
                break;
            }
        }
    }

    [[nodiscard]] std::optional<std::uint32_t> function_index(const llvm::DWARFDie& die) const {
        const std::string_view name = text_of(die.getLinkageName());
        auto index = number_behind(name, "aot_func#");
        if (!index) {
            index = number_behind(name, "aot_func_internal#");
        }
        if (!index || *index > UINT32_MAX - file_.imported_function_count()) {
            return std::nullopt;
        }
        return *index + file_.imported_function_count();
    }

    [[nodiscard]] std::optional<TextRange> to_text(std::uint64_t low, std::uint64_t high) const {
        const std::uint64_t base = file_.text_address();
        if (low < base || high <= low || high - base > file_.text_size()) {
            return std::nullopt;
        }
        return TextRange{TextOffset{static_cast<std::uint32_t>(low - base)},
                         TextOffset{static_cast<std::uint32_t>(high - base)}};
    }

    [[nodiscard]] std::vector<TextRange> ranges_of(const llvm::DWARFDie& die) const {
        std::vector<TextRange> result;
        auto ranges = die.getAddressRanges();
        if (!ranges) {
            ignore(ranges.takeError());
            return result;
        }
        for (const llvm::DWARFAddressRange& each : *ranges) {
            if (const auto range = to_text(each.LowPC, each.HighPC)) {
                result.push_back(*range);
            }
        }
        return result;
    }

    void add_variable(const llvm::DWARFDie& die, std::uint32_t scope) {
        const std::string_view name = text_of(die.getShortName());
        const std::optional<std::uint32_t> local = number_behind(name, "local");
        const std::optional<std::uint32_t> operand = number_behind(name, "operand");
        if (!local && !operand && name != "exec_env") {
            return;
        }
        NativeVariable variable{.index = local.value_or(operand.value_or(0))};
        const auto type = die.getAttributeValueAsReferencedDie(dw::DW_AT_type);
        if (const llvm::DWARFDie origin =
                type ? type
                     : die.getAttributeValueAsReferencedDie(dw::DW_AT_abstract_origin)
                           .getAttributeValueAsReferencedDie(dw::DW_AT_type)) {
            variable.type = type_named(text_of(origin.getShortName()));
        }
        read_constant(die, variable);
        read_places(die, variable);
        if (local) {
            to_.scopes[scope].locals.push_back(std::move(variable));
        } else if (operand) {
            to_.scopes[scope].operands.push_back(std::move(variable));
        } else {
            to_.scopes[scope].environment = std::move(variable);
        }
    }

    static void read_constant(const llvm::DWARFDie& die, NativeVariable& variable) {
        const auto form = die.find(dw::DW_AT_const_value);
        if (!form) {
            return;
        }
        ComputedPlace place;
        if (const auto block = form->getAsBlock()) {
            std::memcpy(place.bytes.data(), block->data(),
                        std::min(block->size(), place.bytes.size()));
        } else if (const auto number = form->getAsSignedConstant()) {
            std::memcpy(place.bytes.data(), &*number, sizeof *number);
        } else if (const auto positive = form->getAsUnsignedConstant()) {
            std::memcpy(place.bytes.data(), &*positive, sizeof *positive);
        } else {
            return;
        }
        variable.constant = place;
    }

    void read_places(const llvm::DWARFDie& die, NativeVariable& variable) const {
        if (!die.find(dw::DW_AT_location)) {
            return;
        }
        auto locations = die.getLocations(dw::DW_AT_location);
        if (!locations) {
            ignore(locations.takeError());
            return;
        }
        for (const llvm::DWARFLocationExpression& each : *locations) {
            variable.whole_function = !each.Range;
            const auto range =
                each.Range ? to_text(each.Range->LowPC, each.Range->HighPC) : to_.range;
            if (range) {
                variable.places.push_back(
                    {.range = *range, .expression = {each.Expr.begin(), each.Expr.end()}});
            }
        }
    }

    const DebugFile& file_;
    FunctionScopes& to_;
};

/// Gives each part of the text its innermost scope: parents first, children over them.
void make_segments(FunctionScopes& function) {
    constexpr std::size_t max_work = 50'000'000; // only a damaged file needs more
    std::vector<TextOffset> bounds{function.range.begin};
    for (const NativeScope& scope : function.scopes) {
        for (const TextRange& range : scope.ranges) {
            bounds.push_back(range.begin);
            bounds.push_back(range.end);
        }
    }
    std::ranges::sort(bounds);
    const auto same = std::ranges::unique(bounds);
    bounds.erase(same.begin(), same.end());
    std::vector<std::uint32_t> owner(bounds.size());
    std::size_t work = 0;
    for (std::uint32_t each = 1; each < function.scopes.size(); ++each) {
        for (const TextRange& range : function.scopes[each].ranges) {
            const auto begin = std::ranges::lower_bound(bounds, range.begin) - bounds.begin();
            const auto end = std::ranges::lower_bound(bounds, range.end) - bounds.begin();
            work += static_cast<std::size_t>(end - begin);
            if (work > max_work) {
                return;
            }
            std::fill(owner.begin() + begin, owner.begin() + end, each);
        }
    }
    for (std::size_t each = 0; each < bounds.size(); ++each) {
        if (function.segments.empty() || function.segments.back().scope != owner[each]) {
            function.segments.push_back({.begin = bounds[each], .scope = owner[each]});
        }
    }
}

} // namespace

std::uint32_t FunctionScopes::scope_at(TextOffset pc) const {
    const auto behind = std::ranges::upper_bound(segments, pc, {}, &Segment::begin);
    return behind == segments.begin() ? 0 : std::prev(behind)->scope;
}

NativeScopes::NativeScopes(const DebugFile& file) : file_(file) {
}

void NativeScopes::read() const {
    is_read_ = true;
    for (const std::string_view name : used_sections) {
        add_section(sections_, name, file_.section(name));
    }
    add_section(sections_, ".debug_str_offsets", file_.section(".debug_str_offsets"));
    if (!check_debug_info(contents_of(sections_, "debug_info"),
                          contents_of(sections_, "debug_abbrev"))) {
        return;
    }
    context_ = llvm::DWARFContext::create(sections_, file_.is_64() ? 8 : 4, true, ignore, ignore);
    for (const auto& unit : context_->compile_units()) {
        const llvm::DWARFDie root = unit->getUnitDIE(false);
        if (!root) {
            continue;
        }
        for (const llvm::DWARFDie& die : root.children()) {
            if (die.getTag() == dw::DW_TAG_subprogram) {
                add_function(die);
            }
        }
    }
    std::ranges::sort(functions_, {}, &Function::range);
    std::ranges::sort(begins_);
}

void NativeScopes::add_function(const llvm::DWARFDie& die) const {
    if (const std::uint64_t line = die.getDeclLine(); line != 0) {
        begins_.push_back(static_cast<std::uint32_t>(line));
    }
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::uint64_t section = 0;
    if (!die.getLowAndHighPC(low, high, section) || low < file_.text_address() || high <= low ||
        high - file_.text_address() > file_.text_size()) {
        return;
    }
    const auto begin = static_cast<std::uint32_t>(low - file_.text_address());
    const auto end = static_cast<std::uint32_t>(high - file_.text_address());
    functions_.push_back({.range = {TextOffset{begin}, TextOffset{end}}, .die = die});
}

const FunctionScopes* NativeScopes::at(TextOffset pc) const {
    const std::lock_guard lock(mutex_);
    if (!is_read_) {
        read();
    }
    const auto behind = std::ranges::upper_bound(
        functions_, pc, {}, [](const Function& each) { return each.range.begin; });
    if (behind == functions_.begin() || !std::prev(behind)->range.contains(pc)) {
        return nullptr;
    }
    const Function& function = *std::prev(behind);
    std::unique_ptr<FunctionScopes>& scopes = scopes_[function.range.begin];
    if (scopes == nullptr) {
        scopes = make_scopes(function);
    }
    return scopes->scopes.empty() ? nullptr : scopes.get();
}

std::unique_ptr<FunctionScopes> NativeScopes::make_scopes(const Function& function) const {
    auto scopes = std::make_unique<FunctionScopes>();
    scopes->range = function.range;
    FunctionReader(file_, *scopes).read(function.die);
    make_segments(*scopes);
    return scopes;
}

std::span<const std::uint32_t> NativeScopes::body_begins() const {
    const std::lock_guard lock(mutex_);
    if (!is_read_) {
        read();
    }
    return begins_;
}

std::optional<BaseType> NativeScopes::base_type(std::uint64_t offset) const {
    const std::lock_guard lock(mutex_);
    if (context_ == nullptr) {
        return std::nullopt;
    }
    for (const auto& unit : context_->compile_units()) {
        const llvm::DWARFDie die = unit->getDIEForOffset(unit->getOffset() + offset);
        if (!die || die.getTag() != dw::DW_TAG_base_type) {
            continue;
        }
        const std::string_view name = text_of(die.getShortName());
        const std::uint64_t bytes = dw::toUnsigned(die.find(dw::DW_AT_byte_size), 0);
        const std::uint64_t encoding = dw::toUnsigned(die.find(dw::DW_AT_encoding), 0);
        const bool is_signed = encoding == dw::DW_ATE_signed || encoding == dw::DW_ATE_signed_char;
        if (bytes == 0 || bytes > sizeof(std::uint64_t) ||
            (!is_signed && encoding != dw::DW_ATE_unsigned &&
             encoding != dw::DW_ATE_unsigned_char && encoding != dw::DW_ATE_boolean)) {
            return std::nullopt;
        }
        // LLVM names the width in bits, which may be less: "DW_ATE_signed_1".
        const auto named = number_behind(name, is_signed ? "DW_ATE_signed_" : "DW_ATE_unsigned_");
        const std::uint64_t bits = named && *named > 0 && *named <= bytes * 8 ? *named : bytes * 8;
        return BaseType{.bits = static_cast<std::uint8_t>(bits), .is_signed = is_signed};
    }
    return std::nullopt;
}

} // namespace wdbg::dwarf
