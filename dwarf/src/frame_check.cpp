// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "frame_check.h"

#include <llvm/Support/DataExtractor.h>

#include <cstdint>
#include <set>
#include <string>

namespace wdbg::dwarf {

namespace {

constexpr std::uint32_t escape_64 = 0xFFFFFFFF; // a length of 64 bits follows
constexpr std::uint32_t debug_frame_cie = 0xFFFFFFFF;
constexpr std::uint64_t word = 4;
constexpr std::uint8_t first_version_with_sizes = 4;

class FrameCheck {
  public:
    FrameCheck(llvm::StringRef section, bool is_eh) : data_(section, true, 0), is_eh_(is_eh) {}

    Result<void> run() {
        std::uint64_t at = 0;
        while (at < data_.size()) {
            std::uint64_t cursor = at;
            if (!data_.isValidOffsetForDataOfSize(at, word)) {
                return malformed(at);
            }
            const std::uint32_t length = data_.getU32(&cursor);
            if (length == 0 && is_eh_) {
                return {}; // the terminator
            }
            if (length == escape_64 || length < word || length > data_.size() - cursor) {
                return malformed(at);
            }
            if (!check_entry(at, cursor, cursor + length)) {
                return malformed(at);
            }
            at = cursor + length;
        }
        return {};
    }

  private:
    static std::unexpected<Error> malformed(std::uint64_t at) {
        return fail(ErrorCode::Malformed,
                    "damaged call frame information at offset " + std::to_string(at));
    }

    /// `id_at`: where the entry's CIE id or pointer is.
    bool check_entry(std::uint64_t at, std::uint64_t id_at, std::uint64_t end) {
        std::uint64_t cursor = id_at;
        const std::uint32_t id = data_.getU32(&cursor);
        if (id == (is_eh_ ? 0 : debug_frame_cie)) {
            cies_.insert(at);
            return check_cie(cursor, end);
        }
        return (!is_eh_ || id <= id_at) && cies_.contains(is_eh_ ? id_at - id : id);
    }

    /// `at`: the version, behind the id. The sizes that follow are there from version 4 on.
    bool check_cie(std::uint64_t at, std::uint64_t end) {
        if (at >= end || data_.getU8(&at) < first_version_with_sizes) {
            return at < end;
        }
        const char* const augmentation = data_.getCStr(&at);
        if (augmentation == nullptr || at >= end || end - at < 2) {
            return false;
        }
        const std::uint8_t address_size = data_.getU8(&at);
        const std::uint8_t segment_size = data_.getU8(&at);
        return (address_size == 4 || address_size == 8) && segment_size == 0;
    }

    llvm::DataExtractor data_;
    bool is_eh_;
    std::set<std::uint64_t> cies_{};
};

} // namespace

Result<void> check_frames(llvm::StringRef section, bool is_eh) {
    return FrameCheck(section, is_eh).run();
}

} // namespace wdbg::dwarf
