// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "code_patch.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace wdbg::native {

namespace {

long membarrier(int command) {
    return ::syscall(SYS_membarrier, command, 0, 0);
}

} // namespace

Result<CodePatch> CodePatch::open() {
    if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) != 0) {
        return fail(ErrorCode::Io, std::string("this kernel has no membarrier(SYNC_CORE): ") +
                                       std::strerror(errno));
    }
    const int fd = ::open("/proc/self/mem", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return fail(ErrorCode::Io, std::string("/proc/self/mem: ") + std::strerror(errno));
    }
    return CodePatch(fd);
}

CodePatch::CodePatch(CodePatch&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {
}

CodePatch::~CodePatch() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

Result<void> CodePatch::read(std::uint64_t address, std::span<std::byte> into) const {
    const ssize_t done = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(address));
    if (!std::cmp_equal(done, into.size())) {
        return fail(ErrorCode::OutOfRange, "no memory at this address");
    }
    return {};
}

Result<void> CodePatch::write(std::uint64_t address, std::span<const std::byte> bytes) const {
    const ssize_t done = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(address));
    if (!std::cmp_equal(done, bytes.size())) {
        return fail(ErrorCode::OutOfRange, "memory at this address cannot be changed");
    }
    return {};
}

void CodePatch::synchronize() const {
    membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
}

} // namespace wdbg::native
