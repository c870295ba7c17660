// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/agent/assembler.h>
#include <wdbg/agent/program.h>

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>
#include <random>

namespace wdbg::agent {
namespace {

/// Locals 0.., a memory of 16 bytes.
struct Guest {
    std::array<std::uint64_t, 3> locals{7, 0xFFFFFFFF, 4};
    std::array<std::uint8_t, 16> memory{1, 2, 3, 4, 5, 6, 7, 8, 0xFF};
    Variables variables;

    Surroundings surroundings() {
        return {.context = this,
                .read_register =
                    [](void* context, RegisterNumber number, std::uint64_t& value) {
                        const auto& guest = *static_cast<Guest*>(context);
                        if (number.kind != RegisterKind::Local ||
                            number.index >= guest.locals.size()) {
                            return false;
                        }
                        value = guest.locals[number.index];
                        return true;
                    },
                .read_memory =
                    [](void* context, std::uint64_t offset, void* into, std::size_t size) {
                        const auto& guest = *static_cast<Guest*>(context);
                        if (offset > guest.memory.size() || size > guest.memory.size() - offset) {
                            return false;
                        }
                        std::memcpy(into, guest.memory.data() + offset, size);
                        return true;
                    },
                .variables = &variables};
    }

    Outcome run(const std::vector<std::uint8_t>& bytes) {
        const auto program = Program::verify(bytes);
        EXPECT_TRUE(program) << program.error().message;
        return program ? evaluate(*program, surroundings()) : Outcome{};
    }

    std::int64_t value(const std::function<void(Assembler&)>& build) {
        Assembler assembler;
        build(assembler);
        assembler.add(Opcode::End);
        const Outcome outcome = run(assembler.bytes());
        EXPECT_EQ(outcome.fault, Fault::None);
        return outcome.value;
    }

    std::int64_t binary(std::int64_t left, Opcode opcode, std::int64_t right) {
        return value([&](Assembler& it) {
            it.constant(left);
            it.constant(right);
            it.add(opcode);
        });
    }
};

constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

TEST(Program, ComputesAsCDoes) {
    Guest guest;
    EXPECT_EQ(guest.binary(5, Opcode::Add, -7), -2);
    EXPECT_EQ(guest.binary(largest, Opcode::Add, 1), smallest);
    EXPECT_EQ(guest.binary(5, Opcode::Subtract, 7), -2);
    EXPECT_EQ(guest.binary(-5, Opcode::Multiply, 7), -35);
    EXPECT_EQ(guest.binary(-7, Opcode::DivideSigned, 2), -3);
    EXPECT_EQ(guest.binary(-7, Opcode::RemainderSigned, 2), -1);
    EXPECT_EQ(guest.binary(smallest, Opcode::DivideSigned, -1), smallest);
    EXPECT_EQ(guest.binary(smallest, Opcode::RemainderSigned, -1), 0);
    EXPECT_EQ(guest.binary(-1, Opcode::DivideUnsigned, 2), largest);
    EXPECT_EQ(guest.binary(-1, Opcode::RemainderUnsigned, 2), 1);
    EXPECT_EQ(guest.binary(6, Opcode::BitAnd, 3), 2);
    EXPECT_EQ(guest.binary(6, Opcode::BitOr, 3), 7);
    EXPECT_EQ(guest.binary(6, Opcode::BitXor, 3), 5);
    EXPECT_EQ(guest.binary(-1, Opcode::LessSigned, 0), 1);
    EXPECT_EQ(guest.binary(-1, Opcode::LessUnsigned, 0), 0);
    EXPECT_EQ(guest.binary(3, Opcode::Equal, 3), 1);
}

TEST(Program, ShiftsEverythingOut) {
    Guest guest;
    EXPECT_EQ(guest.binary(1, Opcode::ShiftLeft, 63), smallest);
    EXPECT_EQ(guest.binary(1, Opcode::ShiftLeft, 64), 0);
    EXPECT_EQ(guest.binary(-8, Opcode::ShiftRightSigned, 1), -4);
    EXPECT_EQ(guest.binary(-8, Opcode::ShiftRightSigned, 100), -1);
    EXPECT_EQ(guest.binary(-1, Opcode::ShiftRightUnsigned, 63), 1);
    EXPECT_EQ(guest.binary(-1, Opcode::ShiftRightUnsigned, 64), 0);
}

TEST(Program, HasConstantsOfAllSizes) {
    Guest guest;
    for (const std::int64_t number :
         {std::int64_t{0}, std::int64_t{127}, std::int64_t{-128}, std::int64_t{128},
          std::int64_t{-32769}, std::int64_t{0x7FFFFFFF}, std::int64_t{-0x80000001LL}, smallest,
          largest}) {
        EXPECT_EQ(guest.value([&](Assembler& it) { it.constant(number); }), number);
    }
}

TEST(Program, ReadsLocalsAndMemory) {
    Guest guest;
    EXPECT_EQ(guest.value([](Assembler& it) {
        it.read({.kind = RegisterKind::Local, .index = 1});
        it.add(Opcode::SignExtend, 32);
    }),
              -1);
    EXPECT_EQ(guest.value([](Assembler& it) {
        it.read({.kind = RegisterKind::Local, .index = 2}); // 4
        it.add(Opcode::Ref32);
    }),
              0x08070605);
    EXPECT_EQ(guest.value([](Assembler& it) {
        it.constant(8);
        it.add(Opcode::Ref8);
        it.add(Opcode::SignExtend, 8);
    }),
              -1);
    EXPECT_EQ(guest.value([](Assembler& it) {
        it.constant(0);
        it.add(Opcode::Ref64);
    }),
              0x0807060504030201);
}

TEST(Program, MovesValuesOnItsStack) {
    Guest guest;
    const auto digits = [&](const std::function<void(Assembler&)>& move) {
        return guest.value([&](Assembler& it) {
            for (const int each : {1, 2, 3}) {
                it.constant(each);
            }
            move(it);
            for (int i = 0; i < 2; ++i) { // a b c -> a + 10 * (b + 10 * c)
                it.constant(10);
                it.add(Opcode::Multiply);
                it.add(Opcode::Add);
            }
        });
    };
    EXPECT_EQ(digits([](Assembler&) {}), 321);
    EXPECT_EQ(digits([](Assembler& it) { it.add(Opcode::Swap); }), 231);
    EXPECT_EQ(digits([](Assembler& it) { it.add(Opcode::Rotate); }), 213);
    EXPECT_EQ(digits([](Assembler& it) {
                  it.add(Opcode::Pick, 2);
                  it.add(Opcode::Swap);
                  it.add(Opcode::Pop);
              }),
              121);
}

TEST(Program, Jumps) {
    Guest guest;
    const auto choose = [&](std::int64_t condition) {
        return guest.value([&](Assembler& it) {
            it.constant(condition);
            const auto yes = it.jump(Opcode::IfGoto);
            it.constant(20);
            const auto done = it.jump(Opcode::Goto);
            it.bind(yes);
            it.constant(10);
            it.bind(done);
        });
    };
    EXPECT_EQ(choose(1), 10);
    EXPECT_EQ(choose(0), 20);
}

TEST(Program, CountsInVariables) {
    Guest guest;
    const auto count = [](Assembler& it) { it.variable(Opcode::Count, 9); };
    EXPECT_EQ(guest.value(count), 1);
    EXPECT_EQ(guest.value(count), 2);
    EXPECT_EQ(guest.value([](Assembler& it) { it.variable(Opcode::GetVariable, 9); }), 2);
    EXPECT_EQ(guest.value([](Assembler& it) {
        it.constant(40);
        it.variable(Opcode::SetVariable, 9);
    }),
              40);
    EXPECT_EQ(guest.variables.get(9), 40);
    EXPECT_EQ(guest.variables.get(variable_limit), 0);
}

TEST(Program, AFaultEndsItAndHolds) {
    Guest guest;
    Assembler memory;
    memory.constant(13);
    memory.add(Opcode::Ref32);
    memory.add(Opcode::End);
    EXPECT_EQ(guest.run(memory.bytes()).fault, Fault::NoMemory);
    EXPECT_TRUE(guest.run(memory.bytes()).holds());

    Assembler local;
    local.read({.kind = RegisterKind::Global, .index = 1});
    local.add(Opcode::End);
    EXPECT_EQ(guest.run(local.bytes()).fault, Fault::NoRegister);

    Assembler division;
    division.constant(13);
    division.constant(0);
    division.add(Opcode::RemainderSigned);
    division.add(Opcode::End);
    EXPECT_EQ(guest.run(division.bytes()).fault, Fault::DivisionByZero);
}

TEST(Program, IsRefusedUnlessSound) {
    struct Row {
        std::vector<std::uint8_t> bytes;
        const char* why;
    };

    const std::vector<std::uint8_t> too_long(program_limit + 1, 0x22);
    const Row rows[] = {
        {{}, "1 to"},
        {too_long, "1 to"},
        {{0x27}, "too few"},
        {{0x22, 1}, "without `end`"},
        {{0x22}, "cut off"},
        {{0x22, 1, 0x02, 0x27}, "too few"},
        {{0x01, 0x27}, "not supported"},
        {{0x22, 1, 0x20, 0, 0, 0x27}, "forwards"},
        {{0x22, 1, 0x20, 0, 99, 0x27}, "forwards"},
        {{0x22, 1, 0x20, 0, 6, 0x22, 1, 0x27}, "middle"},
        {{0x22, 1, 0x20, 0, 7, 0x22, 1, 0x27}, "depends"},
        {{0x22, 1, 0x27, 0x27}, "no way"},
        {{0x22, 1, 0x16, 0, 0x27}, "bits"},
        {{0x22, 1, 0x16, 65, 0x27}, "bits"},
        {{0x22, 1, 0x32, 1, 0x27}, "no such value"},
        {{0x26, 0xC0, 0, 0x27}, "register"},
        {{0x2C, 1, 0, 0x27}, "variable"},
    };
    for (const Row& row : rows) {
        const auto program = Program::verify(row.bytes);
        ASSERT_FALSE(program) << row.why;
        EXPECT_NE(program.error().message.find(row.why), std::string::npos)
            << program.error().message;
    }
    std::vector<std::uint8_t> deep;
    for (std::size_t i = 0; i <= stack_limit; ++i) {
        deep.insert(deep.end(), {0x22, 1});
    }
    deep.push_back(0x27);
    EXPECT_FALSE(Program::verify(deep));
}

TEST(Program, CountingBehindTheLargestNumberWraps) {
    Variables variables;
    variables.set(3, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(variables.count(3), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(variables.get(3), std::numeric_limits<std::int64_t>::min());
}

/// What is verified runs to its end, whatever the bytes are (ASan and UBSan look on).
TEST(Program, RunsWhateverIsVerified) {
    Guest guest;
    std::mt19937 random(20); // NOLINT(bugprone-random-generator-seed): the same each time
    constexpr std::uint8_t opcodes[] = {0x02, 0x05, 0x09, 0x0A, 0x16, 0x17, 0x1A, 0x20,
                                        0x22, 0x22, 0x22, 0x26, 0x27, 0x28, 0x32, 0x80};
    int sound = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::vector<std::uint8_t> bytes;
        for (std::size_t i = random() % 12; i > 0; --i) {
            const std::uint8_t opcode = opcodes[random() % std::size(opcodes)];
            bytes.push_back(opcode);
            for (unsigned left = shape_of(opcode).operand_bytes; left > 0; --left) {
                bytes.push_back(static_cast<std::uint8_t>(left == 2 ? 0 : random() % 40));
            }
        }
        bytes.push_back(0x27);
        if (const auto program = Program::verify(bytes)) {
            ++sound;
            EXPECT_LE(evaluate(*program, guest.surroundings()).fault, Fault::DivisionByZero);
        }
    }
    EXPECT_GT(sound, 1000);
}

} // namespace
} // namespace wdbg::agent
