// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/dwarf/symbolizer.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace wdbg::test {

/// A guest that the target `fixtures` builds; `bytes` is empty if it is not built.
struct Fixture {
    explicit Fixture(const std::string& name)
        : path(std::filesystem::path(WDBG_FIXTURES_DIR) / name) {
        std::ifstream stream(path, std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(stream)), {});
        const auto view = std::as_bytes(std::span(text));
        bytes.assign(view.begin(), view.end());
    }

    [[nodiscard]] bool built() const { return !bytes.empty(); }

    [[nodiscard]] dwarf::ModuleSource source() const { return {.bytes = bytes, .path = path}; }

    std::filesystem::path path;
    std::vector<std::byte> bytes;
};

/// The line of `// BREAK: marker` in a source below tests/fixtures; 0 if there is none.
inline std::uint32_t marked_line(const std::string& source, const std::string& marker) {
    std::ifstream stream(std::filesystem::path(WDBG_FIXTURE_SOURCES_DIR) / source);
    std::uint32_t number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        if (line.ends_with("// BREAK: " + marker)) {
            return number;
        }
    }
    return 0;
}

} // namespace wdbg::test
