// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "trap_place.h"

#include <wdbg/wasm/module.h>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

namespace wdbg::cli {
namespace {

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> chars(std::istreambuf_iterator<char>(file), {});
    const auto bytes = std::as_bytes(std::span(chars));
    return {bytes.begin(), bytes.end()};
}

std::string function_at(const std::vector<std::byte>& bytes, CodeOffset offset) {
    const Result<wasm::Module> module = wasm::Module::parse(bytes);
    const wasm::FunctionBody* body = module ? module->function_containing(offset) : nullptr;
    return body != nullptr ? module->function_name(body->index) : "";
}

} // namespace

TrapPlace find_trap_place(const std::filesystem::path& module,
                          const std::optional<CodeAddress>& pc) {
    if (!pc || pc->instance.value != 0) {
        return {};
    }
    TrapPlace place;
    place.module = module.filename().string();
    place.offset = pc->offset;
    const std::vector<std::byte> bytes = read_file(module);
    place.function = function_at(bytes, pc->offset);
    return place;
}

} // namespace wdbg::cli
