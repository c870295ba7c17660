// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The machine code of compiled functions, for people.
#include "debuggee_impl.h"

#include <wdbg/model/hex.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace wdbg::aot {

namespace {

/// Ranges of the native functions that hold code of the wasm function around `offset`: its own, or
/// those that it was inlined into.
std::vector<dwarf::TextRange> ranges_of(const CodeModule& module, CodeOffset offset) {
    const wasm::FunctionBody* const body = module.wasm->function_containing(offset);
    std::vector<dwarf::TextRange> ranges;
    if (body == nullptr) {
        return ranges;
    }
    for (const dwarf::NativeFunction& function : module.info->file().functions()) {
        if (function.function == body->index && function.size != 0) {
            ranges.push_back(
                {.begin = {function.offset}, .end = {function.offset + function.size}});
        }
    }
    if (!ranges.empty()) {
        return ranges;
    }
    for (const auto& site :
         module.info->breakpoint(offset, {.reach = dwarf::BreakpointReach::AnyWay}).sites) {
        const auto around = module.function_around(site.at);
        if (around && std::ranges::find(ranges, *around) == ranges.end()) {
            ranges.push_back(*around);
        }
    }
    std::ranges::sort(ranges);
    return ranges;
}

/// Bytes that are no instruction are shown one by one.
PrintedInstruction print(const InstructionPrinter& printer, std::span<const std::byte> bytes,
                         NativeAddress address) {
    if (auto printed = printer.print(bytes, address)) {
        return std::move(*printed);
    }
    return {.length = 1, .text = ".byte 0x" + hex_of(bytes.first(1))};
}

/// Of the native function that begins at `offset`; empty if none does.
std::string symbol_at(const CodeModule& module, dwarf::TextOffset offset) {
    const auto functions = module.info->file().functions(); // by offset
    const auto found = std::ranges::lower_bound(functions, offset.value, std::less{},
                                                &dwarf::NativeFunction::offset);
    if (found == functions.end() || found->offset != offset.value) {
        return {};
    }
    return module.wasm ? module.wasm->function_name(found->function)
                       : "function[" + std::to_string(found->function) + "]";
}

/// "call 0x1010 <fib>": what people look for behind a call's address.
void name_target(const CodeModule& module, PrintedInstruction& printed) {
    const auto target = printed.target ? module.text_offset(*printed.target) : std::nullopt;
    const std::string symbol = target ? symbol_at(module, *target) : std::string();
    if (!symbol.empty()) {
        printed.text += " <" + symbol + ">";
    }
}

/// Appends the instructions of one native function.
Result<void> append(const NativeTarget& target, const InstructionPrinter& printer,
                    const CodeModule& module, InstanceId instance, dwarf::TextRange range,
                    std::vector<NativeInstruction>& into) {
    std::vector<std::byte> code(range.end.value - range.begin.value);
    if (auto read = target.read_memory(module.native(range.begin), code); !read) {
        return read;
    }
    std::string symbol = symbol_at(module, range.begin);
    for (std::size_t at = 0; at < code.size();) {
        const dwarf::TextOffset offset{range.begin.value + static_cast<std::uint32_t>(at)};
        const auto rest = std::span<const std::byte>(code).subspan(at);
        PrintedInstruction printed = print(printer, rest, module.native(offset));
        name_target(module, printed);
        const std::size_t size = std::clamp<std::size_t>(printed.length, 1, rest.size());
        NativeInstruction& line = into.emplace_back();
        line.address = module.native(offset);
        line.bytes.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
        line.text = std::move(printed.text);
        line.symbol = std::exchange(symbol, {});
        const auto positions = module.info->positions(offset, dwarf::AddressKind::Instruction);
        if (!positions.empty()) {
            line.wasm = CodeAddress{instance, positions.front().offset};
        }
        at += size;
    }
    return {};
}

} // namespace

Result<const InstructionPrinter*> AotDebuggeeImpl::printer() const {
    if (printer_ == nullptr) {
        auto loaded = options_.load_printer();
        if (!loaded) {
            return std::unexpected(loaded.error());
        }
        printer_ = std::move(*loaded);
    }
    return printer_.get();
}

/// The first instance of the module: native code belongs to none.
Result<const AotInstance*> AotDebuggeeImpl::instance_of(const CodeModule& module) const {
    for (const auto& instance : instances_.all()) {
        if (instance->module == &module) {
            return instance.get();
        }
    }
    return fail(ErrorCode::NotFound, module.name + " has no instance");
}

Result<std::vector<NativeInstruction>> AotDebuggeeImpl::native_code(CodeAddress address) const {
    const auto instance = instance_at(address.instance);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    const CodeModule& module = *(*instance)->module;
    if (!module.info || !module.wasm) {
        return fail(ErrorCode::Unavailable,
                    module.name + " has no debug file, or its .wasm was not found");
    }
    const auto ranges = ranges_of(module, address.offset);
    const auto printing = printer();
    if (!printing) {
        return std::unexpected(printing.error());
    }
    if (ranges.empty()) {
        return fail(ErrorCode::NotFound, "nothing there became native code");
    }
    std::vector<NativeInstruction> code;
    for (const dwarf::TextRange& range : ranges) {
        if (auto done = append(target_, **printing, module, address.instance, range, code); !done) {
            return std::unexpected(done.error());
        }
    }
    return code;
}

Result<std::vector<NativeInstruction>>
AotDebuggeeImpl::native_function(NativeAddress address) const {
    const CodeModule* const module = modules_.at(address);
    const auto offset =
        module != nullptr && module->info ? module->text_offset(address) : std::nullopt;
    const auto range = offset ? module->function_around(*offset) : std::nullopt;
    if (!range) {
        return fail(ErrorCode::NotFound, "no function of a module is at this native address");
    }
    const auto instance = instance_of(*module);
    const auto printing = printer();
    if (!instance || !printing) {
        return std::unexpected(instance ? printing.error() : instance.error());
    }
    std::vector<NativeInstruction> code;
    if (auto done = append(target_, **printing, *module, (*instance)->id, *range, code); !done) {
        return std::unexpected(done.error());
    }
    return code;
}

Result<NativeAddress> AotDebuggeeImpl::native_pc(ThreadId thread, std::uint32_t frame) const {
    const auto at = frame_at(thread, frame);
    if (!at) {
        return std::unexpected(at.error());
    }
    return at->native.registers.pc;
}

Result<CodeAddress> AotDebuggeeImpl::plant_native(NativeAddress address) {
    const CodeModule* const module = modules_.at(address);
    const auto offset =
        module != nullptr && module->info ? module->text_offset(address) : std::nullopt;
    auto positions = offset ? module->info->positions(*offset, dwarf::AddressKind::Instruction)
                            : std::vector<dwarf::WasmPosition>{};
    if (positions.empty()) {
        return fail(ErrorCode::NotFound, "no function of a module is at this native address");
    }
    const auto instance = instance_of(*module);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    const CodeAddress told{(*instance)->id, positions.front().offset};
    auto planted =
        breakpoints_.plant_native(address, {.address = told, .positions = std::move(positions)});
    if (!planted) {
        return std::unexpected(planted.error());
    }
    return told;
}

Result<void> AotDebuggeeImpl::unplant_native(NativeAddress address) {
    return breakpoints_.unplant_native(address);
}

} // namespace wdbg::aot
