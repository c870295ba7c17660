// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fixture.h"

#include <wdbg/dwarf/guest_dwarf.h>
#include <wdbg/dwarf/llvm_source_info.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace wdbg::test {
namespace {

using namespace dwarf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

/// A frame whose locals and globals are all `base`, with no memory.
class FlatFrame final : public FrameState {
  public:
    explicit FlatFrame(std::uint32_t base) : base_(base) {}

    [[nodiscard]] Result<Value> local(std::uint32_t) const override { return value(); }

    [[nodiscard]] Result<Value> global(std::uint32_t) const override { return value(); }

    [[nodiscard]] Result<Value> stack_value(std::uint32_t) const override { return value(); }

    [[nodiscard]] Result<void> read_memory(std::uint64_t, std::span<std::byte>) const override {
        return fail(ErrorCode::OutOfRange, "no memory");
    }

  private:
    [[nodiscard]] Value value() const { return Value::of(ValueType::I32, base_); }

    std::uint32_t base_;
};

class SourceInfoTest : public testing::Test {
  protected:
    /// False if the fixture is not built.
    bool open(const std::string& name) {
        fixture_ = std::make_unique<Fixture>(name);
        if (!fixture_->built()) {
            return false;
        }
        auto opened = make_source_info(fixture_->source());
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
        info_ = opened ? std::move(*opened) : nullptr;
        return info_ != nullptr;
    }

    std::vector<LineLocation> marker(const std::string& source, const std::string& name) {
        const auto files = info_->find_files(source);
        return files.empty() ? std::vector<LineLocation>{}
                             : info_->find_line(files.front(), marked_line(source, name));
    }

    std::vector<std::string> names_at(CodeOffset offset, std::uint32_t level = 0) {
        std::vector<std::string> names;
        for (const Variable& each : info_->variables_at(offset, AddressKind::Instruction, level)) {
            names.push_back(each.name);
        }
        return names;
    }

    TypePointer type_of(CodeOffset offset, const std::string& name) {
        for (const Variable& each : info_->variables_at(offset, AddressKind::Instruction, 0)) {
            if (each.name == name) {
                return info_->type(each.type).value_or(nullptr);
            }
        }
        return nullptr;
    }

    std::unique_ptr<Fixture> fixture_;
    std::unique_ptr<SourceInfo> info_;
};

#define OPEN_OR_SKIP(name)                                                                         \
    if (!open(name)) {                                                                             \
        GTEST_SKIP() << (name) << " is not built";                                                 \
    }

TEST_F(SourceInfoTest, BindsALineToOneLocationOnThatLine) {
    OPEN_OR_SKIP("types-O0.wasm");
    const auto found = marker("c/types.c", "scalars");
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].line, marked_line("c/types.c", "scalars"));
    const auto row = info_->row_at(found[0].offset);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->range.begin, found[0].offset);
    EXPECT_TRUE(row->is_statement);
}

TEST_F(SourceInfoTest, GivesTemplatesOneLocationForEachInstance) {
    OPEN_OR_SKIP("shapes-O0.wasm");
    EXPECT_THAT(marker("cpp/shapes.cpp", "sum"), SizeIs(2));
    EXPECT_THAT(marker("cpp/shapes.cpp", "repeat"), SizeIs(2));
    EXPECT_THAT(marker("cpp/shapes.cpp", "lambda"), SizeIs(1));
}

TEST_F(SourceInfoTest, MovesALineWithoutCodeToTheNextOne) {
    OPEN_OR_SKIP("types-O0.wasm");
    const auto files = info_->find_files("types.c");
    ASSERT_THAT(files, SizeIs(1));
    const auto found = info_->find_line(files[0], 1);
    ASSERT_THAT(found, Not(IsEmpty()));
    EXPECT_GT(found[0].line, 30U);
}

/// Also where the first statement behind the prologue was inlined from another file.
TEST_F(SourceInfoTest, KeepsALineInItsFile) {
    for (const auto& [name, source] : {std::pair("rust-O2.wasm", "rust/app.rs"),
                                       std::pair("collections-O0.wasm", "collections.rs"),
                                       std::pair("shapes-O2.wasm", "cpp/shapes.cpp")}) {
        OPEN_OR_SKIP(name);
        for (const FileIndex file : info_->find_files(source)) {
            for (std::uint32_t line = 1; line < 200; ++line) {
                for (const LineLocation& found : info_->find_line(file, line)) {
                    EXPECT_EQ(found.file, file) << name << ", line " << line;
                }
            }
        }
    }
}

TEST_F(SourceInfoTest, PutsABreakpointOnAFunctionsOpeningBehindThePrologue) {
    OPEN_OR_SKIP("types-O0.wasm");
    const auto functions = info_->find_functions("scalars");
    ASSERT_THAT(functions, SizeIs(1));
    const auto found = info_->find_line(functions[0].file, functions[0].line);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].offset, functions[0].entry_offset);
    EXPECT_GT(functions[0].entry_offset, functions[0].ranges[0].begin);
}

TEST_F(SourceInfoTest, FindsFunctionsByBaseQualifiedAndLinkageName) {
    OPEN_OR_SKIP("shapes-O0.wasm");
    EXPECT_THAT(info_->find_functions("area"), SizeIs(1));
    const auto found = info_->find_functions("geometry::Rectangle::area");
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].name, "geometry::Rectangle::area");
    EXPECT_THAT(info_->find_functions(found[0].linkage_name), SizeIs(1));
    EXPECT_THAT(info_->find_functions("overloaded"), SizeIs(2));
    EXPECT_THAT(info_->find_functions("overloaded(int)"), SizeIs(1));
    EXPECT_THAT(info_->find_functions("repeat"), SizeIs(2));
    EXPECT_THAT(info_->find_functions("repeat<int, 3>"), SizeIs(1));
    EXPECT_THAT(info_->find_functions("nothing_like_it"), IsEmpty());
}

TEST_F(SourceInfoTest, ShowsInlinedFunctionsInnermostFirst) {
    OPEN_OR_SKIP("inlined-O2.wasm");
    bool found = false;
    for (const LineLocation& location : marker("c/inlined.c", "twice")) {
        const auto frames = info_->frames_at(location.offset, AddressKind::Instruction);
        ASSERT_THAT(frames, Not(IsEmpty()));
        EXPECT_FALSE(frames.back().function.inlined);
        found = found || frames.size() > 1;
    }
    EXPECT_TRUE(found);
}

TEST_F(SourceInfoTest, ListsParametersBeforeLocals) {
    OPEN_OR_SKIP("types-O0.wasm");
    const auto names = names_at(marker("c/types.c", "scalars").at(0).offset);
    ASSERT_THAT(names, Not(IsEmpty()));
    EXPECT_EQ(names.front(), "seed");
    EXPECT_THAT(names, Contains("huge"));
}

TEST_F(SourceInfoTest, ReadsTypesAsTheSourceHasThem) {
    for (const char* variant : {"types-O0.wasm", "types-O0-dwarf4.wasm", "types-O0-dwarf5.wasm"}) {
        OPEN_OR_SKIP(variant);
        const CodeOffset at = marker("c/types.c", "aggregates").at(0).offset;
        const std::map<std::string, std::string> expected{
            {"list", "int [5]"},      {"grid", "int [2][3]"},       {"p", "Point *"},
            {"text", "const char *"}, {"function", "int (*)(int)"}, {"nothing", "void *"}};
        for (const auto& [name, text] : expected) {
            const TypePointer type = type_of(at, name);
            ASSERT_TRUE(type) << name;
            EXPECT_EQ(type->name, text) << variant;
        }
        const TypePointer bits = type_of(at, "bits");
        ASSERT_THAT(bits->members, SizeIs(3));
        EXPECT_EQ(bits->members[1].offset * 8 + bits->members[1].bit_offset, 3U) << variant;
        EXPECT_EQ(bits->members[1].bit_size, 7U);
        const TypePointer color = type_of(at, "color");
        ASSERT_THAT(color->enumerators, SizeIs(3));
        EXPECT_EQ(color->enumerators[2].value, 6);
    }
}

TEST_F(SourceInfoTest, ReadsRustEnumsAsVariantParts) {
    OPEN_OR_SKIP("rust-O0.wasm");
    const auto id = info_->find_type("Command");
    ASSERT_TRUE(id);
    const TypePointer type = info_->type(*id).value();
    ASSERT_TRUE(type->variant_part);
    EXPECT_THAT(type->variant_part->variants, SizeIs(3));
    EXPECT_EQ(type->language, SourceLanguage::Rust);
}

TEST_F(SourceInfoTest, LocatesLocalsOnTheFrame) {
    OPEN_OR_SKIP("types-O0.wasm");
    const CodeOffset at = marker("c/types.c", "scalars").at(0).offset;
    for (const Variable& each : info_->variables_at(at, AddressKind::Instruction, 0)) {
        const auto location =
            info_->locate(each.entry, at, AddressKind::Instruction, FlatFrame(64));
        ASSERT_TRUE(location) << each.name;
        EXPECT_TRUE(location->is_memory()) << each.name;
        EXPECT_GE(location->pieces[0].place.address, 64U);
    }
}

/// LLVM ends their ranges late: another value may be in their place.
TEST_F(SourceInfoTest, VariablesOnTheOperandStackEndWithTheirValue) {
    OPEN_OR_SKIP("lua-O2.wasm");
    const auto guest = read_guest_dwarf(fixture_->source());
    ASSERT_TRUE(guest);
    std::size_t there = 0;
    std::size_t taken = 0;
    const auto check = [&](CodeOffset at) {
        for (const Variable& each : info_->variables_at(at, AddressKind::Instruction, 0)) {
            const auto location =
                info_->locate(each.entry, at, AddressKind::Instruction, FlatFrame(64));
            ASSERT_TRUE(location);
            const Place& place = location->pieces.front().place;
            taken += place.reason.contains("taken from wasm's operand stack") ? 1 : 0;
            if (place.kind != PlaceKind::Stack) {
                continue;
            }
            ++there;
            const bool holds = std::ranges::any_of(guest->variables, [&](const auto& known) {
                return known.begin <= at.value && at.value < known.end &&
                       known.operands.contains(place.index);
            });
            EXPECT_TRUE(holds) << each.name << " at " << at.value;
        }
    };
    for (const GuestVariable& variable : guest->variables) {
        if (!variable.operands.empty()) {
            check(CodeOffset{variable.begin});
            check(CodeOffset{variable.end});
        }
    }
    EXPECT_GT(there, 100U);
    EXPECT_GT(taken, 20U);
}

TEST_F(SourceInfoTest, SaysWhyAVariableHasNoPlace) {
    OPEN_OR_SKIP("sqlite-O2.wasm");
    std::size_t available = 0;
    std::size_t unavailable = 0;
    for (const FunctionInfo& function : info_->find_functions("sqlite3_step")) {
        for (const LineRow& row : info_->rows_in(function.ranges.front())) {
            for (const Variable& each :
                 info_->variables_at(row.range.begin, AddressKind::Instruction, 0)) {
                const auto location = info_->locate(each.entry, row.range.begin,
                                                    AddressKind::Instruction, FlatFrame(64));
                ASSERT_TRUE(location);
                const Place& place = location->pieces.front().place;
                const bool known = place.kind != PlaceKind::Unavailable;
                known ? ++available : ++unavailable;
                EXPECT_TRUE(known || !place.reason.empty());
            }
        }
    }
    EXPECT_GT(available, 0U);
    EXPECT_GT(unavailable, 0U);
}

TEST_F(SourceInfoTest, FindsGlobalsByQualifiedName) {
    OPEN_OR_SKIP("shapes-O0.wasm");
    const auto found = info_->find_globals("geometry::detail::offset", std::nullopt);
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].qualified_name, "geometry::detail::offset");
    EXPECT_THAT(info_->find_globals("detail::offset", std::nullopt), SizeIs(1));
    EXPECT_THAT(info_->find_globals("other::offset", std::nullopt), IsEmpty());
}

TEST_F(SourceInfoTest, ReadsSplitDwarfFromDwoAndDwp) {
    for (const char* name : {"control-O0-split.wasm", "packed.wasm"}) {
        OPEN_OR_SKIP(name);
        const auto functions = info_->find_functions("main");
        ASSERT_THAT(functions, SizeIs(1)) << name;
        EXPECT_EQ(functions[0].base_name, "main");
        EXPECT_THAT(names_at(functions[0].entry_offset), Not(IsEmpty())) << name;
    }
}

TEST_F(SourceInfoTest, ReadsExternalDebugInfo) {
    OPEN_OR_SKIP("external-O0.wasm");
    EXPECT_THAT(info_->find_functions("main"), SizeIs(1));
    EXPECT_THAT(info_->debug_file().string(), HasSubstr("external-O0.debug.wasm"));
}

TEST_F(SourceInfoTest, StepRangeCoversTheLine) {
    OPEN_OR_SKIP("types-O0.wasm");
    const CodeOffset at = marker("c/types.c", "scalars").at(0).offset;
    const auto range = info_->step_range(at);
    ASSERT_TRUE(range);
    EXPECT_TRUE(range->contains(at));
    const auto next = info_->row_at(range->end);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->line, marked_line("c/types.c", "scalars") + 1);
}

TEST_F(SourceInfoTest, IdsThatWereNotGivenOutAreRefused) {
    OPEN_OR_SKIP("types-O0.wasm");
    EXPECT_FALSE(info_->type(TypeId{1}));
    EXPECT_FALSE(info_->type(TypeId{UINT64_MAX}));
    EXPECT_FALSE(info_->locate(EntryId{7}, CodeOffset{0}, AddressKind::Instruction, FlatFrame(0)));
}

} // namespace
} // namespace wdbg::test
