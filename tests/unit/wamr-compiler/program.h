// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

/// Programs that the tests run, and a folder for what these write.
namespace wdbg::test {

struct Ended {
    int status = 0;     ///< exit status, 128 + n for a signal
    std::string output; ///< stdout and stderr
};

inline Ended run(const std::string& command) {
    Ended ended;
    // NOLINTNEXTLINE(bugprone-command-processor): the tests' own commands
    std::FILE* const pipe = ::popen(("exec 2>&1; " + command).c_str(), "r");
    char block[4096];
    for (std::size_t count = 0; (count = std::fread(block, 1, sizeof block, pipe)) > 0;) {
        ended.output.append(block, count);
    }
    const int status = ::pclose(pipe);
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
}

/// Removed at the end.
class Folder {
  public:
    Folder()
        : path_(std::filesystem::temp_directory_path() /
                ("wdbg-compile-test-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(path_);
    }

    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    ~Folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string operator/(std::string_view name) const {
        return (path_ / name).string();
    }

    [[nodiscard]] long files() const {
        return std::distance(std::filesystem::directory_iterator(path_),
                             std::filesystem::directory_iterator());
    }

  private:
    std::filesystem::path path_;
};

inline std::vector<std::byte> read_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    return {begin, begin + text.size()};
}

inline void write_bytes(const std::string& path, const std::vector<std::byte>& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

/// A module of tests/fixtures; "" where it is not built.
inline std::string fixture(const std::string& name) {
    const std::string path = std::string(WDBG_FIXTURES_DIR) + "/" + name + ".wasm";
    return std::filesystem::exists(path) ? path : "";
}

inline Ended compile(const std::string& arguments) {
    return run(std::string(WDBG_COMPILE) + " " + arguments);
}

} // namespace wdbg::test
