// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Debug files of any bytes, with the module that the seeds belong to; then everything that the AOT
/// mapping asks of one, and what `wdbg info` measures. The seeds are `wdbg compile` of it at -Og
/// and -O3. The same bytes are read as an .aot file, and are the native text.
#include <wdbg/dwarf/aot_debug_info.h>
#include <wdbg/dwarf/aot_file.h>
#include <wdbg/dwarf/coverage.h>
#include <wdbg/dwarf/llvm_aot_debug_info.h>
#include <wdbg/dwarf/x86_decoder.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace {

using namespace wdbg;
using namespace wdbg::dwarf;

constexpr std::array<std::uint8_t, 102> module_bytes{
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x09, 0x02, 0x60, 0x01, 0x7f, 0x01,
    0x7f, 0x60, 0x00, 0x00, 0x03, 0x04, 0x03, 0x00, 0x00, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01,
    0x07, 0x0a, 0x01, 0x06, 0x5f, 0x73, 0x74, 0x61, 0x72, 0x74, 0x00, 0x02, 0x0a, 0x21, 0x03,
    0x0f, 0x01, 0x01, 0x7e, 0x20, 0x00, 0x41, 0x02, 0x6c, 0x21, 0x00, 0x20, 0x00, 0x10, 0x01,
    0x0b, 0x07, 0x00, 0x20, 0x00, 0x28, 0x02, 0x00, 0x0b, 0x07, 0x00, 0x41, 0x04, 0x10, 0x00,
    0x1a, 0x0b, 0x00, 0x17, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x07, 0x02, 0x00, 0x01, 0x61,
    0x01, 0x01, 0x62, 0x02, 0x07, 0x03, 0x00, 0x00, 0x01, 0x00, 0x02, 0x00,
};

constexpr std::uint32_t text_limit = 512;

/// The bytes again and again, as far as anybody asks.
NativeText text_of(std::span<const std::byte> bytes) {
    static const auto decoder = std::move(*make_x86_decoder());
    static const std::vector<std::uint64_t> jump_targets{16, 32, 48};
    return {.read = [bytes](TextOffset at, std::span<std::byte> into) -> Result<void> {
                for (std::size_t i = 0; i < into.size() && !bytes.empty(); ++i) {
                    into[i] = bytes[(at.value + i) % bytes.size()];
                }
                return {};
            },
            .decoder = decoder.get(),
            .jump_targets = &jump_targets};
}

void ask_at(const AotDebugInfo& info, TextOffset pc, AddressKind kind) {
    NativeRegisters registers{.pc = NativeAddress{0x10000 + pc.value}};
    std::ranges::fill(registers.general, 0x7fff0000);
    const NativeMemoryReader memory = [](NativeAddress address, std::span<std::byte> into) {
        std::ranges::fill(into, static_cast<std::byte>(address.value >> 3));
        return Result<void>{};
    };
    const NativeActivation activation{
        .pc = pc, .kind = kind, .registers = registers, .memory = memory};
    const auto positions = info.positions(pc, kind);
    for (std::uint32_t depth = 0; depth < positions.size() + 1; ++depth) {
        for (std::uint32_t local = 0; local < 3; ++local) {
            static_cast<void>(info.local(activation, depth, local));
        }
    }
    static_cast<void>(info.exec_env(activation));
    static_cast<void>(info.unwind(activation));
    static_cast<void>(info.frame_address(activation));
    static_cast<void>(info.instructions_at(pc));
    static_cast<void>(info.instruction_ranges(pc));
    static_cast<void>(info.step_ranges(pc, CodeOffset{40}, CodeOffset{80}));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto module = std::as_bytes(std::span(module_bytes));
    static_cast<void>(AotFile::parse(std::as_bytes(std::span(data, size))));
    const auto bytes = std::as_bytes(std::span(data, size));
    auto info = make_aot_debug_info(
        {.debug_file = bytes, .module = {.bytes = module, .path = {}}, .text = text_of(bytes)});
    if (!info) { // it says that it belongs to another module: without one
        info = make_aot_debug_info({.debug_file = bytes, .module = {}, .text = text_of(bytes)});
    }
    if (!info) {
        return 0;
    }
    for (std::uint32_t pc = 0; pc < text_limit; pc += 3) {
        ask_at(**info, TextOffset{pc}, AddressKind::Instruction);
        ask_at(**info, TextOffset{pc}, AddressKind::ReturnAddress);
    }
    for (std::uint32_t offset = 0; offset < module_bytes.size(); ++offset) {
        for (const auto reach : {BreakpointReach::OnlyWay, BreakpointReach::AnyWay}) {
            static_cast<void>((*info)->breakpoint(CodeOffset{offset},
                                                  {.reach = reach, .threads = {{0}, {16}, {40}}}));
        }
    }
    GuestDwarf guest;
    guest.rows = {{.begin = 51, .end = 60, .function = 46, .line = 1, .file = 0}};
    guest.variables = {
        {.begin = 48, .end = 60, .listed_end = 60, .function = 46, .locals = {0, 1}}};
    static_cast<void>(measure_coverage(guest, **info));
    for (std::uint32_t function = 0; function < 4; ++function) {
        static_cast<void>((*info)->entries(function));
    }
    return 0;
}
