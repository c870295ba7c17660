// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../regions.h"
#include "handlers.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace wdbg::rsp::handlers {

namespace {

std::span<std::byte> as_writable(char* text, std::size_t size) {
    return {reinterpret_cast<std::byte*>(text), size};
}

Result<std::size_t> read_code(const Debuggee& debuggee, WasmAddress address,
                              std::span<std::byte> into) {
    const auto code = debuggee.code(InstanceId{address.id()});
    if (!code) {
        return std::unexpected(code.error());
    }
    if (address.offset() >= code->size()) {
        return fail(ErrorCode::OutOfRange, "beyond the end of the module");
    }
    const auto part = code->subspan(address.offset());
    const std::size_t size = std::min(part.size(), into.size());
    std::memcpy(into.data(), part.data(), size);
    return size;
}

/// Reads what is there, from the address on: perhaps less than asked for.
Result<std::size_t> read_at(const Session& session, WasmAddress address,
                            std::span<std::byte> into) {
    if (address.space() == AddressSpace::Object) {
        return read_code(session.debuggee, address, into);
    }
    const auto memory = session.memory_address(address);
    if (!memory) {
        return fail(ErrorCode::OutOfRange, "no memory at this address");
    }
    return session.debuggee.read_memory(*memory, into);
}

/// Appends what is there to `out`.
Result<std::size_t> append_memory(const Session& session, WasmAddress address, std::size_t size,
                                  Reply& out) {
    const std::size_t before = out.size();
    char* room = out.grow(size);
    Result<std::size_t> read = read_at(session, address, as_writable(room, size));
    out.shrink_to(before + read.value_or(0));
    return read;
}

Result<AddressRange> parse_read(const Session& session, std::string_view args) {
    std::optional<AddressRange> range = parse_address_range(args);
    if (!range || !range->rest.empty()) {
        return fail(ErrorCode::InvalidArgument, "expected an address and a length in hex");
    }
    range->length = std::min<std::uint64_t>(range->length, session.options.packet_size);
    return *range;
}

Status write_at(Session& session, WasmAddress address, std::span<const std::byte> bytes,
                Reply& out) {
    if (address.space() == AddressSpace::Object) {
        return fail(ErrorCode::Unsupported, "the code of a module cannot be written");
    }
    const auto memory = session.memory_address(address);
    if (!memory) {
        return std::unexpected(memory.error());
    }
    if (!bytes.empty()) {
        if (const auto written = session.debuggee.write_memory(*memory, bytes); !written) {
            return std::unexpected(written.error());
        }
    }
    out.add("OK");
    return Outcome::Reply;
}

/// `<address>,<length>:` and what follows, for M and X.
struct WriteRequest {
    WasmAddress address{0};
    std::uint64_t length = 0;
    std::string_view data;
};

Result<WriteRequest> parse_write(std::string_view args) {
    const std::optional<AddressRange> range = parse_address_range(args);
    if (!range || !range->rest.starts_with(':')) {
        return fail(ErrorCode::InvalidArgument, "expected an address, a length and data");
    }
    return WriteRequest{
        .address = range->address, .length = range->length, .data = range->rest.substr(1)};
}

} // namespace

/// `m<address>,<length>` → two digits per byte. The bytes are read behind the place where their
/// digits go, so that no other buffer is needed.
Status read_hex(Session& session, std::string_view args, Reply& out) {
    const auto range = parse_read(session, args);
    if (!range) {
        return std::unexpected(range.error());
    }
    const auto size = std::min<std::size_t>(range->length, session.options.packet_size / 2);
    if (size == 0) {
        return fail(ErrorCode::InvalidArgument, "nothing to read");
    }
    char* digits = out.grow(2 * size);
    const auto bytes = as_writable(digits + size, size);
    const auto read = read_at(session, range->address, bytes);
    if (!read) {
        return std::unexpected(read.error());
    }
    const std::size_t got = std::min(*read, size);
    // Digit 2i overwrites byte 2i - size, which has been read by then.
    encode_hex(bytes.first(got), digits);
    out.shrink_to(2 * got);
    return Outcome::Reply;
}

/// `x<address>,<length>` → `b` and the bytes. LLDB up to 20 knows nothing of the b and tells so by
/// asking for `x0,0` first, which no other client does; it wants OK and then bare bytes.
Status read_binary(Session& session, std::string_view args, Reply& out) {
    if (args == "0,0") {
        session.agreed.bare_binary_reads = true;
        out.add("OK");
        return Outcome::Reply;
    }
    const auto range = parse_read(session, args);
    if (!range) {
        return std::unexpected(range.error());
    }
    if (!session.agreed.bare_binary_reads) {
        out.add('b');
    }
    const auto read = append_memory(session, range->address, range->length, out);
    return read ? Status(Outcome::Reply) : Status(std::unexpected(read.error()));
}

/// `MultiMemRead:ranges:<address>,<length>,…;` → `<length>,…;<bytes>`; a length of 0 for what
/// cannot be read.
Status read_many(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const Error malformed{ErrorCode::InvalidArgument, "expected ranges:<address>,<length>,…;"};
    if (!reader.take(":ranges:")) {
        return std::unexpected(malformed);
    }
    Reply bytes;
    std::size_t left = session.options.packet_size;
    do {
        const auto range = parse_address_range(reader.rest());
        if (!range) {
            return std::unexpected(malformed);
        }
        reader = TextReader(range->rest);
        const auto size = std::min<std::uint64_t>(range->length, left);
        const std::size_t read = append_memory(session, range->address, size, bytes).value_or(0);
        left -= read;
        out.add(out.size() == 0 ? "" : ",").hex(read);
    } while (reader.take(',') && reader.peek() != ';');
    if (!reader.take(';') || !(reader.at_end() || reader.rest() == "options:;")) {
        return std::unexpected(malformed);
    }
    out.add(';').add(bytes.text());
    return Outcome::Reply;
}

/// `M<address>,<length>:<digits>`
Status write_hex(Session& session, std::string_view args, Reply& out) {
    const auto request = parse_write(args);
    if (!request) {
        return std::unexpected(request.error());
    }
    std::vector<std::byte> bytes(request->data.size() / 2);
    if (bytes.size() != request->length || !decode_hex(request->data, bytes)) {
        return fail(ErrorCode::InvalidArgument, "the data is no hex, or not as long as it says");
    }
    return write_at(session, request->address, bytes, out);
}

/// `X<address>,<length>:<bytes>`; length 0 asks whether there is such a packet.
Status write_binary(Session& session, std::string_view args, Reply& out) {
    const auto request = parse_write(args);
    if (!request) {
        return std::unexpected(request.error());
    }
    if (request->data.size() != request->length) {
        return fail(ErrorCode::InvalidArgument, "the data is not as long as it says");
    }
    return write_at(session, request->address, std::as_bytes(std::span(request->data)), out);
}

/// `qMemoryRegionInfo:<address>`
Status region_info(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const auto address = reader.hex();
    if (!address || !reader.at_end()) {
        return fail(ErrorCode::InvalidArgument, "malformed address");
    }
    const auto mapped = mapped_regions(session.debuggee);
    if (!mapped) {
        return std::unexpected(mapped.error());
    }
    const Region region = region_at(*mapped, *address);
    out.add("start:").hex(region.start).add(";size:").hex(region.size).add(';');
    if (*region.permissions != '\0') {
        out.add("permissions:").add(region.permissions).add(";name:").hex_text(region.name);
        out.add(';');
    }
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
