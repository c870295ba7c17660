// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "module_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace wdbg::cli {

namespace fs = std::filesystem;

Result<std::vector<std::byte>> read_file(const fs::path& path) {
    std::error_code error;
    if (fs::exists(path, error) && !fs::is_regular_file(path, error)) {
        return fail(ErrorCode::Io, path.string() + ": is no regular file");
    }
    const auto size = fs::file_size(path, error);
    if (error) {
        return fail(ErrorCode::Io, path.string() + ": " + error.message());
    }
    std::vector<std::byte> bytes(size);
    std::ifstream file(path, std::ios::binary);
    if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
        return fail(ErrorCode::Io, path.string() + ": cannot be read");
    }
    return bytes;
}

fs::path find_wasm(const fs::path& aot, const dwarf::AotDebugInfo& info) {
    std::vector<fs::path> candidates{fs::path(aot).replace_extension(".wasm")};
    if (const auto compiled = info.fact("module")) {
        const fs::path named{std::string(*compiled)};
        candidates.push_back(aot.parent_path() / named.filename());
        candidates.push_back(named);
    }
    for (const fs::path& path : candidates) {
        const auto bytes = read_file(path);
        if (bytes && info.check_module(*bytes)) {
            return path;
        }
    }
    return {};
}

} // namespace wdbg::cli
