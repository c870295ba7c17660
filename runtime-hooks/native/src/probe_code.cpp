// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "probe_code.h"

#include <cstring>
#include <initializer_list>
#include <limits>

namespace wdbg::native {

namespace {

class ProbeWriter {
  public:
    explicit ProbeWriter(std::uint64_t begin) : begin_(begin) {}

    void bytes(std::initializer_list<unsigned> values) {
        for (const unsigned value : values) {
            code_.push_back(static_cast<std::byte>(value));
        }
    }

    void copy(std::span<const std::byte> values) {
        code_.insert(code_.end(), values.begin(), values.end());
    }

    void number(std::uint64_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
            code_.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
    }

    /// The last four bytes of an instruction, relative to its end.
    void relative(std::uint64_t target) {
        const auto distance = static_cast<std::int64_t>(target - (begin_ + code_.size() + 4));
        fits_ = fits_ && distance >= std::numeric_limits<std::int32_t>::min() &&
                distance <= std::numeric_limits<std::int32_t>::max();
        number(static_cast<std::uint64_t>(distance), 4);
    }

    /// Flags by lahf and sahf, which are several times faster than pushf and popf. The 128 bytes
    /// below the stack pointer belong to the code (x86-64 psABI §3.2.2).
    void save() {
        bytes({0x48, 0x8D, 0x64, 0x24, 0x80}); // lea rsp, [rsp - 128]
        bytes({0x50});                         // push rax
        bytes({0x9F, 0x0F, 0x90, 0xC0});       // lahf; seto al
        bytes({0x50, 0x51, 0x52});             // push rax; push rcx; push rdx
    }

    void restore() {
        bytes({0x5A, 0x59, 0x58});                      // pop rdx; pop rcx; pop rax
        bytes({0x04, 0x7F, 0x9E});                      // add al, 0x7F (the overflow flag); sahf
        bytes({0x58});                                  // pop rax
        bytes({0x48, 0x8D, 0xA4, 0x24, 0x80, 0, 0, 0}); // lea rsp, [rsp + 128]
    }

    void jump(std::uint64_t target) {
        bytes({0xE9});
        relative(target);
    }

    [[nodiscard]] std::size_t size() const { return code_.size(); }

    /// Writes the distance from behind `place` to here into its last four bytes.
    void bind(std::size_t place) {
        const auto distance = static_cast<std::int32_t>(code_.size() - place);
        std::memcpy(code_.data() + place - 4, &distance, sizeof distance);
    }

    [[nodiscard]] std::optional<std::vector<std::byte>> take() {
        return fits_ ? std::optional(std::move(code_)) : std::nullopt;
    }

  private:
    std::uint64_t begin_;
    bool fits_ = true;
    std::vector<std::byte> code_;
};

} // namespace

std::optional<std::vector<std::byte>> jump_code(std::uint64_t at, std::uint64_t target) {
    ProbeWriter writer(at);
    writer.jump(target);
    return writer.take();
}

std::optional<std::vector<std::byte>> build_probe(const ProbePlaces& places,
                                                  std::span<const std::byte> body) {
    ProbeWriter writer(places.code);
    writer.save();
    writer.bytes({0x48, 0xB8}); // mov rax, imm64
    writer.number(places.hits, 8);
    writer.bytes({0xF0, 0x48, 0xFF, 0x00}); // lock inc qword [rax]
    writer.copy(body);
    writer.bytes({0x85, 0xC0});             // test eax, eax
    writer.bytes({0x0F, 0x85, 0, 0, 0, 0}); // jnz
    const std::size_t counts = writer.size();
    writer.restore();
    writer.jump(places.pass);
    writer.bind(counts);
    writer.restore();
    writer.jump(places.stop);
    return writer.take();
}

} // namespace wdbg::native
