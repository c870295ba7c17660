// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/remote/local_file.h>

#include <fstream>

namespace wdbg::remote {

Result<std::vector<std::byte>> read_local_file(const std::filesystem::path& path,
                                               std::uint64_t limit) {
    std::error_code error;
    std::ifstream file(path, std::ios::binary);
    if (!file || !std::filesystem::is_regular_file(path, error)) {
        return fail(ErrorCode::NotFound, path.string() + ": cannot be read");
    }
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error || size > limit) {
        return fail(ErrorCode::OutOfRange, path.string() + ": is too large");
    }
    std::vector<std::byte> bytes(size);
    if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
        return fail(ErrorCode::Io, path.string() + ": cannot be read");
    }
    return bytes;
}

} // namespace wdbg::remote
