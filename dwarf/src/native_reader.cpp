// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "native_reader.h"

#include "guest_rows.h"

#include <wdbg/dwarf/llvm_aot_debug_info.h>

#include <algorithm>

namespace wdbg::dwarf {

NativeReader::NativeReader(DebugFile file, const MachineTraits& machine, Guest guest,
                           NativeText text)
    : file_(std::move(file))
    , machine_(machine)
    , guest_(std::move(guest))
    , text_(std::move(text))
    , scopes_(file_)
    , frames_(frame_source_of(file_), machine_) {
}

const NativeLines& NativeReader::lines() const {
    std::call_once(lines_once_, [this] { lines_ = NativeLines::read(file_); });
    return lines_;
}

const PackedNumbers& NativeReader::guest_rows() const {
    std::call_once(guest_once_, [this] {
        if (const auto* const image = std::get_if<ModuleImage>(&guest_)) {
            guest_rows_ = read_guest_rows(*image);
        }
    });
    return guest_rows_;
}

const wasm::Module* NativeReader::module() const {
    if (const auto* const image = std::get_if<ModuleImage>(&guest_)) {
        return &image->module();
    }
    return std::get_if<wasm::Module>(&guest_);
}

const NativeFunction* NativeReader::native_function_at(TextOffset pc) const {
    const std::span<const NativeFunction> functions = file_.functions();
    const auto behind = std::ranges::upper_bound(functions, pc.value, {}, &NativeFunction::offset);
    if (behind == functions.begin()) {
        return nullptr;
    }
    const NativeFunction& function = *std::prev(behind);
    return pc.value - function.offset < function.size ? &function : nullptr;
}

CodeOffset NativeReader::body_begin(std::uint32_t function) const {
    const wasm::Module* const known = module();
    const wasm::FunctionBody* const body = known == nullptr ? nullptr : known->body(function);
    return body == nullptr ? CodeOffset{} : body->begin;
}

/// The row that says what the code at `pc` belongs to: of the same scope, the nearest before it.
std::optional<std::size_t> NativeReader::row_in(const NativeFunction& function,
                                                const FunctionScopes* scopes, TextOffset pc) const {
    const std::optional<std::size_t> found = lines().row_at(pc);
    if (!found) {
        return std::nullopt;
    }
    const auto rows = lines().rows();
    const std::uint32_t scope = scopes == nullptr ? 0 : scopes->scope_at(pc);
    for (std::size_t each = *found; rows[each].at.value >= function.offset; --each) {
        const bool same_scope =
            each == *found || scopes == nullptr || scopes->scope_at(rows[each].at) == scope;
        if (rows[each].line != 0 && same_scope) {
            return each;
        }
        if (each == 0) {
            break;
        }
    }
    return std::nullopt;
}

std::vector<WasmPosition> NativeReader::positions(TextOffset pc, AddressKind kind) const {
    const TextOffset at = lookup_offset(pc, kind);
    const NativeFunction* const function = native_function_at(at);
    if (function == nullptr) {
        return {};
    }
    const FunctionScopes* const scopes = scopes_.at(at);
    const auto row = row_in(*function, scopes, at);
    const std::uint32_t line = row ? lines().rows()[*row].line : 0;
    const auto or_begin = [line](CodeOffset begin) { return line != 0 ? CodeOffset{line} : begin; };
    const bool exact = row && kind == AddressKind::Instruction && lines().rows()[*row].at == pc;
    if (scopes == nullptr) {
        return {{.function = function->function,
                 .offset = or_begin(body_begin(function->function)),
                 .exact = exact}};
    }
    std::vector<WasmPosition> result;
    const NativeScope* scope = &scopes->scopes[scopes->scope_at(at)];
    result.push_back({.function = scope->function,
                      .offset = or_begin(scope->begin),
                      .exact = exact,
                      .inlined = scope->parent.has_value()});
    while (scope->parent) {
        const CodeOffset call = scope->call;
        scope = &scopes->scopes[*scope->parent];
        result.push_back(
            {.function = scope->function, .offset = call, .inlined = scope->parent.has_value()});
    }
    return result;
}

std::vector<TextOffset> NativeReader::entries(std::uint32_t function) const {
    std::vector<TextOffset> result;
    for (const NativeFunction& each : file_.functions()) {
        if (each.function == function) {
            result.push_back(TextOffset{each.offset});
        }
    }
    return result;
}

namespace {

Result<NativeReader::Guest> open_guest(const ModuleSource& source) {
    if (source.bytes.empty()) {
        return NativeReader::Guest{};
    }
    Result<ModuleImage> image = ModuleImage::open(source);
    if (image) {
        return NativeReader::Guest(std::move(*image));
    }
    Result<wasm::Module> module = wasm::Module::parse(source.bytes);
    if (!module) {
        return std::unexpected(module.error());
    }
    return NativeReader::Guest(std::move(*module));
}

} // namespace

Result<std::unique_ptr<AotDebugInfo>> make_aot_debug_info(const AotDebugSource& source) {
    Result<DebugFile> file = DebugFile::parse(source.debug_file);
    if (!file) {
        return std::unexpected(file.error());
    }
    const auto machine = machine_traits(file->machine(), file->is_64());
    if (!machine) {
        return fail(ErrorCode::Unsupported, "the debug file is of an unknown machine (ELF " +
                                                std::to_string(file->machine()) + ")");
    }
    Result<NativeReader::Guest> guest = open_guest(source.module);
    if (!guest) {
        return std::unexpected(guest.error());
    }
    if (!source.module.bytes.empty()) {
        if (Result<void> checked = file->check_module(source.module.bytes); !checked) {
            return std::unexpected(checked.error());
        }
    }
    return std::make_unique<NativeReader>(std::move(*file), *machine, std::move(*guest),
                                          source.text);
}

} // namespace wdbg::dwarf
