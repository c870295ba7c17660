// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Bytes: readMemory, writeMemory.
#include "../protocol/state_requests.h"
#include "../references.h"
#include "../session.h"
#include "handlers.h"

#include <algorithm>
#include <utility>

namespace wdbg::dap {

namespace {

using namespace protocol;

constexpr std::int64_t longest_read = std::int64_t{16} << 20U;

/// As many bytes as can be read from the front.
Result<std::vector<std::byte>> read_bytes(Debuggee& debuggee, const Reference& reference,
                                          std::size_t count) {
    if (const auto* memory = std::get_if<MemoryAddress>(&reference)) {
        std::vector<std::byte> bytes(count);
        const auto size = debuggee.read_memory(*memory, bytes);
        if (!size) {
            return std::unexpected(size.error());
        }
        bytes.resize(*size);
        return bytes;
    }
    if (std::holds_alternative<NativeAddress>(reference)) {
        return fail(ErrorCode::NotFound, "native memory is not shown");
    }
    const auto& address = std::get<CodeAddress>(reference);
    const auto code = debuggee.code(address.instance);
    if (!code) {
        return std::unexpected(code.error());
    }
    const auto rest = code->subspan(std::min<std::size_t>(address.offset.value, code->size()));
    const auto part = rest.first(std::min(rest.size(), count));
    return std::vector<std::byte>(part.begin(), part.end());
}

std::string text_of(const Reference& reference) {
    return std::visit([](const auto& address) { return reference_of(address); }, reference);
}

class ReadMemory final : public RequestHandler<ReadMemoryArguments, ReadMemoryBody> {
  public:
    ReadMemory() : RequestHandler("readMemory", Needs::Stopped, "supportsReadMemoryRequest") {}

  protected:
    /// What does not exist is told as unreadable; that is no failure.
    Result<ReadMemoryBody> run(Session& session, const ReadMemoryArguments& args) override {
        const auto reference = parse_reference(args.memoryReference, args.offset.value_or(0));
        if (!reference) {
            return std::unexpected(reference.error());
        }
        if (args.count < 0 || args.count > longest_read) {
            return fail(ErrorCode::InvalidArgument, "count: expected 0 to 16 MiB");
        }
        ReadMemoryBody body{.address = text_of(*reference)};
        if (args.count == 0) {
            return body;
        }
        const auto bytes = read_bytes(session.level().debuggee(), *reference,
                                      static_cast<std::size_t>(args.count));
        if (!bytes && bytes.error().code != ErrorCode::OutOfRange &&
            bytes.error().code != ErrorCode::NotFound) {
            return std::unexpected(bytes.error());
        }
        const std::size_t size = bytes ? bytes->size() : 0;
        if (size != 0) {
            body.data = to_base64(*bytes);
        }
        if (std::cmp_not_equal(size, args.count)) {
            body.unreadableBytes = args.count - static_cast<std::int64_t>(size);
        }
        return body;
    }
};

class WriteMemory final : public RequestHandler<WriteMemoryArguments, WriteMemoryBody> {
  public:
    WriteMemory() : RequestHandler("writeMemory", Needs::Stopped, "supportsWriteMemoryRequest") {}

  protected:
    Result<WriteMemoryBody> run(Session& session, const WriteMemoryArguments& args) override {
        const auto reference = parse_reference(args.memoryReference, args.offset.value_or(0));
        const auto bytes = from_base64(args.data);
        if (!reference || !bytes) {
            return std::unexpected((reference ? bytes.error() : reference.error()));
        }
        const auto* memory = std::get_if<MemoryAddress>(&*reference);
        if (memory == nullptr) {
            return fail(ErrorCode::Unsupported, "code cannot be written");
        }
        const auto written = session.level().debuggee().write_memory(*memory, *bytes);
        if (!written) {
            return std::unexpected(written.error());
        }
        if (session.client().invalidated) {
            session.dispatcher().after_response(
                [&session] { session.send(InvalidatedEvent{.areas = {"variables"}}); });
        }
        return WriteMemoryBody{.bytesWritten = static_cast<std::int64_t>(bytes->size())};
    }
};

} // namespace

void add_memory_handlers(Handlers& handlers) {
    add<ReadMemory, WriteMemory>(handlers);
}

} // namespace wdbg::dap
