// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_file.h"

#include "wamr_access.h"

#include <wdbg/wamr/runtime.h>
#include <wdbg/wasm/instruction.h>
#include <wdbg/wasm/module.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <system_error>

namespace wdbg::wamr {

namespace {

constexpr std::size_t error_size = 256;

bool has_simd(const wasm::Module& module) {
    for (const wasm::FunctionBody& body : module.bodies()) {
        const auto code = module.bytes().first(body.end.value);
        CodeOffset at = body.first_instruction;
        while (at < body.end) {
            const auto instruction = wasm::decode(code, at);
            if (!instruction) {
                break; // WAMR's loader has the last word on what is well-formed
            }
            if (wasm::prefix_of(instruction->opcode) == wasm::simd_prefix) {
                return true;
            }
            at = instruction->end();
        }
    }
    return false;
}

/// Compilers name the features that they used; without that list the code has to be looked at.
bool may_have_simd(const wasm::Module& module) {
    const auto features = module.target_features();
    return features.empty() || std::ranges::find(features, "+simd128") != features.end();
}

} // namespace

Result<std::vector<std::byte>> read_module_file(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error) {
        return fail(ErrorCode::Io, path.string() + ": " + error.message());
    }
    if (size > UINT32_MAX) {
        return fail(ErrorCode::Malformed, path.string() + ": larger than 4 GiB");
    }
    std::ifstream file(path, std::ios::binary);
    std::vector<std::byte> bytes(size);
    if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
        return fail(ErrorCode::Io, path.string() + ": " + std::strerror(errno));
    }
    return bytes;
}

bool is_aot(std::span<const std::byte> bytes) {
    static constexpr std::array magic{std::byte{0}, std::byte{'a'}, std::byte{'o'}, std::byte{'t'}};
    return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), magic);
}

Result<void> check_interpretable(std::span<const std::byte> bytes) {
    if (is_aot(bytes)) {
        return fail(ErrorCode::Unsupported, "an .aot module cannot be interpreted");
    }
    const auto module = wasm::Module::parse(bytes);
    if (!module) {
        return std::unexpected(module.error());
    }
    if (may_have_simd(*module) && has_simd(*module)) {
        return fail(ErrorCode::Unsupported,
                    "uses SIMD, which the interpreter cannot run; use --engine=aot");
    }
    return {};
}

namespace {

/// WAMR's loader believes the size of the literals before the code (.aot format, section 2), and
/// copies whatever is there.
bool has_sound_literals(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t word = sizeof(std::uint32_t);
    constexpr std::uint32_t text_section = 2;
    const auto number_at = [bytes](std::size_t at) {
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        return value;
    };
    std::size_t at = 2 * word; // magic, version
    while (at + 2 * word <= bytes.size()) {
        const std::uint32_t type = number_at(at);
        const std::uint32_t size = number_at(at + word);
        at += 2 * word;
        if (size > bytes.size() - at) {
            break; // WAMR finds that
        }
        if (type == text_section && (size < word || number_at(at) > size - word)) {
            return false;
        }
        at = (at + size + word - 1) / word * word;
    }
    return true;
}

} // namespace

Result<wasm_module_t> open_module(std::span<std::uint8_t> bytes, const std::string& name) {
    if (is_aot(std::as_bytes(bytes)) && !has_sound_literals(bytes)) {
        return fail(ErrorCode::Malformed,
                    name + ": damaged: the literals are longer than the code");
    }
    std::array<char, error_size> error{};
    const wasm_module_t module =
        wasm_runtime_load(bytes.data(), static_cast<std::uint32_t>(bytes.size()), error.data(),
                          static_cast<std::uint32_t>(error.size()));
    if (module == nullptr) {
        return fail(ErrorCode::Malformed, name + ": " + error.data());
    }
    if (const char* const damage = wdbg_module_damage(reinterpret_cast<WASMModule*>(module))) {
        wasm_runtime_unload(module);
        return fail(ErrorCode::Malformed, name + ": damaged: " + damage);
    }
    return module;
}

Result<void> require_imports(wasm_module_t module) {
    const char* import_module = "";
    const char* field = "";
    if (wdbg_module_unresolved_import(reinterpret_cast<WASMModule*>(module), &import_module,
                                      &field)) {
        return fail(ErrorCode::NotFound,
                    std::string("nothing provides the import ") + import_module + "." + field);
    }
    return {};
}

} // namespace wdbg::wamr
