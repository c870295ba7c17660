// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as the code of a function: decoding, the instruction map, operand types, C's frame.
#include "../support/wasm_builder.h"

#include <wdbg/wasm/c_frame.h>
#include <wdbg/wasm/module.h>
#include <wdbg/wasm/stack_types.h>

#include <cstdint>
#include <cstdlib>

namespace {

using namespace wdbg;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void check_map(std::span<const std::byte> code) {
    const CodeOffset end{static_cast<std::uint32_t>(code.size())};
    const auto map = wasm::InstructionMap::build(code, CodeOffset{0}, end);
    if (!map) {
        return;
    }
    CodeOffset at{0};
    while (at < end) {
        const auto instruction = wasm::decode(code, at);
        require(instruction && instruction->size > 0 && instruction->end() <= end);
        require(map->is_start(at) && map->ending_at(instruction->end()) == at);
        require(map->containing(CodeOffset{instruction->end().value - 1}) == at);
        at = instruction->end();
    }
}

/// A function (i32 i64) -> i32 with two locals, a table, a memory, a global and a tag.
std::vector<std::byte> module_with(const test::Bytes& code) {
    using namespace wdbg::test;
    return WasmBuilder()
        .types({func_type({i32, i64}, {i32}), func_type({i32}, {}), func_type({}, {f64, v128})})
        .functions({0})
        .section(4, {1, 0x70, 0, 4})
        .section(5, {2, 0, 1, 4, 1})
        .section(13, {1, 0, 1})
        .section(6, {1, i64, 1, 0x42, 5, 0x0B})
        .code({body({{1, f64}, {1, v128}}, code)})
        .build();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_map(std::as_bytes(std::span(data, size)));
    const auto bytes = module_with(test::Bytes(data, data + size));
    const auto module = wasm::Module::parse(bytes);
    if (!module) {
        return 0;
    }
    std::size_t previous = 0;
    static_cast<void>(wasm::walk_operand_stacks(
        *module, 0, [&](const wasm::Instruction& instruction, const wasm::OperandStack& stack) {
            require(instruction.offset.value > previous);
            previous = instruction.offset.value;
            const auto access = wasm::memory_access(instruction);
            static_cast<void>(access);
            static_cast<void>(stack);
            return true;
        }));
    static_cast<void>(wasm::c_frame(*module, 0, 0));
    return 0;
}
