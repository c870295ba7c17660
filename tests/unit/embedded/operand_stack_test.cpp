// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stub's widths of operand stacks against the debugger's types of them, on real modules.
#include <wdbg/model/value.h>
#include <wdbg/wasm/module.h>
#include <wdbg/wasm/stack_types.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <guest.h>
#include <stub_guest.h>
#include <stub_internal.h>

namespace wdbg::test {
namespace {

std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Lets the stub's guest declare what a module does.
class Declarations {
  public:
    Declarations(StubGuest& guest, const wasm::Module& module) : module_(module) {
        guest.types = [this](std::uint32_t index, WdbgSignature& into) {
            return index < module_.types().size() && describe(module_.types()[index], into);
        };
        guest.function_types = [this](std::uint32_t index, WdbgSignature& into) {
            const wasm::FunctionType* type = module_.function_type(index);
            return type != nullptr && describe(*type, into);
        };
        guest.global_types = [this](std::uint32_t index) {
            return static_cast<std::uint8_t>(module_.globals()[index].type);
        };
        guest.local_types = [this](std::uint32_t index) {
            return static_cast<std::uint8_t>(locals_.at(index));
        };
    }

    void enter(const wasm::FunctionBody& body) { locals_ = module_.local_types(body); }

  private:
    bool describe(const wasm::FunctionType& type, WdbgSignature& into) {
        std::vector<std::uint8_t>& bytes = kept_.emplace_back();
        for (const ValueType each : type.params) {
            bytes.push_back(static_cast<std::uint8_t>(each));
        }
        for (const ValueType each : type.results) {
            bytes.push_back(static_cast<std::uint8_t>(each));
        }
        into = {.param_count = static_cast<std::uint32_t>(type.params.size()),
                .result_count = static_cast<std::uint32_t>(type.results.size()),
                .types = bytes.data()};
        return true;
    }

    const wasm::Module& module_;
    std::vector<ValueType> locals_;
    std::deque<std::vector<std::uint8_t>> kept_;
};

/// How many places were compared.
std::size_t compare(const wasm::Module& module, const wasm::FunctionBody& body) {
    std::size_t compared = 0;
    const auto check = [&](const wasm::Instruction& instruction, const wasm::OperandStack& stack) {
        if (!stack.reachable || stack.types.empty()) {
            return true;
        }
        const WdbgGuestCode code{.begin = body.first_instruction.value,
                                 .end = body.end.value,
                                 .pc = instruction.offset.value};
        std::uint32_t expected = 0;
        for (std::uint32_t slot = 0; slot < stack.types.size(); ++slot) {
            std::uint32_t first = 0;
            std::uint32_t cells = 0;
            const bool known = wdbg_operand_place(0, &code, slot, &first, &cells);
            EXPECT_TRUE(known) << "at " << code.pc << ", value " << slot;
            EXPECT_EQ(first, expected) << "at " << code.pc << ", value " << slot;
            EXPECT_EQ(4 * cells, size_of(*stack.types[slot])) << "at " << code.pc;
            expected += cells;
        }
        ++compared;
        return !testing::Test::HasFailure();
    };
    EXPECT_TRUE(wasm::walk_operand_stacks(module, body.index, check));
    return compared;
}

} // namespace

TEST(StubOperandStack, HasTheWidthsOfTheTypesThatTheDebuggerFinds) {
    constexpr std::uint32_t longest = 1500; // bytes of a function: the walk is quadratic
    StubGuest guest;
    std::size_t compared = 0;
    for (const char* name : {"types-O0", "control-O2", "traps-O2", "containers-O2"}) {
        auto bytes = read_file(std::string(WDBG_FIXTURES_DIR "/") + name + ".wasm");
        ASSERT_FALSE(bytes.empty()) << name << ": build the target `fixtures`";
        wdbg_stub.module.code = bytes.data();
        wdbg_stub.module.size = bytes.size();
        const auto module = wasm::Module::parse(std::as_bytes(std::span(bytes)));
        ASSERT_TRUE(module);
        Declarations declarations(guest, *module);
        for (const wasm::FunctionBody& body : module->bodies()) {
            if (body.end.value - body.begin.value < longest) {
                declarations.enter(body);
                compared += compare(*module, body);
                ASSERT_FALSE(HasFailure()) << name << ", " << module->function_name(body.index);
            }
        }
    }
    EXPECT_GT(compared, 1000U);
}

} // namespace wdbg::test
