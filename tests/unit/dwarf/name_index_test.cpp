// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "entry_names.h"
#include "fixture.h"
#include "name_index.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>

namespace wdbg::dwarf {
namespace {

namespace dw = llvm::dwarf;

std::optional<NameKind> kind_of(DebugData& data, const llvm::DWARFDie& die) {
    const dw::Tag tag = die.getTag();
    if (tag == dw::DW_TAG_subprogram) {
        return data.ranges_of(die).empty() ? std::nullopt : std::optional(NameKind::Function);
    }
    if (tag == dw::DW_TAG_inlined_subroutine &&
        die.find({dw::DW_AT_low_pc, dw::DW_AT_ranges}).has_value()) {
        return NameKind::InlinedCopy;
    }
    if (tag == dw::DW_TAG_variable && fixed_address(die)) {
        return NameKind::Global;
    }
    if (tag == dw::DW_TAG_enumerator) {
        return NameKind::Enumerator;
    }
    const bool is_type = is_type_tag(tag) && !die.find(dw::DW_AT_declaration);
    return is_type ? std::optional(NameKind::Type) : std::nullopt;
}

/// What the index gives for names; each is asked once: common ones have thousands of entries.
class Answers {
  public:
    explicit Answers(NameIndex& names) : names_(names) {}

    bool have(NameKind kind, std::string_view name, const llvm::DWARFDie& die) {
        const auto [known, is_new] = answers_.try_emplace({kind, std::string(name)});
        if (is_new) {
            for (const llvm::DWARFDie& each : names_.find(kind, name)) {
                known->second.emplace(each.getDwarfUnit(), each.getOffset());
            }
        }
        return known->second.contains({die.getDwarfUnit(), die.getOffset()});
    }

  private:
    using Entries = std::set<std::pair<llvm::DWARFUnit*, std::uint64_t>>;

    NameIndex& names_;
    std::map<std::pair<NameKind, std::string>, Entries> answers_;
};

class NameIndexOf : public testing::TestWithParam<const char*> {};

/// The index is made from the section's bytes; LLVM's own entries say what must be in it.
TEST_P(NameIndexOf, FindsEveryEntryThatLlvmHas) {
    const test::Fixture guest(GetParam());
    if (!guest.built()) {
        GTEST_SKIP() << "build the target 'fixtures'";
    }
    const auto data = DebugData::open(guest.source());
    ASSERT_TRUE(data) << data.error().message;
    NameIndex names(**data);
    Answers answers(names);
    std::array<std::size_t, 5> count{};
    for (std::size_t i = 0; i < (*data)->unit_count(); ++i) {
        llvm::DWARFUnit& unit = (*data)->unit(i);
        for (unsigned n = 0; n < unit.getNumDIEs(); ++n) {
            const llvm::DWARFDie die = unit.getDIEAtIndex(n);
            const auto kind = die.isNULL() ? std::nullopt : kind_of(**data, die);
            const std::string name = kind ? name_of(die) : std::string();
            if (name.empty()) {
                continue;
            }
            ++count.at(static_cast<std::size_t>(*kind));
            ASSERT_TRUE(answers.have(*kind, without_template(name), die)) << name;
            const std::string linkage = linkage_name_of(die);
            if (has_linkage_name(*kind) && !linkage.empty()) {
                ASSERT_TRUE(answers.have(*kind, linkage, die)) << linkage;
            }
        }
    }
    EXPECT_GT(count.at(static_cast<std::size_t>(NameKind::Function)), 0U);
    EXPECT_GT(count.at(static_cast<std::size_t>(NameKind::Type)), 0U);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, NameIndexOf,
                         testing::Values("control-O0.wasm", "control-O2.wasm",
                                         "types-O0-dwarf4.wasm", "types-O0-dwarf5.wasm",
                                         "shapes-O0-typeunits.wasm", "shapes-O0-typeunits4.wasm",
                                         "containers-O2.wasm", "control-O0-split.wasm",
                                         "rust-O2.wasm"));

} // namespace
} // namespace wdbg::dwarf
