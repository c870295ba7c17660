// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/wasm/loaded_names.h>
#include <wdbg/wasm/module.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

namespace wdbg::wasm {
namespace {

using Bytes = std::vector<std::byte>;

void add(Bytes& to, std::initializer_list<unsigned> bytes) {
    std::ranges::transform(bytes, std::back_inserter(to),
                           [](unsigned each) { return static_cast<std::byte>(each); });
}

void add_name(Bytes& to, const std::string& name) {
    if (name.size() > 127) {
        add(to, {static_cast<unsigned>(name.size() & 0x7FU) | 0x80U});
        add(to, {static_cast<unsigned>(name.size() >> 7U)});
    } else {
        add(to, {static_cast<unsigned>(name.size())});
    }
    std::ranges::transform(name, std::back_inserter(to),
                           [](char each) { return static_cast<std::byte>(each); });
}

void add_section(Bytes& to, unsigned id, const Bytes& contents) {
    add(to, {id, static_cast<unsigned>(contents.size() & 0x7FU) | 0x80U,
             static_cast<unsigned>(contents.size() >> 7U)});
    to.insert(to.end(), contents.begin(), contents.end());
}

/// A type, imports of each kind, a function and two exports.
Bytes module_with(const std::vector<std::string>& names) {
    Bytes module;
    add(module, {0x00, 0x61, 0x73, 0x6D, 1, 0, 0, 0});
    Bytes types;
    add(types, {1, 0x60, 0, 0});
    add_section(module, 1, types);
    Bytes imports;
    add(imports, {4});
    const std::vector<Bytes> kinds = [] {
        std::vector<Bytes> made(4);
        add(made[0], {0, 0});             // function of type 0
        add(made[1], {1, 0x70, 1, 3, 9}); // table
        add(made[2], {2, 0, 1});          // memory
        add(made[3], {3, 0x7F, 1});       // global
        return made;
    }();
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        add_name(imports, names[i]);
        add_name(imports, "field" + std::to_string(i));
        imports.insert(imports.end(), kinds[i].begin(), kinds[i].end());
    }
    add_section(module, 2, imports);
    Bytes exports;
    add(exports, {2});
    for (std::size_t i = 4; i < 6; ++i) {
        add_name(exports, names[i]);
        add(exports, {0, 0});
    }
    add_section(module, 7, exports);
    return module;
}

/// As WAMR's wasm_const_str_list_insert() does with a buffer that stays.
Bytes loaded(Bytes module) {
    const Module parsed = *Module::parse(module);
    Bytes changed = module;
    const auto move = [&](std::string_view name) {
        if (!name.empty()) {
            const auto at = static_cast<std::size_t>(
                reinterpret_cast<const std::byte*>(name.data()) - module.data());
            std::memmove(&changed[at - 1], &changed[at], name.size());
            changed[at - 1 + name.size()] = std::byte{0};
        }
    };
    for (const Import& each : parsed.imports()) {
        move(each.module);
        move(each.name);
    }
    for (const Export& each : parsed.exports()) {
        move(each.name);
    }
    return changed;
}

TEST(LoadedNames, AreAsInTheFileAgain) {
    const Bytes file = module_with({"env", "", "wasi_snapshot_preview1", std::string(127, 'a'),
                                    std::string(128, 'b'), std::string(400, 'c')});
    Bytes memory = loaded(file);
    EXPECT_FALSE(Module::parse(memory));
    restore_loaded_names(memory);
    EXPECT_EQ(memory, file);
}

TEST(LoadedNames, OfOtherBytesAreNoReasonToFail) {
    const Bytes memory = loaded(module_with({"env", "", "x", "y", "z", std::string(200, 'c')}));
    for (std::size_t size = 0; size < memory.size(); ++size) {
        Bytes part(memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(size));
        restore_loaded_names(part);
    }
}

} // namespace
} // namespace wdbg::wasm
