// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/dwarf/mapped_file.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace wdbg::dwarf {

Result<MappedFile> MappedFile::open(const std::string& path) {
    const auto failed = [&path] {
        return fail(errno == ENOENT ? ErrorCode::NotFound : ErrorCode::Io,
                    path + ": " + std::strerror(errno));
    };
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return failed();
    }
    struct stat status{};
    MappedFile mapped;
    void* bytes = MAP_FAILED;
    if (::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
        bytes = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE,
                       file, 0);
    } else {
        errno = EINVAL;
    }
    const int problem = errno;
    ::close(file);
    errno = problem;
    if (bytes == MAP_FAILED) {
        return failed();
    }
    mapped.bytes_ = {static_cast<const std::byte*>(bytes),
                     static_cast<std::size_t>(status.st_size)};
    return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap's parameter
        ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
    }
}

void MappedFile::let_go() const {
    if (!bytes_.empty()) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): madvise's parameter
        ::madvise(const_cast<std::byte*>(bytes_.data()), bytes_.size(), MADV_DONTNEED);
    }
}

} // namespace wdbg::dwarf
