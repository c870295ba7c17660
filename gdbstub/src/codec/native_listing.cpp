// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/rsp/native_listing.h>
#include <wdbg/rsp/text.h>
#include <wdbg/rsp/wasm_address.h>

#include <optional>

namespace wdbg::rsp {

namespace {

void add_hex(std::string& out, std::uint64_t value) {
    char digits[16];
    out.append(digits, format_hex(value, digits));
}

/// A guest's names may be any bytes.
void add_text(std::string& out, std::string_view text) {
    for (const char c : text) {
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
}

/// A whole field as a number.
std::optional<std::uint64_t> number(std::string_view field) {
    TextReader reader(field);
    const auto value = reader.hex();
    return reader.at_end() ? value : std::nullopt;
}

std::optional<NativeInstruction> parse_line(std::string_view line) {
    TextReader reader(line);
    const auto address = number(reader.take_until('\t'));
    const std::string_view digits = reader.take_until('\t');
    const std::string_view wasm = reader.take_until('\t');
    NativeInstruction result;
    result.symbol = reader.take_until('\t');
    result.text = reader.rest();
    result.bytes.resize(digits.size() / 2);
    if (!address || digits.empty() || !decode_hex(digits, result.bytes)) {
        return std::nullopt;
    }
    result.address = NativeAddress{*address};
    if (!wasm.empty()) {
        const auto packed = number(wasm);
        if (!packed || WasmAddress(*packed).space() != AddressSpace::Object) {
            return std::nullopt;
        }
        const WasmAddress at(*packed);
        result.wasm = CodeAddress{InstanceId{at.id()}, CodeOffset{at.offset()}};
    }
    return result;
}

} // namespace

std::string format_native_listing(const std::vector<NativeInstruction>& code) {
    std::string out;
    for (const NativeInstruction& each : code) {
        add_hex(out, each.address.value);
        out += '\t';
        const std::size_t at = out.size();
        out.resize(at + 2 * each.bytes.size());
        encode_hex(each.bytes, out.data() + at);
        out += '\t';
        const auto wasm =
            each.wasm ? WasmAddress::object(each.wasm->instance.value, each.wasm->offset.value)
                      : std::nullopt;
        if (wasm) {
            add_hex(out, wasm->packed());
        }
        out += '\t';
        add_text(out, each.symbol);
        out += '\t';
        add_text(out, each.text);
        out += '\n';
    }
    return out;
}

Result<std::vector<NativeInstruction>> parse_native_listing(std::string_view text) {
    std::vector<NativeInstruction> code;
    TextReader reader(text);
    while (!reader.at_end()) {
        auto line = parse_line(reader.take_until('\n'));
        if (!line) {
            return fail(ErrorCode::Malformed, "the debug server's native code: line " +
                                                  std::to_string(code.size() + 1) + " is none");
        }
        code.push_back(std::move(*line));
    }
    return code;
}

} // namespace wdbg::rsp
