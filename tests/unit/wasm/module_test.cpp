// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/module.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two imports, two functions, one of each of the rest.
WasmBuilder full_module() {
    return WasmBuilder()
        .types({func_type({i32, i64}, {f64}), func_type({}, {})})
        .section(2, vec({name("env") + name("log") + Bytes{0, 1},
                         name("env") + name("base") + Bytes{3, i32, 0}}))
        .functions({0, 1})
        .section(4, vec({{0x70, 1, 2, 8}}))
        .section(5, vec({{3, 1, 4}, {4, 2}}))
        .section(6, vec({{i64, 1, 0x42, 5, 0x0B}}))
        .section(7, vec({name("run") + Bytes{0, 1}}))
        .section(8, {2})
        .section(9, vec({{0, 0x41, 0, 0x0B, 2, 1, 2}, {1, 0, 1, 2}}))
        .section(12, {2})
        .code({body({{3, i32}, {2, f32}}, {0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0B}), body({}, {0x0B})})
        .section(11, vec({Bytes{0, 0x41, 0x80, 0x08, 0x0B} + name("hello"), Bytes{1} + name("x")}))
        .custom("name", Bytes{0} + sized(name("app")) + Bytes{1} +
                            sized(vec({Bytes{1} + name("run_it")})) + Bytes{2} +
                            sized(vec({Bytes{1} + vec({Bytes{0} + name("count")})})))
        .custom("external_debug_info", name("app.debug.wasm"))
        .custom("build_id", name("\x01\x02"))
        .custom(".debug_info", {})
        .custom("producers", vec({name("language") + vec({name("C11") + name("")})}))
        .custom("target_features", vec({Bytes{'+'} + name("sign-ext")}));
}

Module parse_full() {
    auto module = Module::parse_owned(full_module().build());
    EXPECT_TRUE(module.has_value()) << module.error().message;
    return std::move(*module);
}

TEST(Module, ReadsTypesImportsAndIndexSpaces) {
    const Module module = parse_full();
    ASSERT_EQ(module.types().size(), 2U);
    EXPECT_THAT(module.types()[0].params, ElementsAre(ValueType::I32, ValueType::I64));
    EXPECT_THAT(module.types()[0].results, ElementsAre(ValueType::F64));
    EXPECT_EQ(module.function_count(), 3U);
    EXPECT_EQ(module.imported_function_count(), 1U);
    ASSERT_NE(module.function_import(0), nullptr);
    EXPECT_EQ(module.function_import(0)->name, "log");
    EXPECT_EQ(module.function_import(1), nullptr);
    EXPECT_EQ(module.function_type(1), &module.types()[0]);
    EXPECT_EQ(module.function_type(3), nullptr);
    ASSERT_EQ(module.globals().size(), 2U);
    EXPECT_EQ(module.globals()[1].type, ValueType::I64);
    EXPECT_TRUE(module.globals()[1].is_mutable);
    EXPECT_EQ(module.start_function(), 2U);
    EXPECT_EQ(module.data_count(), 2U);
}

TEST(Module, ReadsLimitsOfTablesAndMemories) {
    const Module module = parse_full();
    ASSERT_EQ(module.tables().size(), 1U);
    EXPECT_EQ(module.tables()[0].limits.max, 8U);
    ASSERT_EQ(module.memories().size(), 2U);
    EXPECT_TRUE(module.memories()[0].limits.shared);
    EXPECT_EQ(module.memories()[0].limits.max, 4U);
    EXPECT_TRUE(module.memories()[1].limits.is_64);
    EXPECT_EQ(module.memories()[1].limits.min, 2U);
}

TEST(Module, ReadsSegments) {
    const Module module = parse_full();
    ASSERT_EQ(module.element_segments().size(), 2U);
    EXPECT_EQ(module.element_segments()[0].count, 2U);
    EXPECT_TRUE(module.element_segments()[1].passive);
    ASSERT_EQ(module.data_segments().size(), 2U);
    const DataSegment& data = module.data_segments()[0];
    EXPECT_EQ(data.address, 1024U);
    EXPECT_EQ(data.size, 5U);
    EXPECT_EQ(module.bytes()[data.bytes.value], std::byte{'h'});
    EXPECT_FALSE(module.data_segments()[1].address.has_value());
}

TEST(Module, ReadsCustomSections) {
    const Module module = parse_full();
    EXPECT_EQ(module.names().module, "app");
    EXPECT_EQ(module.names().locals.at((std::uint64_t{1} << 32U) | 0U), "count");
    EXPECT_EQ(module.function_name(0), "env.log");
    EXPECT_EQ(module.function_name(1), "run_it");
    EXPECT_EQ(module.function_name(2), "function[2]");
    EXPECT_EQ(module.external_debug_info(), "app.debug.wasm");
    EXPECT_THAT(module.build_id(), ElementsAre(std::byte{1}, std::byte{2}));
    EXPECT_TRUE(module.has_debug_sections());
    ASSERT_EQ(module.producers().size(), 1U);
    EXPECT_EQ(module.producers()[0].name, "C11");
    EXPECT_THAT(module.target_features(), ElementsAre("+sign-ext"));
}

TEST(Module, FindsTheStartOfCodeAndOfBodies) {
    const Module module = parse_full();
    ASSERT_EQ(module.bodies().size(), 2U);
    const FunctionBody& body = *module.body(1);
    EXPECT_EQ(body.declared_locals, 5U);
    EXPECT_EQ(body.begin.value, body.size_field.value + 1);
    EXPECT_EQ(body.first_instruction.value, body.begin.value + 5);
    EXPECT_EQ(body.end.value, body.first_instruction.value + 10);
    // Behind the Code section's id and size there is only the count before the first body.
    EXPECT_EQ(module.code_section_start()->value + 1, body.size_field.value);
    EXPECT_THAT(module.local_types(body),
                ElementsAre(ValueType::I32, ValueType::I64, ValueType::I32, ValueType::I32,
                            ValueType::I32, ValueType::F32, ValueType::F32));
    EXPECT_EQ(module.body(0), nullptr);
    EXPECT_EQ(module.body(3), nullptr);
}

TEST(Module, ResolvesBreakpointsToInstructions) {
    const Module module = parse_full();
    const FunctionBody& first = *module.body(1);
    const auto resolve = [&](std::uint32_t offset) {
        return module.resolve_breakpoint(CodeOffset{offset});
    };
    EXPECT_EQ(resolve(first.size_field.value), first.first_instruction);
    EXPECT_EQ(resolve(first.begin.value + 2), first.first_instruction);
    EXPECT_EQ(resolve(first.first_instruction.value), first.first_instruction);
    const CodeOffset end_instruction{first.end.value - 1};
    EXPECT_EQ(resolve(first.first_instruction.value + 3), end_instruction);
    EXPECT_EQ(resolve(end_instruction.value), end_instruction);
    EXPECT_EQ(resolve(first.end.value), module.body(2)->first_instruction);
    const auto outside = resolve(module.code_section_start()->value);
    ASSERT_FALSE(outside.has_value());
    EXPECT_EQ(outside.error().code, ErrorCode::NotFound);
    EXPECT_THAT(outside.error().message, HasSubstr("no code at"));
    EXPECT_FALSE(resolve(0xFFFFFFFF).has_value());
}

TEST(Module, RefusesWhatIsNotAModule) {
    const auto error_of = [](const std::vector<std::byte>& bytes) {
        const auto module = Module::parse(bytes);
        return module ? std::string() : module.error().message;
    };
    EXPECT_THAT(error_of({}), HasSubstr("not a WebAssembly module"));
    auto component = WasmBuilder().build();
    component[4] = std::byte{0x0D};
    component[6] = std::byte{0x01};
    EXPECT_THAT(error_of(component), HasSubstr("component"));
    EXPECT_THAT(error_of(WasmBuilder().section(99, {}).build()), HasSubstr("unknown section"));
    EXPECT_THAT(error_of(WasmBuilder().section(8, {0, 0}).build()),
                HasSubstr("Start section: bytes left over at file offset 0xb"));
}

TEST(Module, RefusesSectionsInTheWrongOrder) { // function indices depend on it
    const auto error_of = [](const WasmBuilder& builder) {
        const auto module = Module::parse_owned(builder.build());
        return module ? std::string() : module.error().message;
    };
    const Bytes import = vec({name("env") + name("log") + Bytes{0, 0}});
    EXPECT_THAT(error_of(one_function({}, {}, {}, {0x0B}).section(2, import)),
                HasSubstr("Import section: section in the wrong place at file offset 0x"));
    EXPECT_THAT(error_of(WasmBuilder().section(1, vec({})).section(1, vec({}))),
                HasSubstr("second section of this kind"));
    // By the specification's order, which is not that of the ids.
    EXPECT_EQ(error_of(WasmBuilder().section(5, vec({})).section(13, vec({})).section(6, vec({}))),
              "");
    EXPECT_EQ(error_of(WasmBuilder().section(12, {0}).section(10, {0}).section(11, {0})), "");
}

TEST(Module, RefusesEveryTruncationWithoutReadingBeyond) {
    const auto whole = full_module().build();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // A copy of exactly this size lets a sanitizer see any read behind it.
        auto cut = std::vector<std::byte>(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(size));
        const auto module = Module::parse_owned(std::move(cut));
        if (!module) {
            EXPECT_FALSE(module.error().message.empty());
        }
    }
}

TEST(Module, SurvivesEveryChangedByte) {
    const auto whole = full_module().build();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const int value : {0x00, 0x7F, 0x80, 0xFF}) {
            auto changed = whole;
            changed[at] = static_cast<std::byte>(value);
            const auto module = Module::parse(changed);
            if (module) {
                static_cast<void>(module->names());
                static_cast<void>(module->producers());
                [[maybe_unused]] const auto resolved = module->resolve_breakpoint(CodeOffset{120});
            }
        }
    }
}

TEST(Module, BoundsTheNumberOfLocals) {
    const auto with_locals = [](const std::vector<Bytes>& locals) {
        return Module::parse_owned(one_function({}, {}, locals, {0x0B}).build()).has_value();
    };
    EXPECT_TRUE(with_locals({leb(50'000) + Bytes{i32}}));
    EXPECT_FALSE(with_locals({leb(50'001) + Bytes{i32}}));
    EXPECT_FALSE(with_locals({leb(25'001) + Bytes{i32}, leb(25'000) + Bytes{i64}}));
    EXPECT_FALSE(with_locals({leb(0xFFFFFFFF) + Bytes{i32}, leb(2) + Bytes{i64}}));
}

TEST(Module, RefusesACountThatCannotFollow) {
    const auto module = Module::parse_owned(WasmBuilder().section(1, leb(0xFFFFFFFF)).build());
    ASSERT_FALSE(module.has_value());
    EXPECT_EQ(module.error().message, "Type section: more elements than bytes at file offset 0xa");
}

TEST(Module, KeepsNamesBeforeADamagedSubsection) {
    auto builder = one_function({}, {}, {}, {0x0B});
    builder.custom("name", Bytes{1} + sized(vec({Bytes{0} + name("f")})) + Bytes{2, 2, 0x20, 0x20});
    const auto module = Module::parse_owned(builder.build());
    ASSERT_TRUE(module.has_value());
    EXPECT_EQ(module->function_name(0), "f");
}

TEST(Module, ReadsTypesOfGarbageCollection) {
    const auto module = Module::parse_owned(
        WasmBuilder()
            .types({Bytes{0x4E, 2, 0x50, 0, 0x5F, 1, 0x78, 1, 0x4F, 1, 0, 0x5E, 0x64, 0x6E, 0},
                    Bytes{0x60, 2, 0x63, 0, 0x64, 0x70, 1, 0x69}})
            .build());
    ASSERT_TRUE(module.has_value()) << module.error().message;
    EXPECT_EQ(module->types().size(), 3U);
    EXPECT_THAT(module->types()[2].params, ElementsAre(ValueType::FuncRef, ValueType::FuncRef));
}

} // namespace
} // namespace wdbg::wasm
