// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "trap_place.h"

#include "module_files.h"

#include <wdbg/dwarf/loader.h>
#include <wdbg/wasm/module.h>

#include <cstddef>
#include <cstdio>
#include <vector>

namespace wdbg::cli {
namespace {

std::string function_at(const std::vector<std::byte>& bytes, CodeOffset offset) {
    const Result<wasm::Module> module = wasm::Module::parse(bytes);
    const wasm::FunctionBody* body = module ? module->function_containing(offset) : nullptr;
    return body != nullptr ? module->function_name(body->index) : "";
}

/// Takes over what the debug information knows; without any the place stays as it is.
void add_source(TrapPlace& place, const dwarf::ModuleSource& source) {
    auto symbolizer = dwarf::load_symbolizer(source);
    if (!symbolizer) {
        return;
    }
    const Result<std::vector<dwarf::SourceFrame>> frames = (*symbolizer)->lookup(place.offset);
    if (!frames || frames->empty()) {
        return;
    }
    const dwarf::SourceFrame& frame = frames->front();
    if (!frame.function.empty()) {
        place.function = frame.function;
    }
    if (frame.location.line != 0) {
        place.file = frame.location.file;
        place.line = frame.location.line;
    }
}

} // namespace

std::optional<CodeAddress> find_wasm_pc(const std::filesystem::path& aot,
                                        const std::filesystem::path& debug_file,
                                        std::uint32_t text_offset, std::filesystem::path& module) {
    const auto bytes =
        read_file(debug_file.empty() ? std::filesystem::path(aot.string() + ".debug") : debug_file);
    if (!bytes || bytes->empty()) {
        return std::nullopt;
    }
    const auto info = dwarf::load_aot_debug_info({.debug_file = *bytes, .module = {}});
    if (!info || text_offset >= (*info)->file().text_size()) {
        return std::nullopt;
    }
    if (module == aot) {
        module = find_wasm(aot, **info);
    }
    const auto positions = (*info)->positions({text_offset}, dwarf::AddressKind::Instruction);
    if (positions.empty()) {
        return std::nullopt;
    }
    return CodeAddress{{}, positions.front().offset};
}

TrapPlace find_trap_place(const std::filesystem::path& module,
                          const std::optional<CodeAddress>& pc) {
    if (!pc) {
        return {};
    }
    TrapPlace place;
    place.module = module.filename().string();
    place.offset = pc->offset;
    const std::vector<std::byte> bytes = read_file(module).value_or(std::vector<std::byte>{});
    place.function = function_at(bytes, pc->offset);
    add_source(place, {bytes, module});
    return place;
}

} // namespace wdbg::cli
