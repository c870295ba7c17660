// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/packet_log.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace wdbg::cli {
namespace {

void append_printable(std::string& line, std::string_view payload) {
    constexpr std::string_view digits = "0123456789abcdef";
    constexpr unsigned char first = 0x20;
    constexpr unsigned char behind_last = 0x7f;
    for (const char each : payload) {
        const auto byte = static_cast<unsigned char>(each);
        if (byte >= first && byte < behind_last) {
            line += each;
        } else {
            line += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
}

} // namespace

Result<std::unique_ptr<PacketLog>> PacketLog::open(const std::filesystem::path& path) {
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr) {
        return fail(ErrorCode::Io, "cannot write " + path.string() + ": " + std::strerror(errno));
    }
    std::setvbuf(file, nullptr, _IOLBF, BUFSIZ);
    return std::unique_ptr<PacketLog>(new PacketLog(file));
}

void PacketLog::write(std::string_view direction, std::string_view payload) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    const Milliseconds since = std::chrono::steady_clock::now() - begin_;
    std::string line(direction);
    line += line.ends_with(' ') ? "" : " ";
    append_printable(line, payload);
    std::fprintf(file_.get(), "%.3f %s\n", since.count(), line.c_str());
}

} // namespace wdbg::cli
