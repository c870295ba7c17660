// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frame_rules.h"

#include "dwarf_sections.h"
#include "frame_check.h"

#include <llvm/DebugInfo/DWARF/DWARFDataExtractor.h>

#include <algorithm>
#include <set>
#include <utility>

namespace wdbg::dwarf {
namespace {

using llvm::dwarf::UnwindLocation;

FrameRule rule_of(const UnwindLocation& location) {
    FrameRule rule{.in_memory = location.getDereference()};
    switch (location.getLocation()) {
    case UnwindLocation::Same:
        rule.kind = FrameRule::Kind::SameValue;
        break;
    case UnwindLocation::CFAPlusOffset:
        rule.kind = FrameRule::Kind::CfaOffset;
        rule.offset = location.getOffset();
        break;
    case UnwindLocation::RegPlusOffset:
        rule.kind = location.hasAddressSpace() ? FrameRule::Kind::Undefined
                                               : FrameRule::Kind::RegisterOffset;
        rule.number = location.getRegister();
        rule.offset = location.getOffset();
        break;
    case UnwindLocation::DWARFExpr: {
        rule.kind = FrameRule::Kind::Expression;
        const llvm::StringRef bytes = location.getDWARFExpressionBytes()->getData();
        rule.expression.assign(bytes.bytes_begin(), bytes.bytes_end());
        break;
    }
    case UnwindLocation::Constant:
        rule.kind = FrameRule::Kind::Constant;
        rule.offset = location.getConstant();
        break;
    default:
        break;
    }
    return rule;
}

llvm::Expected<llvm::dwarf::UnwindTable> unwind_table(const llvm::dwarf::FDE& description) {
#if LLVM_VERSION_MAJOR >= 22
    return llvm::dwarf::createUnwindTable(&description);
#else
    return llvm::dwarf::UnwindTable::create(&description);
#endif
}

/// CFA − stack pointer at a row, if its rule is that simple.
std::optional<std::int64_t> depth_of(const FrameRow& row, std::uint32_t stack_pointer) {
    const FrameRule& cfa = row.cfa;
    return cfa.kind == FrameRule::Kind::RegisterOffset && !cfa.in_memory &&
                   cfa.number == stack_pointer
               ? std::optional(cfa.offset)
               : std::nullopt;
}

/// Where a function saves registers, the rows that say so are the body's; arguments that a call
/// pushes make some of them deeper for a while. Functions that save none make their frame by one
/// instruction; there, pushed arguments look alike, so that only the deepest depth counts, and only
/// if it holds for most of the code.
class BodyDepth {
  public:
    BodyDepth(const FrameTable& table, const MachineTraits& machine)
        : table_(table)
        , machine_(machine) {
        for (const FrameRow& row : table.rows) {
            saved_ = std::max(saved_, row.registers.size());
        }
    }

    std::optional<std::int64_t> find() {
        if (table_.rows.empty()) {
            return std::nullopt;
        }
        const bool saves = saved_ > table_.rows.front().registers.size();
        for (std::size_t each = 0; each < table_.rows.size(); ++each) {
            const FrameRow& row = table_.rows[each];
            const auto depth = depth_of(row, machine_.stack_pointer);
            if (!depth) {
                return std::nullopt;
            }
            if (saves && row.registers.size() < saved_) {
                continue;
            }
            if (saves && machine_.rules_end_prologue) {
                return depth;
            }
            count(*depth, each);
        }
        return choose();
    }

  private:
    void count(std::int64_t depth, std::size_t row) {
        const TextOffset end =
            row + 1 < table_.rows.size() ? table_.rows[row + 1].begin : table_.range.end;
        const std::uint32_t length = end.value - table_.rows[row].begin.value;
        lengths_[depth] += length;
        whole_ += length;
    }

    [[nodiscard]] std::optional<std::int64_t> choose() const {
        const auto longest =
            std::ranges::max_element(lengths_, {}, [](const auto& each) { return each.second; });
        const bool deepest = longest != lengths_.end() && std::next(longest) == lengths_.end();
        return lengths_.size() == 1 || (deepest && longest->second > whole_ / 2)
                   ? std::optional(longest->first)
                   : std::nullopt;
    }

    const FrameTable& table_;
    const MachineTraits& machine_;
    std::size_t saved_ = 0;
    std::map<std::int64_t, std::uint32_t> lengths_{};
    std::uint32_t whole_ = 0;
};

} // namespace

const FrameRow* FrameTable::row_at(TextOffset pc) const {
    const auto behind = std::ranges::upper_bound(rows, pc, {}, &FrameRow::begin);
    return behind == rows.begin() || !range.contains(pc) ? nullptr : &*std::prev(behind);
}

FrameSource frame_source_of(const DebugFile& file) {
    const bool is_eh = !file.section(".eh_frame").empty();
    const char* const name = is_eh ? ".eh_frame" : ".debug_frame";
    return {.bytes = file.section(name),
            .address = file.section_address(name),
            .is_eh = is_eh,
            .text_address = file.text_address(),
            .text_size = file.text_size()};
}

FrameRules::FrameRules(const FrameSource& source, const MachineTraits& machine)
    : source_(source)
    , machine_(machine) {
}

void FrameRules::read() const {
    frames_ =
        std::make_unique<llvm::DWARFDebugFrame>(machine_.arch, source_.is_eh, source_.address);
    const llvm::DWARFDataExtractor data(to_string_ref(source_.bytes), true, machine_.is_64 ? 8 : 4);
    if (const auto sound = check_frames(to_string_ref(source_.bytes), source_.is_eh); !sound) {
        problem_ = sound.error().message;
        return;
    }
    if (llvm::Error error = frames_->parse(data)) {
        problem_ = llvm::toString(std::move(error));
    }
    for (const llvm::dwarf::FrameEntry& each : frames_->entries()) {
        const auto* const description = llvm::dyn_cast<llvm::dwarf::FDE>(&each);
        if (description == nullptr || description->getLinkedCIE() == nullptr) {
            continue;
        }
        const std::uint64_t begin = description->getInitialLocation() - source_.text_address;
        const std::uint64_t size = description->getAddressRange();
        if (begin > source_.text_size || size > source_.text_size - begin) {
            continue;
        }
        entries_.push_back({.range = {TextOffset{static_cast<std::uint32_t>(begin)},
                                      TextOffset{static_cast<std::uint32_t>(begin + size)}},
                            .description = description});
    }
    std::ranges::sort(entries_, {}, &Entry::range);
}

const FrameRules::Entry* FrameRules::entry_at(TextOffset pc) const {
    const auto behind = std::ranges::upper_bound(
        entries_, pc, {}, [](const Entry& each) { return each.range.begin; });
    return behind == entries_.begin() || !std::prev(behind)->range.contains(pc)
               ? nullptr
               : &*std::prev(behind);
}

Result<const FrameTable*> FrameRules::table_at(TextOffset pc) const {
    const std::lock_guard lock(mutex_);
    if (frames_ == nullptr) {
        read();
    }
    const Entry* const entry = entry_at(pc);
    if (entry == nullptr) {
        return problem_.empty() ? fail(ErrorCode::Unavailable, "no unwind table covers this code")
                                : fail(ErrorCode::Malformed, "damaged unwind tables: " + problem_);
    }
    std::unique_ptr<FrameTable>& table = tables_[entry->range.begin];
    if (table == nullptr) {
        Result<std::unique_ptr<FrameTable>> made = make_table(*entry);
        if (!made) {
            return std::unexpected(made.error());
        }
        table = std::move(*made);
    }
    return table.get();
}

Result<std::unique_ptr<FrameTable>> FrameRules::make_table(const Entry& entry) const {
    auto unwind = unwind_table(*entry.description);
    if (!unwind) {
        return fail(ErrorCode::Malformed,
                    "damaged unwind table: " + llvm::toString(unwind.takeError()));
    }
    auto table = std::make_unique<FrameTable>();
    table->range = entry.range;
    table->return_address =
        static_cast<std::uint32_t>(entry.description->getLinkedCIE()->getReturnAddressRegister());
    for (const llvm::dwarf::UnwindRow& row : *unwind) {
        const std::uint64_t begin =
            (row.hasAddress() ? row.getAddress() : 0) - source_.text_address;
        if (begin >= entry.range.end.value) {
            continue;
        }
        FrameRow made{.begin = TextOffset{static_cast<std::uint32_t>(begin)},
                      .cfa = rule_of(row.getCFAValue()),
                      .registers = {}};
        for (const std::uint32_t number : row.getRegisterLocations().getRegisters()) {
            made.registers.emplace(
                number, rule_of(*row.getRegisterLocations().getRegisterLocation(number)));
        }
        const auto place = std::ranges::upper_bound(table->rows, made.begin, {}, &FrameRow::begin);
        table->rows.insert(place, std::move(made));
    }
    table->body_depth = BodyDepth(*table, machine_).find();
    return table;
}

} // namespace wdbg::dwarf
