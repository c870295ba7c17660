// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/remote/local_file.h>

#include <fstream>
#include <iterator>
#include <span>

namespace wdbg::remote {

Result<std::vector<std::byte>> read_local_file(const std::filesystem::path& path,
                                               std::uint64_t limit) {
    std::error_code error;
    std::ifstream file(path, std::ios::binary);
    if (!file || !std::filesystem::is_regular_file(path, error)) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read");
    }
    if (std::filesystem::file_size(path, error) > limit) {
        return fail(ErrorCode::OutOfRange, path.string() + ": is too large");
    }
    const std::vector<char> chars(std::istreambuf_iterator<char>(file), {});
    const auto bytes = std::as_bytes(std::span(chars));
    return std::vector<std::byte>(bytes.begin(), bytes.end());
}

} // namespace wdbg::remote
