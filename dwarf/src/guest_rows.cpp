// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_rows.h"

#include "line_rows.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace wdbg::dwarf {
namespace {

std::span<const std::byte> section_of(const wasm::Module& module, std::string_view name) {
    const wasm::Section* const section = module.custom_section(name);
    return section == nullptr ? std::span<const std::byte>{} : module.payload(*section);
}

} // namespace

PackedNumbers read_guest_rows(const ModuleImage& image) {
    const wasm::Module& module = image.debug_module();
    const std::vector<LineRow> rows =
        read_line_rows({.line = section_of(module, ".debug_line"),
                        .line_str = section_of(module, ".debug_line_str"),
                        .str = section_of(module, ".debug_str"),
                        .address_size = 4});
    std::vector<std::uint32_t> begins;
    begins.reserve(rows.size());
    for (const LineRow& row : rows) {
        if (const auto offset = image.to_code(DwarfOffset{row.address})) {
            begins.push_back(offset->value);
        }
    }
    std::ranges::sort(begins);
    PackedNumbers packed;
    std::ranges::for_each(begins, [&packed](std::uint32_t each) { packed.add(each); });
    packed.finish();
    return packed;
}

} // namespace wdbg::dwarf
