// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Debug files that are made afterwards, for an .aot that exists: wdbg compile --debug-for.
#include "program.h"

#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/debug_file.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace wdbg::test {
namespace {

using dwarf::AotFile;
using dwarf::DebugFile;

class Deployed : public testing::Test {
  protected:
    void SetUp() override {
        for (const char* const name : {"control-O0", "control-O2", "changed-O0"}) {
            ASSERT_NE(fixture(name), "") << name << " is not built";
        }
    }

    /// Compiles a guest to deployed.aot; its own debug file is kept apart.
    void deploy(const std::string& guest, const std::string& options) {
        const Ended ended = compile(options + " " + fixture(guest) + " -o " + aot_ +
                                    " --debug-file=" + (folder_ / "own.debug"));
        ASSERT_EQ(ended.status, 0) << ended.output;
        own_ = read_bytes(folder_ / "own.debug");
    }

    /// Nothing but the debug file is written.
    Ended make_afterwards(const std::string& guest, const std::string& options) {
        const std::vector<std::byte> before = read_bytes(aot_);
        const Ended ended = compile(options + " " + fixture(guest) + " --debug-for=" + aot_);
        EXPECT_EQ(read_bytes(aot_), before);
        if (ended.status == 0) {
            made_ = read_bytes(aot_ + ".debug");
        }
        return ended;
    }

    /// Changes one instruction of a function, in the file.
    void damage(const dwarf::NativeFunction& function, const DebugFile& own) {
        std::vector<std::byte> bytes = read_bytes(aot_);
        const Result<AotFile> aot = AotFile::parse(bytes);
        ASSERT_TRUE(aot);
        const auto text = static_cast<std::size_t>(aot->text().data() - bytes.data());
        std::uint32_t at = function.offset + function.size / 2;
        const auto is_masked = [&own](std::uint32_t offset) {
            return std::ranges::any_of(own.masks(), [offset](const dwarf::TextMask& mask) {
                return mask.offset <= offset && offset < mask.offset + mask.size;
            });
        };
        while (is_masked(at)) {
            ++at;
        }
        bytes[text + at] ^= std::byte{1};
        write_bytes(aot_, bytes);
    }

    static std::string refusal(const Ended& ended) {
        EXPECT_EQ(ended.status, 1) << ended.output;
        return ended.output;
    }

    Folder folder_{};
    std::string aot_ = folder_ / "deployed.aot";
    std::vector<std::byte> own_{};
    std::vector<std::byte> made_{};
};

TEST_F(Deployed, EqualCodeGetsTheSameDebugFileAsWhenItWasCompiled) {
    for (const std::string options : {"-O0", "-Og", "-O3 --plain-code", "-O3 --bounds-checks=1",
                                      "-O2 --target=aarch64", "-O3 --target=thumbv7em"}) {
        deploy("control-O2", options);
        const Ended ended = make_afterwards("control-O2", options);
        EXPECT_EQ(ended.status, 0) << ended.output;
        EXPECT_EQ(made_, own_) << options;
    }
}

TEST_F(Deployed, FunctionsThatDifferAreNamedAndHaveNoDebugInformation) {
    deploy("changed-O0", "-Og");
    const Ended ended = make_afterwards("control-O0", "-Og");
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(ended.output.find("1 of 52 functions differ: 13 (clamp)"), std::string::npos)
        << ended.output;
    const std::vector<std::byte> bytes = read_bytes(aot_);
    const Result<AotFile> aot = AotFile::parse(bytes);
    const Result<DebugFile> own = DebugFile::parse(own_);
    const Result<DebugFile> made = DebugFile::parse(made_);
    ASSERT_TRUE(aot && own && made);
    EXPECT_TRUE(made->check_text(aot->text()));
    EXPECT_TRUE(made->check_module(read_bytes(fixture("control-O0"))));
    EXPECT_EQ(made->fact("differing"), "13");
    EXPECT_EQ(made->functions().size() + 1, own->functions().size());
    for (const dwarf::NativeFunction& function : made->functions()) {
        const auto same = std::ranges::find(own->functions(), function.function,
                                            &dwarf::NativeFunction::function);
        ASSERT_NE(same, own->functions().end());
        EXPECT_EQ(function.offset, same->offset);
        EXPECT_EQ(function.size, same->size);
        EXPECT_EQ(function.hash, same->hash);
    }
}

struct Answers {
    std::unique_ptr<dwarf::AotDebugInfo> info;

    static Answers of(const std::vector<std::byte>& debug_file,
                      const std::vector<std::byte>& wasm) {
        auto made = dwarf::make_aot_debug_info(
            {.debug_file = debug_file, .module = {.bytes = wasm, .path = "guest.wasm"}});
        EXPECT_TRUE(made) << made.error().message;
        return {made ? std::move(*made) : nullptr};
    }
};

bool is_same(const std::vector<dwarf::WasmPosition>& one,
             const std::vector<dwarf::WasmPosition>& other) {
    return std::ranges::equal(one, other, [](const auto& left, const auto& right) {
        return left.function == right.function && left.offset == right.offset &&
               left.exact == right.exact && left.inlined == right.inlined;
    });
}

/// Where a local is, in words that can be compared.
std::string place_of(const dwarf::AotDebugInfo& info, dwarf::TextOffset pc, std::uint32_t local) {
    NativeRegisters registers;
    registers.machine = Machine::X86_64;
    registers.known = ~std::uint64_t{0};
    const dwarf::NativeMemoryReader memory = [](NativeAddress, std::span<std::byte> into) {
        std::ranges::fill(into, std::byte{0});
        return Result<void>{};
    };
    const auto found = info.local({.pc = pc, .registers = registers, .memory = memory}, 0, local);
    if (!found) {
        return found.error().message;
    }
    if (const auto* const in_register = std::get_if<dwarf::RegisterPlace>(&found->place)) {
        return "register " + std::to_string(in_register->number);
    }
    const auto* const in_memory = std::get_if<dwarf::MemoryPlace>(&found->place);
    return in_memory == nullptr ? "computed" : "at " + std::to_string(in_memory->address.value);
}

class DeployedAt : public Deployed, public testing::WithParamInterface<std::string> {};

/// One function was changed in the deployed file: all others read as in its own debug file.
TEST_P(DeployedAt, WhatIsEqualReadsAsItWouldWithItsOwnDebugFile) {
    deploy("control-O2", GetParam());
    const Result<DebugFile> own = DebugFile::parse(own_);
    ASSERT_TRUE(own);
    constexpr std::size_t which = 30;
    const dwarf::NativeFunction changed = own->functions()[which];
    damage(changed, *own);
    const Ended ended = make_afterwards("control-O2", GetParam());
    ASSERT_EQ(ended.status, 0) << ended.output;
    EXPECT_NE(ended.output.find("1 of 50 functions differ"), std::string::npos) << ended.output;
    const std::vector<std::byte> wasm = read_bytes(fixture("control-O2"));
    const Answers before = Answers::of(own_, wasm);
    const Answers after = Answers::of(made_, wasm);
    ASSERT_TRUE(before.info && after.info);
    std::size_t compared = 0;
    for (const dwarf::NativeFunction& function : own->functions()) {
        const bool is_changed = function.function == changed.function;
        constexpr std::uint32_t stride = 3; // hits each place of an instruction soon enough
        for (std::uint32_t at = function.offset; at < function.offset + function.size;
             at += stride) {
            const dwarf::TextOffset pc{at};
            const auto here = after.info->positions(pc, dwarf::AddressKind::Instruction);
            if (is_changed) {
                EXPECT_TRUE(here.empty());
                continue;
            }
            const auto there = before.info->positions(pc, dwarf::AddressKind::Instruction);
            ASSERT_TRUE(is_same(here, there)) << "at text offset " << at;
            ASSERT_EQ(after.info->instruction_ranges(pc), before.info->instruction_ranges(pc));
            for (std::uint32_t local = 0; local < 4; ++local) {
                ASSERT_EQ(place_of(*after.info, pc, local), place_of(*before.info, pc, local))
                    << "local " << local << " at text offset " << at;
            }
            ++compared;
        }
    }
    EXPECT_GT(compared, 5'000U);
}

INSTANTIATE_TEST_SUITE_P(Levels, DeployedAt, testing::Values("-O3", "-Og"));

TEST_F(Deployed, OtherFilesAreRefusedWithTheReason) {
    deploy("control-O2", "-O3");
    EXPECT_NE(refusal(make_afterwards("control-O0", "-O3")).find("made from another module"),
              std::string::npos);
    EXPECT_NE(refusal(make_afterwards("control-O2", "--target=aarch64")).find("--target"),
              std::string::npos);
    EXPECT_NE(refusal(make_afterwards("control-O2", "-O0")).find("other code for each function"),
              std::string::npos);
    std::vector<std::byte> cut = read_bytes(aot_);
    cut.resize(cut.size() / 2);
    write_bytes(aot_, cut);
    EXPECT_NE(refusal(make_afterwards("control-O2", "-O3")).find("is cut short"),
              std::string::npos);
    write_bytes(aot_, read_bytes(fixture("control-O2")));
    EXPECT_NE(refusal(make_afterwards("control-O2", "-O3")).find("no .aot file"),
              std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(aot_ + ".debug"));
}

} // namespace
} // namespace wdbg::test
