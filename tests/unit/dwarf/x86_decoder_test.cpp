// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/loader.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <gtest/gtest.h>

#include <initializer_list>

namespace wdbg::dwarf {
namespace {

using Kind = InstructionKind;

struct Case {
    const char* name;
    std::vector<unsigned char> bytes;
    Kind kind;
    std::uint8_t opcode_offset = 0;
    std::uint8_t displacement_offset = 0;
    std::uint64_t target = 0;
};

const std::vector<Case> cases{
    {"nop", {0x90}, Kind::Plain},
    {"lock incl (%rax)", {0xF0, 0xFF, 0x00}, Kind::Plain, 1},
    {"rep movsb", {0xF3, 0xA4}, Kind::Plain, 1},
    {"rep stosq", {0xF3, 0x48, 0xAB}, Kind::Plain, 2},
    {"mov 16(%rip),%eax", {0x8B, 0x05, 0x10, 0, 0, 0}, Kind::PcRelative, 0, 2},
    {"movl $16,16(%rip)", {0xC7, 0x05, 0x10, 0, 0, 0, 0x10, 0, 0, 0}, Kind::PcRelative, 0, 2},
    {"lock cmpxchg %rcx,8(%rip)",
     {0xF0, 0x48, 0x0F, 0xB1, 0x0D, 8, 0, 0, 0},
     Kind::PcRelative,
     2,
     5},
    {"vaddps 32(%rip),%ymm0,%ymm0",
     {0xC5, 0xFC, 0x58, 0x05, 0x20, 0, 0, 0},
     Kind::PcRelative,
     0,
     4},
    {"pshufd $0xe,32(%rip),%xmm0",
     {0x66, 0x0F, 0x70, 0x05, 0x20, 0, 0, 0, 0x0E},
     Kind::PcRelative,
     1,
     4},
    {"je .+4", {0x74, 0x02}, Kind::ConditionalJump, 0, 0, 0x1004},
    {"jne .-1", {0x0F, 0x85, 0xF9, 0xFF, 0xFF, 0xFF}, Kind::ConditionalJump, 0, 0, 0xFFF},
    {"jmp .+2", {0xEB, 0x00}, Kind::Jump, 0, 0, 0x1002},
    {"jmp .+261", {0xE9, 0, 1, 0, 0}, Kind::Jump, 0, 0, 0x1105},
    {"jmp *%rax", {0xFF, 0xE0}, Kind::IndirectJump},
    {"notrack jmp *%rax", {0x3E, 0xFF, 0xE0}, Kind::IndirectJump, 1},
    {"jmp *8(%rip)", {0xFF, 0x25, 8, 0, 0, 0}, Kind::IndirectJump, 0, 2},
    {"call .+5", {0xE8, 0, 0, 0, 0}, Kind::Call, 0, 0, 0x1005},
    {"call *8(%rsp)", {0xFF, 0x54, 0x24, 0x08}, Kind::IndirectCall},
    {"call *%r11", {0x41, 0xFF, 0xD3}, Kind::IndirectCall, 1},
    {"ret", {0xC3}, Kind::Return},
    {"loop .-3", {0xE2, 0xFB}, Kind::CounterJump, 0, 0, 0xFFD},
    {"jecxz .+4", {0x67, 0xE3, 0x01}, Kind::CounterJump, 1, 0, 0x1004},
    {"int3", {0xCC}, Kind::Trap},
    {"ud2", {0x0F, 0x0B}, Kind::Trap},
    {"xbegin", {0xC7, 0xF8, 0, 0, 0, 0}, Kind::Immovable},
    {"lea 8(%eip),%eax", {0x67, 0x8D, 0x05, 8, 0, 0, 0}, Kind::Immovable, 1},
};

TEST(X86Decoder, TellsKindsLengthsAndTargets) {
    const auto decoder = make_x86_decoder();
    ASSERT_TRUE(decoder.has_value()) << decoder.error().message;
    for (const Case& test : cases) {
        auto code = test.bytes;
        code.resize(20, 0x90); // what follows does not matter
        const auto decoded = (*decoder)->decode(std::as_bytes(std::span(code)), {0x1000});
        ASSERT_TRUE(decoded.has_value()) << test.name;
        EXPECT_EQ(decoded->length, test.bytes.size()) << test.name;
        EXPECT_EQ(decoded->kind, test.kind) << test.name;
        EXPECT_EQ(decoded->opcode_offset, test.opcode_offset) << test.name;
        EXPECT_EQ(decoded->displacement_offset, test.displacement_offset) << test.name;
        EXPECT_EQ(decoded->target.value, test.target) << test.name;
    }
}

TEST(X86Decoder, TellsWhatBecomesOfTheStackPointer) {
    struct Change {
        const char* name;
        std::vector<unsigned char> bytes;
        std::optional<std::int32_t> change;
    };

    const std::vector<Change> changes{
        {"mov %rsp,%rax", {0x48, 0x89, 0xE0}, 0},
        {"mov (%rsp),%rax", {0x48, 0x8B, 0x04, 0x24}, 0},
        {"movaps %xmm4,%xmm5", {0x0F, 0x28, 0xEC}, 0},
        {"call .+5", {0xE8, 0, 0, 0, 0}, 0},
        {"call *%rax", {0xFF, 0xD0}, 0},
        {"push %rbx", {0x53}, -8},
        {"push %r12", {0x41, 0x54}, -8},
        {"push $1", {0x6A, 0x01}, -8},
        {"push $1000", {0x68, 0xE8, 0x03, 0, 0}, -8},
        {"push 8(%rdi)", {0xFF, 0x77, 0x08}, -8},
        {"pop %rbx", {0x5B}, 8},
        {"pop %rsp", {0x5C}, std::nullopt},
        {"sub $40,%rsp", {0x48, 0x83, 0xEC, 0x28}, -40},
        {"sub $-128,%rsp", {0x48, 0x83, 0xEC, 0x80}, 128},
        {"add $1000,%rsp", {0x48, 0x81, 0xC4, 0xE8, 0x03, 0, 0}, 1000},
        {"lea -24(%rsp),%rsp", {0x48, 0x8D, 0x64, 0x24, 0xE8}, -24},
        {"lea -24(%rbp),%rsp", {0x48, 0x8D, 0x65, 0xE8}, std::nullopt},
        {"lea (%rsp,%rax),%rsp", {0x48, 0x8D, 0x24, 0x04}, std::nullopt},
        {"and $-32,%rsp", {0x48, 0x83, 0xE4, 0xE0}, std::nullopt},
        {"mov %rbp,%rsp", {0x48, 0x89, 0xEC}, std::nullopt},
        {"xchg %rax,%rsp", {0x48, 0x94}, std::nullopt},
        {"leave", {0xC9}, std::nullopt},
        {"sub %rax,%rsp", {0x48, 0x29, 0xC4}, std::nullopt},
        {"sub $16,%esp", {0x83, 0xEC, 0x10}, std::nullopt},
    };
    const auto decoder = make_x86_decoder();
    ASSERT_TRUE(decoder.has_value()) << decoder.error().message;
    for (const Change& test : changes) {
        const auto decoded = (*decoder)->decode(std::as_bytes(std::span(test.bytes)), {0x1000});
        ASSERT_TRUE(decoded.has_value()) << test.name;
        EXPECT_EQ(decoded->stack_change, test.change) << test.name;
    }
}

TEST(X86Decoder, RefusesWhatIsNoInstruction) {
    const auto decoder = load_instruction_decoder(Machine::X86_64, false, WDBG_DWARF_LIBRARY_DIR);
    ASSERT_TRUE(decoder.has_value()) << decoder.error().message;
    const std::vector<std::vector<unsigned char>> bad{
        {}, {0x06}, {0xE8, 0, 0}, {0xF0}, std::vector<unsigned char>(20, 0x66)};
    for (const auto& bytes : bad) {
        const auto decoded = (*decoder)->decode(std::as_bytes(std::span(bytes)), {0x1000});
        ASSERT_FALSE(decoded.has_value()) << bytes.size();
        EXPECT_EQ(decoded.error().code, ErrorCode::Malformed);
    }
}

} // namespace
} // namespace wdbg::dwarf
