// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "output_file.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace wdbg::compile {
namespace {

Error io_error(const std::string& path) {
    return Error{ErrorCode::Io, "cannot write " + path + ": " + std::strerror(errno)};
}

/// False with errno set.
bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

mode_t usual_mode() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    constexpr mode_t read_write = 0666;
    return read_write & ~mask;
}

/// A device or pipe cannot be replaced by a file: it gets the bytes at once.
bool is_special(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

Result<void> write_special(const std::string& path, std::span<const std::byte> bytes) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) {
        return std::unexpected(io_error(path));
    }
    const bool good = write_all(file, bytes);
    const Error error = io_error(path);
    ::close(file);
    if (!good) {
        return std::unexpected(error);
    }
    return {};
}

} // namespace

Result<OutputFile> OutputFile::write(std::string path, std::span<const std::byte> bytes) {
    if (is_special(path)) {
        if (Result<void> written = write_special(path, bytes); !written) {
            return std::unexpected(written.error());
        }
        return OutputFile(std::move(path), {});
    }
    std::string temporary = path + ".XXXXXX";
    const int file = ::mkstemp(temporary.data());
    if (file < 0) {
        return std::unexpected(io_error(path));
    }
    OutputFile result(path, temporary);
    const bool good = write_all(file, bytes) && ::fchmod(file, usual_mode()) == 0;
    const Error error = io_error(path);
    if (::close(file) != 0 && good) {
        return std::unexpected(io_error(path));
    }
    if (!good) {
        return std::unexpected(error);
    }
    return result;
}

OutputFile::OutputFile(std::string path, std::string temporary)
    : path_(std::move(path))
    , temporary_(std::move(temporary)) {
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_))
    , temporary_(std::exchange(other.temporary_, {})) {
}

OutputFile::~OutputFile() {
    if (!temporary_.empty()) {
        ::unlink(temporary_.c_str());
    }
}

Result<void> OutputFile::commit() {
    if (temporary_.empty()) {
        return {};
    }
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return std::unexpected(io_error(path_));
    }
    temporary_.clear();
    return {};
}

} // namespace wdbg::compile
