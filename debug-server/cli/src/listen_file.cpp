// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/listen_file.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <unistd.h>

namespace wdbg::cli {
namespace {

std::unexpected<Error> cannot_write(const std::filesystem::path& path, const std::string& why) {
    return fail(ErrorCode::Io, "cannot write " + path.string() + ": " + why);
}

} // namespace

Result<void> write_listen_file(const std::filesystem::path& path, std::string_view address) {
    const std::filesystem::path temporary = path.string() + "." + std::to_string(getpid());
    std::ofstream file(temporary);
    file << address << '\n';
    file.close();
    if (!file) {
        return cannot_write(path, std::strerror(errno));
    }
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    if (error) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        return cannot_write(path, error.message());
    }
    return {};
}

void write_listen_descriptor(int descriptor, std::string_view address) {
    const std::string line = std::string(address) + "\n";
    // Less than a pipe's buffer: written at once or not at all.
    [[maybe_unused]] const auto written = ::write(descriptor, line.data(), line.size());
    ::close(descriptor);
}

} // namespace wdbg::cli
