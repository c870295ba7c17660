// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code of conditions decides as the filter does, on programs made at random.
#include "condition_code.h"

#include <wdbg/agent/assembler.h>
#include <wdbg/model/aot_layout.h>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <initializer_list>
#include <random>
#include <string>
#include <sys/mman.h>

namespace wdbg::aot {
namespace {

using agent::Opcode;

constexpr std::uint32_t rsp = 7; // DWARF numbers
constexpr std::size_t memory_bytes = 64;
/// The machine's numbers by DWARF's.
constexpr std::array<unsigned, 16> machine_number{0, 2, 1,  3,  6,  7,  5,  4,
                                                  8, 9, 10, 11, 12, 13, 14, 15};

/// What compiled code's instance looks like, with one memory and two globals.
struct FakeInstance {
    std::array<std::byte, memory_bytes> memory{};
    std::array<std::byte, 64> memory_instance{};
    std::uint64_t memories = 0;
    std::array<std::uint64_t, 2> globals{};
    std::array<std::byte, 256> instance{};
    std::array<std::uint64_t, 4> exec_env{};

    FakeInstance() {
        put(memory_instance, aot_layout::memory_size, std::uint64_t{memory_bytes});
        put(memory_instance, aot_layout::memory_data, address(memory.data()));
        memories = address(memory_instance.data());
        put(instance, aot_layout::instance_memory_count, std::uint32_t{1});
        put(instance, aot_layout::instance_memories, address(&memories));
        put(instance, aot_layout::instance_globals, address(globals.data()));
        exec_env[aot_layout::exec_env_instance] = address(instance.data());
    }

    static std::uint64_t address(const void* pointer) {
        return reinterpret_cast<std::uint64_t>(pointer);
    }

    template <std::size_t Size, class T>
    static void put(std::array<std::byte, Size>& into, std::size_t offset, T value) {
        std::memcpy(into.data() + offset, &value, sizeof value);
    }
};

/// Runs a probe's code with registers as they are said to be at the site.
class Runner {
  public:
    static constexpr std::size_t size = 65536;
    unsigned top_of_stack = 0; ///< 64 bits at the site's rsp

    Runner()
        : page_(static_cast<std::byte*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}

    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    ~Runner() { ::munmap(page_, size); }

    bool run(std::span<const std::byte> body, const NativeRegisters& registers) {
        code_.clear();
        bytes({0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57}); // push callee-saved
        bytes({0x6A, top_of_stack});                                         // push
        for (const std::uint32_t dwarf :
             {0U, 1U, 2U, 3U, 6U, 8U, 9U, 10U, 11U, 12U, 13U, 14U, 15U, 4U, 5U}) {
            const unsigned number = machine_number.at(dwarf); // rdi last: the values are behind it
            bytes({number >= 8 ? 0x4CU : 0x48U, 0x8B, 0x47U | (number & 7U) << 3U, dwarf * 8});
        }
        bytes({0x48, 0x8D, 0x64, 0x24, 0x80, 0x50, 0x50, 0x51, 0x52}); // as a probe saves
        code_.insert(code_.end(), body.begin(), body.end());
        bytes({0x48, 0x8D, 0xA4, 0x24, 0xA0, 0, 0, 0}); // lea rsp, [rsp + probe_frame]
        bytes({0x59});                                  // pop rcx
        bytes({0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3});
        EXPECT_LT(code_.size(), size);
        std::memcpy(page_, code_.data(), code_.size());
        const auto function = reinterpret_cast<std::uint32_t (*)(const std::uint64_t*)>(page_);
        return function(registers.general.data()) != 0;
    }

  private:
    void bytes(std::initializer_list<unsigned> values) {
        for (const unsigned value : values) {
            code_.push_back(static_cast<std::byte>(value));
        }
    }

    std::byte* page_;
    std::vector<std::byte> code_;
};

/// Sound programs: an expression of random shape with every instruction but jumps back.
class ProgramMaker {
  public:
    explicit ProgramMaker(std::mt19937_64& random) : random_(random) {}

    std::vector<std::uint8_t> make() {
        assembler_ = {};
        expression(4);
        assembler_.add(Opcode::End);
        return assembler_.bytes();
    }

  private:
    std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

    std::int64_t interesting() {
        constexpr std::array<std::int64_t, 12> values{
            0, 1, -1, 2, 7, 63, 64, 65, 127, INT64_MIN, INT64_MAX, 0x1'0000'0000};
        return below(3) == 0 ? static_cast<std::int64_t>(random_())
                             : values.at(below(values.size()));
    }

    void leaf() {
        switch (below(5)) {
        case 0:
            return assembler_.read({.kind = agent::RegisterKind::Local,
                                    .index = static_cast<std::uint16_t>(below(4))});
        case 1:
            return assembler_.read({.kind = agent::RegisterKind::Global,
                                    .index = static_cast<std::uint16_t>(below(2))});
        case 2:
            return assembler_.variable(Opcode::Count, static_cast<std::uint16_t>(below(3)));
        case 3:
            return assembler_.variable(Opcode::GetVariable, static_cast<std::uint16_t>(below(3)));
        default:
            return assembler_.constant(interesting());
        }
    }

    void expression(int depth) {
        if (depth == 0 || below(8) == 0) {
            return leaf();
        }
        switch (below(7)) {
        case 0:
            return unary(depth);
        case 1:
            return memory(depth);
        case 2:
            return choice(depth);
        case 3:
            return shuffle(depth);
        default:
            return binary(depth);
        }
    }

    void unary(int depth) {
        expression(depth - 1);
        constexpr std::array extensions{Opcode::SignExtend, Opcode::ZeroExtend};
        constexpr std::array plain{Opcode::LogicalNot, Opcode::BitNot};
        if (below(2) == 0) {
            assembler_.add(extensions.at(below(2)), static_cast<std::uint8_t>(1 + below(64)));
        } else {
            assembler_.add(plain.at(below(2)));
        }
    }

    void binary(int depth) {
        constexpr std::array all{Opcode::Add,
                                 Opcode::Subtract,
                                 Opcode::Multiply,
                                 Opcode::DivideSigned,
                                 Opcode::DivideUnsigned,
                                 Opcode::RemainderSigned,
                                 Opcode::RemainderUnsigned,
                                 Opcode::ShiftLeft,
                                 Opcode::ShiftRightSigned,
                                 Opcode::ShiftRightUnsigned,
                                 Opcode::BitAnd,
                                 Opcode::BitOr,
                                 Opcode::BitXor,
                                 Opcode::Equal,
                                 Opcode::LessSigned,
                                 Opcode::LessUnsigned};
        expression(depth - 1);
        expression(depth - 1);
        assembler_.add(all.at(below(all.size())));
    }

    /// Mostly within the memory, sometimes at its end.
    void memory(int depth) {
        constexpr std::array all{Opcode::Ref8, Opcode::Ref16, Opcode::Ref32, Opcode::Ref64};
        if (below(4) == 0) {
            expression(depth - 1);
        } else {
            assembler_.constant(static_cast<std::int64_t>(below(memory_bytes + 4)));
        }
        assembler_.add(all.at(below(all.size())));
    }

    void choice(int depth) {
        expression(depth - 1);
        const std::size_t to_second = assembler_.jump(Opcode::IfGoto);
        expression(depth - 1);
        const std::size_t to_end = assembler_.jump(Opcode::Goto);
        assembler_.bind(to_second);
        expression(depth - 1);
        assembler_.bind(to_end);
    }

    void shuffle(int depth) {
        leaf();
        leaf();
        expression(depth - 1);
        switch (below(4)) {
        case 0:
            assembler_.add(Opcode::Rotate);
            break;
        case 1:
            assembler_.add(Opcode::Swap);
            break;
        case 2:
            assembler_.add(Opcode::Pick, static_cast<std::uint8_t>(below(3)));
            assembler_.add(Opcode::Pop);
            break;
        default:
            assembler_.add(Opcode::Duplicate);
            assembler_.variable(Opcode::SetVariable, static_cast<std::uint16_t>(below(3)));
            assembler_.add(Opcode::BitXor);
            break;
        }
        assembler_.add(Opcode::Subtract);
        assembler_.add(Opcode::BitXor);
    }

    std::mt19937_64& random_;
    agent::Assembler assembler_;
};

class ConditionCode : public ::testing::Test {
  protected:
    ConditionCode() {
        for (std::uint64_t& value : registers_.general) {
            value = random_();
        }
        registers_.general[6] = FakeInstance::address(slots_.data() + 4); // rbp, of two locals
        registers_.general[12] = FakeInstance::address(fake_.exec_env.data());
        registers_.general[rsp] = 0; // the runner has its own
        for (std::uint64_t& value : slots_) {
            value = random_();
        }
        fake_.globals = {5, random_()};
        for (std::byte& value : fake_.memory) {
            value = static_cast<std::byte>(random_());
        }
    }

    [[nodiscard]] HitRule rule(const agent::Program& program) const {
        const auto global = [](std::uint16_t index) {
            return agent::encode({.kind = agent::RegisterKind::Global, .index = index});
        };
        using Kind = FixedPlace::Kind;
        return {
            .address = {.instance = {1}, .offset = {7}},
            .exec_env = FixedPlace{.kind = Kind::Register, .number = 12},
            .inputs = {{.number = 0, .size = 8, .place = {.kind = Kind::Register, .number = 1}},
                       {.number = 1, .size = 4, .place = {.kind = Kind::Register, .number = 13}},
                       {.number = 2,
                        .size = 8,
                        .place = {.kind = Kind::Memory,
                                  .number = 6,
                                  .offset = static_cast<std::uint64_t>(-16)}},
                       {.number = 3,
                        .size = 4,
                        .place = {.kind = Kind::Memory, .number = 6, .offset = 8}},
                       {.number = global(0), .size = 4, .place = {.kind = Kind::Global}},
                       {.number = global(1),
                        .size = 8,
                        .place = {.kind = Kind::Global, .offset = 8}}},
            .conditions = {program}};
    }

    std::mt19937_64 random_{11}; // NOLINT: the same every time
    FakeInstance fake_;
    std::array<std::uint64_t, 8> slots_{};
    NativeRegisters registers_;
    Runner runner_;
};

TEST_F(ConditionCode, DecidesAsTheFilterDoes) {
    constexpr int programs = 3000;
    ProgramMaker maker(random_);
    int accepted = 0;
    for (int i = 0; i < programs; ++i) {
        const auto bytes = maker.make();
        const auto program = agent::Program::verify(bytes);
        if (!program) {
            continue; // too long
        }
        agent::Variables ours;
        agent::Variables theirs;
        const HitRule one = rule(*program);
        const auto code = condition_code(one, theirs);
        ASSERT_TRUE(code.has_value());
        SiteFilter filter(ours);
        filter.set_rules({one});
        const HitFilter hook = filter.filter();
        for (int round = 0; round < 3; ++round) { // it may count
            const bool expected = hook.accept(registers_, hook.data);
            ASSERT_EQ(runner_.run(*code, registers_), expected) << "program " << i;
            accepted += expected ? 1 : 0;
        }
        for (std::uint16_t number = 0; number < 3; ++number) {
            ASSERT_EQ(ours.get(number), theirs.get(number)) << "program " << i;
        }
    }
    EXPECT_GT(accepted, programs / 2);
    EXPECT_LT(accepted, programs * 3 * 9 / 10);
}

TEST_F(ConditionCode, ReadsTheStackPointerOfTheSite) {
    agent::Assembler assembler;
    assembler.read({.kind = agent::RegisterKind::Local, .index = 0});
    assembler.add(Opcode::End);
    const auto program = agent::Program::verify(assembler.bytes());
    ASSERT_TRUE(program.has_value());
    HitRule one = rule(*program);
    // The runner has pushed a word for this.
    one.inputs = {
        {.number = 0, .size = 8, .place = {.kind = FixedPlace::Kind::Memory, .number = rsp}}};
    one.exec_env.reset();
    agent::Variables variables;
    const auto code = condition_code(one, variables);
    ASSERT_TRUE(code.has_value());
    runner_.top_of_stack = 1;
    EXPECT_TRUE(runner_.run(*code, registers_));
    runner_.top_of_stack = 0;
    EXPECT_FALSE(runner_.run(*code, registers_));
}

TEST_F(ConditionCode, LeavesToTheFilterWhatNeedsIt) {
    agent::Assembler assembler;
    assembler.constant(1);
    assembler.add(Opcode::End);
    const auto program = agent::Program::verify(assembler.bytes());
    ASSERT_TRUE(program.has_value());
    agent::Variables variables;
    HitRule several = rule(*program);
    several.others = {{.address = {1}, .memory = {2}}};
    EXPECT_FALSE(condition_code(several, variables).has_value());
    HitRule two = rule(*program);
    two.conditions.push_back(*program);
    EXPECT_FALSE(condition_code(two, variables).has_value());
    HitRule none = rule(*program);
    none.conditions.clear();
    EXPECT_FALSE(condition_code(none, variables).has_value());
}

} // namespace
} // namespace wdbg::aot
