// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as a module: parsing, and every question that a parsed module answers.
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

void ask_about_body(const wasm::Module& module, const wasm::FunctionBody& body) {
    require(body.size_field < body.begin && body.begin < body.end &&
            body.first_instruction < body.end && body.end.value <= module.bytes().size());
    static_cast<void>(module.local_types(body));
    static_cast<void>(module.function_name(body.index));
    require(module.function_containing(body.begin) == &body);
    const auto map = module.instructions(body);
    const auto resolved = module.resolve_breakpoint(CodeOffset{body.first_instruction.value + 1});
    require(map.has_value() || !resolved.has_value() || *resolved == body.first_instruction);
    if (map && resolved) {
        require((*map)->is_start(*resolved));
    }
    static_cast<void>(wasm::walk_operand_stacks(
        module, body.index, [](const wasm::Instruction& instruction, const wasm::OperandStack&) {
            static_cast<void>(wasm::memory_access(instruction));
            return true;
        }));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto module = wasm::Module::parse(std::as_bytes(std::span(data, size)));
    if (!module) {
        require(!module.error().message.empty());
        return 0;
    }
    static_cast<void>(module->names());
    static_cast<void>(module->producers());
    static_cast<void>(module->target_features());
    static_cast<void>(module->external_debug_info());
    static_cast<void>(module->build_id());
    for (const wasm::Section& section : module->sections()) {
        static_cast<void>(module->payload(section));
    }
    for (const wasm::FunctionBody& body : module->bodies()) {
        ask_about_body(*module, body);
    }
    return 0;
}
