// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The machine code of a compiled guest, as our own servers tell it (gdbstub/README.md).
#include "remote_impl.h"

#include <wdbg/model/hex.h>
#include <wdbg/rsp/native_listing.h>
#include <wdbg/rsp/text.h>

namespace wdbg::remote {

namespace {

Result<std::uint64_t> number(const Result<std::string>& reply) {
    if (!reply) {
        return std::unexpected(reply.error());
    }
    rsp::TextReader reader(*reply);
    const auto value = reader.hex();
    return value && reader.at_end()
               ? Result<std::uint64_t>(*value)
               : fail(ErrorCode::Malformed,
                      "the debug server answers with '" + *reply + "' where an address should be");
}

} // namespace

NativeCodeSupport* RemoteImpl::native_code() {
    return link_->client().supports("qXfer:wdbg-native:read") ? this : nullptr;
}

Result<std::vector<NativeInstruction>> RemoteImpl::native_listing(std::string annex) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    rsp::Client& client = link_->client();
    const Result<std::string> text = link_->ask<std::string>(
        [&](auto done) { client.read_object("wdbg-native", annex, std::move(done)); });
    return text ? rsp::parse_native_listing(*text) : std::unexpected(text.error());
}

Result<std::vector<NativeInstruction>> RemoteImpl::native_code(CodeAddress address) const {
    const Result<std::uint64_t> packed = to_packed(address);
    return packed ? native_listing("w" + hex_of(*packed)) : std::unexpected(packed.error());
}

Result<std::vector<NativeInstruction>> RemoteImpl::native_function(NativeAddress address) const {
    return native_listing("n" + hex_of(address.value));
}

Result<NativeAddress> RemoteImpl::native_pc(ThreadId thread, std::uint32_t frame) const {
    if (const auto stopped = require_stopped(); !stopped) {
        return std::unexpected(stopped.error());
    }
    if (const auto selected = select(thread); !selected) {
        return std::unexpected(selected.error());
    }
    const auto pc = number(link_->ask_packet("qWdbgNativePc:" + std::to_string(frame)));
    return pc ? Result<NativeAddress>(NativeAddress{*pc}) : std::unexpected(pc.error());
}

/// A request to a guest that may run: it is interrupted for a moment.
Result<std::string> RemoteImpl::paused_ask(const std::string& packet) {
    const Result<bool> paused = pause();
    if (!paused) {
        return std::unexpected(paused.error());
    }
    Result<std::string> reply = link_->ask_packet(packet);
    if (*paused) {
        if (const auto resumed = resume_again(); !resumed) {
            return std::unexpected(resumed.error());
        }
    }
    return reply;
}

/// A hit is told at the wasm address that the server gives.
Result<CodeAddress> RemoteImpl::plant_native(NativeAddress address) {
    const auto packed = number(paused_ask("QWdbgPlantNative:" + hex_of(address.value)));
    if (!packed) {
        return std::unexpected(packed.error());
    }
    NativeSite& site = native_sites_[address];
    site.told = to_code(*packed);
    ++site.owners;
    return site.told;
}

Result<void> RemoteImpl::unplant_native(NativeAddress address) {
    const auto known = native_sites_.find(address);
    if (known == native_sites_.end()) {
        return fail(ErrorCode::NotFound, "there is no breakpoint at this native address");
    }
    if (--known->second.owners == 0) {
        native_sites_.erase(known);
    }
    const auto done = paused_ask("QWdbgUnplantNative:" + hex_of(address.value));
    return done ? Result<void>() : std::unexpected(done.error());
}

} // namespace wdbg::remote
