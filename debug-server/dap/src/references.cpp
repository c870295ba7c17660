// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "references.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/text.h>
#include <wdbg/rsp/wasm_address.h>

#include <limits>
#include <utility>

namespace wdbg::dap {

namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string hex(std::uint64_t value) {
    return "0x" + hex_of(value);
}

} // namespace

std::string reference_of(CodeAddress address) {
    const auto packed = rsp::WasmAddress::object(address.instance.value, address.offset.value);
    return hex(packed ? packed->packed() : std::numeric_limits<std::uint64_t>::max());
}

std::string reference_of(MemoryAddress address) {
    const auto packed =
        rsp::WasmAddress::memory(address.instance.value, address.memory, address.offset);
    return hex(packed ? packed->packed() : std::numeric_limits<std::uint64_t>::max());
}

namespace {

constexpr std::uint64_t native_space = std::uint64_t{3} << 62U;

} // namespace

std::string reference_of(NativeAddress address) {
    return hex(native_space | address.value);
}

Result<Reference> parse_reference(const std::string& text, std::int64_t offset) {
    const auto value = rsp::parse_integer(text);
    if (!value) {
        return fail(ErrorCode::InvalidArgument, "\"" + text + "\" is no address");
    }
    const rsp::WasmAddress address(*value);
    if (address.space() == rsp::AddressSpace::Invalid) {
        const std::uint64_t native = *value + static_cast<std::uint64_t>(offset);
        return NativeAddress{native & ~native_space};
    }
    const std::int64_t at = std::int64_t{address.offset()} + offset;
    if (offset < -(std::int64_t{1} << 40U) || offset > (std::int64_t{1} << 40U) || at < 0 ||
        std::cmp_greater(at, std::numeric_limits<std::uint32_t>::max())) {
        return fail(ErrorCode::OutOfRange, text + " with this offset is outside of what exists");
    }
    if (address.space() == rsp::AddressSpace::Object) {
        return CodeAddress{.instance = InstanceId{address.id()},
                           .offset = CodeOffset{static_cast<std::uint32_t>(at)}};
    }
    if (address.space() != rsp::AddressSpace::Memory) { // LLDB's globals
        return fail(ErrorCode::InvalidArgument, text + " is neither of memory nor of code");
    }
    return MemoryAddress{.instance = InstanceId{address.memory_instance()},
                         .memory = address.memory_index(),
                         .offset = static_cast<std::uint64_t>(at)};
}

protocol::Source source_of(const std::string& path) {
    return {.name = path.substr(path.rfind('/') + 1), .path = path};
}

std::string to_base64(std::span<const std::byte> bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            const auto byte =
                i + j < bytes.size() ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0;
            group = group << 8U | byte;
        }
        for (std::size_t j = 0; j < 4; ++j) {
            const bool filled = i + j <= bytes.size();
            text += filled ? digits[group >> (18 - 6 * j) & 0x3FU] : '=';
        }
    }
    return text;
}

Result<std::vector<std::byte>> from_base64(std::string_view text) {
    std::vector<std::byte> bytes;
    std::uint32_t group = 0;
    unsigned bits = 0;
    while (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    for (const char c : text) {
        const std::size_t value = digits.find(c);
        if (value == std::string_view::npos) {
            return fail(ErrorCode::InvalidArgument, "data is no base64");
        }
        group = group << 6U | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes.push_back(static_cast<std::byte>(group >> bits & 0xFFU));
        }
    }
    return bytes;
}

} // namespace wdbg::dap
