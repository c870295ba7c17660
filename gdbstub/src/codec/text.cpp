// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/text.h>

#include <wdbg_packet.h>

namespace wdbg::rsp {

namespace {

const std::uint8_t* bytes_of(const std::byte* bytes) {
    return reinterpret_cast<const std::uint8_t*>(bytes);
}

} // namespace

void encode_hex(std::span<const std::byte> bytes, char* out) {
    wdbg_encode_hex(bytes_of(bytes.data()), bytes.size(), out);
}

bool decode_hex(std::string_view digits, std::span<std::byte> into) {
    return wdbg_decode_hex(digits.data(), digits.size(),
                           reinterpret_cast<std::uint8_t*>(into.data()), into.size());
}

std::size_t format_hex(std::uint64_t value, char* out) {
    return wdbg_format_number(value, 16, out);
}

std::size_t format_decimal(std::uint64_t value, char* out) {
    return wdbg_format_number(value, 10, out);
}

std::optional<std::uint64_t> parse_integer(std::string_view text) {
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    TextReader reader(text.substr(is_hex ? 2 : 0));
    const std::optional<std::uint64_t> value = is_hex ? reader.hex() : reader.decimal();
    return reader.at_end() ? value : std::nullopt;
}

void format_le64(std::uint64_t value, char* out) {
    wdbg_format_le64(value, out);
}

std::optional<std::uint64_t> TextReader::number(unsigned base) {
    std::uint64_t value = 0;
    const std::size_t length = wdbg_parse_number(rest_.data(), rest_.size(), base, &value);
    if (length == 0) {
        return std::nullopt;
    }
    rest_.remove_prefix(length);
    return value;
}

} // namespace wdbg::rsp
