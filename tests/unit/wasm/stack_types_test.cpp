// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/module.h>
#include <wdbg/wasm/stack_types.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Module parse(const WasmBuilder& builder) {
    auto module = Module::parse_owned(builder.build());
    EXPECT_TRUE(module.has_value()) << module.error().message;
    return std::move(*module);
}

/// The stack before the instruction that begins `offset` bytes behind the first one.
OperandStack stack_at(const Module& module, std::uint32_t offset) {
    const std::uint32_t function = module.imported_function_count();
    const CodeOffset first = module.body(function)->first_instruction;
    auto stack = operand_stack_types(module, function, CodeOffset{first.value + offset});
    EXPECT_TRUE(stack.has_value()) << stack.error().message;
    return stack ? std::move(*stack) : OperandStack{};
}

Result<void> check(const WasmBuilder& builder) {
    const Module module = parse(builder);
    return walk_operand_stacks(module, module.imported_function_count(),
                               [](const Instruction&, const OperandStack&) { return true; });
}

constexpr StackType type_i32 = ValueType::I32;
constexpr StackType type_i64 = ValueType::I64;
constexpr StackType type_f64 = ValueType::F64;
constexpr StackType type_v128 = ValueType::V128;

TEST(OperandStack, FollowsConstantsAndArithmetic) {
    // 0: local.get 0, 2: i64.const 1, 4: i64.extend_i32_s … needs care: i64 on top of i32
    const Module module = parse(one_function(
        {i32}, {i64}, {}, {0x20, 0, 0x42, 1, 0x20, 0, 0xAC, 0x7C, 0x21, 1, 0x1A, 0x20, 1, 0x0B}));
    EXPECT_THAT(stack_at(module, 0).types, IsEmpty());
    EXPECT_THAT(stack_at(module, 4).types, ElementsAre(type_i32, type_i64));
    EXPECT_THAT(stack_at(module, 6).types, ElementsAre(type_i32, type_i64, type_i32));
    EXPECT_THAT(stack_at(module, 7).types, ElementsAre(type_i32, type_i64, type_i64));
    EXPECT_THAT(stack_at(module, 8).types, ElementsAre(type_i32, type_i64));
}

TEST(OperandStack, TellsTheInstructionThatMadeEachValue) {
    // 0: local.get 0; 2: i32.const 1; 4: local.tee 0; 6: i32.add; 7: drop;
    // 8: block (result i32) 10: i32.const 2; 12: local.get 0; 14: br_if 0; 16: end; 17: drop; end
    const Module module = parse(one_function({i32}, {}, {},
                                             {0x20, 0, 0x41, 1, 0x22, 0, 0x6A, 0x1A, 0x02, i32,
                                              0x41, 2, 0x20, 0, 0x0D, 0, 0x0B, 0x1A, 0x0B}));
    const std::uint32_t first = module.body(0)->first_instruction.value;
    const auto makers = [&](std::uint32_t offset) {
        std::vector<std::uint32_t> offsets;
        for (const CodeOffset maker : stack_at(module, offset).makers) {
            offsets.push_back(maker.value - first);
        }
        return offsets;
    };
    EXPECT_THAT(makers(4), ElementsAre(0, 2));
    EXPECT_THAT(makers(6), ElementsAre(0, 2)); // local.tee leaves the value
    EXPECT_THAT(makers(7), ElementsAre(6));
    EXPECT_THAT(makers(14), ElementsAre(10, 12));
    EXPECT_THAT(makers(16), ElementsAre(10)); // and so does br_if
    EXPECT_THAT(makers(17), ElementsAre(16)); // or it came from there
}

TEST(OperandStack, KeepsOuterValuesBelowABlock) {
    // i32.const 1; block (result i64) i64.const 2; br 0; end; drop; end
    const Module module = parse(
        one_function({}, {i32}, {}, {0x41, 1, 0x02, i64, 0x42, 2, 0x0C, 0, 0x0B, 0x1A, 0x0B}));
    EXPECT_THAT(stack_at(module, 6).types, ElementsAre(type_i32, type_i64));
    const OperandStack dead = stack_at(module, 8);
    EXPECT_FALSE(dead.reachable);
    EXPECT_THAT(dead.types, ElementsAre(type_i32));
    const OperandStack after = stack_at(module, 9);
    EXPECT_TRUE(after.reachable);
    EXPECT_THAT(after.types, ElementsAre(type_i32, type_i64));
}

TEST(OperandStack, MarksUnknownTypesInUnreachableCode) {
    // unreachable; select; block end; i32.const 1; end
    const Module module = parse(
        one_function({}, {}, {}, {0x00, 0x1B, 0x02, 0x40, 0x01, 0x0B, 0x41, 1, 0x1A, 0x1A, 0x0B}));
    const OperandStack stack = stack_at(module, 2);
    EXPECT_THAT(stack.types, ElementsAre(StackType()));
    EXPECT_FALSE(stack.reachable);
    EXPECT_FALSE(stack_at(module, 4).reachable); // inside a block of unreachable code
    EXPECT_THAT(stack_at(module, 8).types, ElementsAre(StackType(), type_i32));
}

TEST(OperandStack, TypesBlocksWithParametersAndSeveralResults) {
    const WasmBuilder builder =
        WasmBuilder()
            .types({func_type({}, {}), func_type({i32, i64}, {f64, i32})})
            .functions({0})
            .code({body({}, Bytes{0x41, 1, 0x42, 2, 0x02, 1, 0x1A, 0x1A, 0x44} + Bytes(8, 0) +
                                Bytes{0x41, 3, 0x0B, 0x1A, 0x1A, 0x0B})});
    const Module module = parse(builder);
    EXPECT_THAT(stack_at(module, 6).types, ElementsAre(type_i32, type_i64));
    EXPECT_THAT(stack_at(module, 19).types, ElementsAre(type_f64, type_i32));
    EXPECT_TRUE(check(builder).has_value());
}

TEST(OperandStack, TypesBothArmsOfAnIf) {
    // i32.const 1; if (result i32) i32.const 2 else i32.const 3 end; drop; end
    const WasmBuilder builder =
        one_function({}, {}, {}, {0x41, 1, 0x04, i32, 0x41, 2, 0x05, 0x41, 3, 0x0B, 0x1A, 0x0B});
    const Module module = parse(builder);
    EXPECT_THAT(stack_at(module, 6).types, ElementsAre(type_i32));
    EXPECT_THAT(stack_at(module, 7).types, IsEmpty());
    EXPECT_THAT(stack_at(module, 10).types, ElementsAre(type_i32));
    EXPECT_TRUE(check(builder).has_value());
}

TEST(OperandStack, TypesTablesReferencesAtomicsAndVectors) {
    const Bytes code = Bytes{0x41, 0, 0x25, 0, 0xD1, 0x1A}                  // table.get, is_null
                       + Bytes{0xD0, 0x70, 0x41, 1, 0xFC, 0x0F, 0, 0x1A}    // table.grow
                       + Bytes{0x41, 0, 0x41, 0, 0x41, 0, 0xFC, 0x0A, 0, 0} // memory.copy
                       + Bytes{0x41, 0, 0x42, 1, 0xFE, 0x1F, 3, 0, 0x1A}    // i64.atomic.rmw.add
                       + Bytes{0x41, 0, 0x41, 1, 0xFD, 0x11, 0xFD, 0x1B, 0, 0x6A, 0x1A, 0x0B};
    const WasmBuilder builder = WasmBuilder()
                                    .types({func_type({}, {})})
                                    .functions({0})
                                    .section(4, {1, 0x70, 0, 4})
                                    .section(5, {1, 0, 1})
                                    .code({body({}, code)});
    const auto checked = check(builder);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    const Module module = parse(builder);
    EXPECT_THAT(stack_at(module, 39).types, ElementsAre(type_i32, type_v128));
}

TEST(OperandStack, UsesSixtyFourBitAddressesWhereTheMemoryDoes) {
    const WasmBuilder builder = WasmBuilder()
                                    .types({func_type({}, {})})
                                    .functions({0})
                                    .section(5, {1, 4, 1})
                                    .code({body({}, {0x42, 0, 0x28, 2, 0, 0x1A, 0x0B})});
    EXPECT_TRUE(check(builder).has_value());
}

TEST(OperandStack, TypesExceptionHandling) {
    // try (result i32) i32.const 1; throw 0; catch 0; catch_all i32.const 2; end; drop; end
    const WasmBuilder builder = WasmBuilder()
                                    .types({func_type({}, {}), func_type({i32}, {})})
                                    .functions({0})
                                    .section(13, {1, 0, 1})
                                    .code({body({}, {0x06, i32, 0x41, 1, 0x08, 0, 0x07, 0, 0x19,
                                                     0x41, 2, 0x0B, 0x1A, 0x0B})});
    const auto checked = check(builder);
    EXPECT_TRUE(checked.has_value()) << checked.error().message;
    EXPECT_THAT(stack_at(parse(builder), 8).types, ElementsAre(type_i32));
}

TEST(OperandStack, OfACallingFrameHasNoCallOperands) {
    // i64.const 7; i32.const 1; i32.const 2; call 0; drop; drop; end with (i32 i32) -> i32
    const WasmBuilder builder =
        WasmBuilder()
            .types({func_type({i32, i32}, {i32})})
            .functions({0})
            .code({body({}, {0x42, 7, 0x41, 1, 0x41, 2, 0x10, 0, 0x21, 0, 0x1A, 0x20, 0, 0x0B})});
    const Module module = parse(builder);
    const CodeOffset first = module.body(0)->first_instruction;
    const auto stack = operand_stack_types_in_call(module, 0, CodeOffset{first.value + 8});
    ASSERT_TRUE(stack.has_value()) << stack.error().message;
    EXPECT_THAT(stack->types, ElementsAre(type_i64));
    EXPECT_FALSE(operand_stack_types_in_call(module, 0, CodeOffset{first.value + 6}).has_value());
    EXPECT_EQ(operand_type(module, 0, CodeOffset{first.value + 8}, true, 0), ValueType::I64);
    const auto popped = operand_type(module, 0, CodeOffset{first.value + 8}, true, 1);
    ASSERT_FALSE(popped.has_value());
    EXPECT_EQ(popped.error().code, ErrorCode::OutOfRange);
    EXPECT_EQ(operand_type(module, 0, CodeOffset{first.value + 6}, false, 2), ValueType::I32);
}

TEST(OperandStack, FailsClearly) {
    const Module module = parse(one_function({}, {}, {}, {0x41, 0x80, 0x01, 0x1A, 0x0B}));
    const CodeOffset first = module.body(0)->first_instruction;
    const auto middle = operand_stack_types(module, 0, CodeOffset{first.value + 1});
    ASSERT_FALSE(middle.has_value());
    EXPECT_EQ(middle.error().code, ErrorCode::NotFound);
    EXPECT_FALSE(operand_stack_types(module, 9, first).has_value());
    const std::vector<Bytes> wrong{
        {0x1A, 0x0B},                         // nothing to drop
        {0x41, 1, 0x0B},                      // a value left over
        {0x41, 1, 0x42, 1, 0x6A, 0x1A, 0x0B}, // i32.add of an i64
        {0x20, 9, 0x1A, 0x0B},                // no such local
        {0x0C, 9, 0x0B},                      // no such label
        {0x10, 9, 0x0B},                      // no such function
        {0x05, 0x0B},                         // else without if
    };
    for (const Bytes& code : wrong) {
        const auto checked = check(one_function({}, {}, {}, code));
        ASSERT_FALSE(checked.has_value());
        EXPECT_EQ(checked.error().code, ErrorCode::Malformed);
        EXPECT_THAT(checked.error().message, HasSubstr("at file offset"));
    }
    const auto unsupported = check(one_function({}, {}, {}, {0xFB, 0x1C, 0x0B}));
    ASSERT_FALSE(unsupported.has_value());
    EXPECT_EQ(unsupported.error().code, ErrorCode::Unsupported);
}

} // namespace
} // namespace wdbg::wasm
