// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_info_check.h"
#include "dwarf_sections.h"
#include "line_rows.h"

#include <wdbg/dwarf/coverage.h>

#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/DebugInfo/DWARF/DWARFDie.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <vector>

namespace wdbg::dwarf {
namespace {

struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    [[nodiscard]] bool contains(std::uint64_t address) const {
        return begin <= address && address < end;
    }
};

/// Native code of one wasm function: a function of its own or a copy inlined into another.
struct Scope {
    std::vector<Range> ranges;
    /// Where each wasm local, and each place on the operand stack, is readable.
    std::map<std::uint32_t, std::vector<Range>> locals;
    std::map<std::uint32_t, std::vector<Range>> operands;
};

/// What the native DWARF says, by wasm offsets.
struct NativeCode {
    std::map<std::uint32_t, std::set<std::uint64_t>> addresses; ///< of each wasm offset
    std::map<std::uint32_t, std::vector<Scope>> functions;      ///< by body offset
};

class NativeReader {
  public:
    explicit NativeReader(const DebugFile& file) : file_(file) {}

    Result<NativeCode> read() {
        constexpr std::array<std::string_view, 10> used_sections{
            ".debug_abbrev", ".debug_addr",       ".debug_info",   ".debug_line_str",
            ".debug_loc",    ".debug_loclists",   ".debug_ranges", ".debug_rnglists",
            ".debug_str",    ".debug_str_offsets"};
        SectionMap sections;
        for (const std::string_view name : used_sections) {
            add_section(sections, name, file_.section(name));
        }
        if (Result<void> good = check_debug_info(contents_of(sections, "debug_info"),
                                                 contents_of(sections, "debug_abbrev"));
            !good) {
            return std::unexpected(good.error());
        }
        read_lines();
        const auto ignore = [](llvm::Error error) { llvm::consumeError(std::move(error)); };
        const auto context =
            llvm::DWARFContext::create(sections, file_.is_64() ? 8 : 4, true, ignore, ignore);
        for (const auto& unit : context->compile_units()) {
            walk(unit->getUnitDIE(false), 0);
        }
        return std::move(code_);
    }

  private:
    /// Without what is outside of the text: functions that the code does not have so.
    void read_lines() {
        const std::uint64_t begin = file_.text_address();
        for (const dwarf::LineRow& row :
             read_line_rows({.line = file_.section(".debug_line"),
                             .line_str = file_.section(".debug_line_str"),
                             .str = file_.section(".debug_str"),
                             .address_size = static_cast<std::uint8_t>(file_.is_64() ? 8 : 4)})) {
            if (!row.end_sequence && row.line != 0 && row.address >= begin &&
                row.address - begin < file_.text_size()) {
                code_.addresses[row.line].insert(row.address);
            }
        }
    }

    // NOLINTNEXTLINE(misc-no-recursion): the tree of inlined functions, of our own making
    void walk(const llvm::DWARFDie& die, unsigned depth) {
        constexpr unsigned max_depth = 1000;
        using namespace llvm::dwarf;
        if (depth > max_depth) {
            return;
        }
        for (const llvm::DWARFDie& child : die.children()) {
            if (child.getTag() == DW_TAG_subprogram ||
                child.getTag() == DW_TAG_inlined_subroutine) {
                add_scope(child);
            }
            walk(child, depth + 1);
        }
    }

    void add_scope(const llvm::DWARFDie& die) {
        Scope scope{.ranges = ranges_of(die), .locals = {}, .operands = {}};
        if (scope.ranges.empty()) {
            return;
        }
        for (const llvm::DWARFDie& child : die.children()) {
            add_value(scope.locals, child, "local");
            add_value(scope.operands, child, "operand");
        }
        code_.functions[static_cast<std::uint32_t>(die.getDeclLine())].push_back(std::move(scope));
    }

    static void add_value(std::map<std::uint32_t, std::vector<Range>>& values,
                          const llvm::DWARFDie& die, std::string_view prefix) {
        const char* const name = die.getShortName();
        if (name == nullptr || !std::string_view(name).starts_with(prefix)) {
            return;
        }
        const std::string_view digits = std::string_view(name).substr(prefix.size());
        std::uint32_t index = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), index);
        std::vector<Range>& places = values[index];
        if (die.find(llvm::dwarf::DW_AT_const_value)) {
            places.push_back({0, ~std::uint64_t{0}});
            return;
        }
        auto locations = die.getLocations(llvm::dwarf::DW_AT_location);
        if (!locations) {
            llvm::consumeError(locations.takeError());
            return;
        }
        for (const llvm::DWARFLocationExpression& location : *locations) {
            if (!location.Range) {
                places.push_back({0, ~std::uint64_t{0}});
            } else if (!location.Expr.empty()) {
                places.push_back({location.Range->LowPC, location.Range->HighPC});
            }
        }
    }

    static std::vector<Range> ranges_of(const llvm::DWARFDie& die) {
        std::vector<Range> result;
        auto ranges = die.getAddressRanges();
        if (!ranges) {
            llvm::consumeError(ranges.takeError());
            return result;
        }
        for (const llvm::DWARFAddressRange& range : *ranges) {
            result.push_back({range.LowPC, range.HighPC});
        }
        return result;
    }

    const DebugFile& file_;
    NativeCode code_{};
};

bool contains(const std::vector<Range>& ranges, std::uint64_t address) {
    return std::ranges::any_of(ranges, [=](const Range& each) { return each.contains(address); });
}

class Measure {
  public:
    Measure(const GuestDwarf& guest, const NativeCode& native, const AotDebugInfo& info)
        : guest_(guest)
        , native_(native)
        , info_(info) {
        for (const GuestVariable& variable : guest.variables) {
            variables_[variable.function].push_back(&variable);
        }
    }

    Coverage run() {
        for (const StatementRow& row : guest_.rows) {
            const std::tuple line{row.function, row.file, row.line};
            lines_.insert(line);
            if (!breakable_.contains(line) && is_breakable(row)) {
                breakable_.insert(line);
            }
            const auto place = native_.addresses.lower_bound(row.begin);
            if (place == native_.addresses.end() || place->first >= row.end) {
                continue;
            }
            by_range_.insert(line);
            if (place->first == row.begin) {
                exact_.insert(line);
            }
            for (const std::uint64_t address : place->second) {
                count_variables(row, address);
            }
        }
        result_.lines = lines_.size();
        result_.lines_exact = exact_.size();
        result_.lines_by_range = by_range_.size();
        result_.lines_breakable = breakable_.size();
        return result_;
    }

  private:
    [[nodiscard]] bool is_breakable(const StatementRow& row) const {
        return !info_.breakpoint({row.begin}, {}).sites.empty();
    }

    void count_variables(const StatementRow& row, std::uint64_t address) {
        const auto variables = variables_.find(row.function);
        const auto scopes = native_.functions.find(row.function);
        if (variables == variables_.end() || scopes == native_.functions.end()) {
            return;
        }
        const auto scope = std::ranges::find_if(scopes->second, [address](const Scope& each) {
            return contains(each.ranges, address);
        });
        if (scope == scopes->second.end()) {
            return;
        }
        for (const GuestVariable* const variable : variables->second) {
            if (row.begin < variable->begin || row.begin >= variable->end) {
                continue;
            }
            ++result_.variables;
            result_.variables_on_stack += variable->operands.empty() ? 0U : 1U;
            result_.variables_readable += is_readable(*variable, *scope, address) ? 1U : 0U;
        }
    }

    static bool are_readable(const std::set<std::uint32_t>& needed,
                             const std::map<std::uint32_t, std::vector<Range>>& known,
                             std::uint64_t address) {
        return std::ranges::all_of(needed, [&](std::uint32_t index) {
            const auto places = known.find(index);
            return places != known.end() && contains(places->second, address);
        });
    }

    static bool is_readable(const GuestVariable& variable, const Scope& scope,
                            std::uint64_t address) {
        return are_readable(variable.locals, scope.locals, address) &&
               are_readable(variable.operands, scope.operands, address);
    }

    using Line = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

    const GuestDwarf& guest_;
    const NativeCode& native_;
    const AotDebugInfo& info_;
    std::map<std::uint32_t, std::vector<const GuestVariable*>> variables_{};
    std::set<Line> lines_{};
    std::set<Line> exact_{};
    std::set<Line> by_range_{};
    std::set<Line> breakable_{};
    Coverage result_{};
};

} // namespace

std::string Coverage::json() const {
    const auto field = [](std::string_view name, std::uint64_t value) {
        return "\"" + std::string(name) + "\": " + std::to_string(value);
    };
    return "{" + field("lines", lines) + ", " + field("lines_exact", lines_exact) + ", " +
           field("lines_by_range", lines_by_range) + ", " +
           field("lines_breakable", lines_breakable) + ", " + field("variables", variables) + ", " +
           field("variables_readable", variables_readable) + ", " +
           field("variables_on_stack", variables_on_stack) + ", " + field("text_size", text_size) +
           "}\n";
}

Result<Coverage> measure_coverage(const GuestDwarf& guest, const AotDebugInfo& info) {
    const Result<NativeCode> native = NativeReader(info.file()).read();
    if (!native) {
        return std::unexpected(native.error());
    }
    Coverage coverage = Measure(guest, *native, info).run();
    coverage.text_size = info.file().text_size();
    return coverage;
}

} // namespace wdbg::dwarf
