// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_code.h"

#include <wdbg/wasm/instruction.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace wdbg::test {

namespace {

wasm::Module parse(std::string_view guest) {
    std::ifstream file(guest_path(guest), std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::byte> bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    auto module = wasm::Module::parse_owned(std::move(bytes));
    if (!module) {
        throw std::runtime_error(module.error().message);
    }
    return std::move(*module);
}

} // namespace

std::string guest_path(std::string_view name) {
    return std::string(WDBG_TEST_GUESTS "/").append(name).append(".wasm");
}

GuestCode::GuestCode(std::string_view guest) : module_(parse(guest)) {
}

const wasm::FunctionBody& GuestCode::body(std::string_view function) const {
    for (const wasm::FunctionBody& body : module_.bodies()) {
        if (module_.function_name(body.index) == function) {
            return body;
        }
    }
    throw std::runtime_error("no function " + std::string(function));
}

std::vector<CodeOffset> GuestCode::instructions_of(const wasm::FunctionBody& body) const {
    std::vector<CodeOffset> offsets;
    for (CodeOffset at = body.first_instruction; at < body.end;) {
        offsets.push_back(at);
        at = wasm::decode(module_.bytes(), at)->end();
    }
    return offsets;
}

std::vector<CodeOffset> GuestCode::instructions(std::string_view function) const {
    return instructions_of(body(function));
}

std::vector<CodeOffset> GuestCode::all_instructions() const {
    std::vector<CodeOffset> offsets;
    for (const wasm::FunctionBody& body : module_.bodies()) {
        const auto more = instructions_of(body);
        offsets.insert(offsets.end(), more.begin(), more.end());
    }
    return offsets;
}

CodeOffset GuestCode::first(std::string_view function) const {
    return body(function).first_instruction;
}

CodeOffset GuestCode::at(std::string_view function, std::string_view mnemonic,
                         std::size_t nth) const {
    for (const CodeOffset offset : instructions(function)) {
        if (this->mnemonic(offset) == mnemonic && nth-- == 0) {
            return offset;
        }
    }
    throw std::runtime_error("no such " + std::string(mnemonic) + " in " + std::string(function));
}

CodeOffset GuestCode::behind(CodeOffset offset) const {
    return wasm::decode(module_.bytes(), offset)->end();
}

std::string GuestCode::function_at(CodeOffset offset) const {
    const wasm::FunctionBody* body = module_.function_containing(offset);
    return body == nullptr ? "" : module_.function_name(body->index);
}

std::string_view GuestCode::mnemonic(CodeOffset offset) const {
    return wasm::decode(module_.bytes(), offset)->info->mnemonic;
}

} // namespace wdbg::test
