// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Our own packets for the machine code of compiled guests.
#include "handlers.h"
#include "page.h"

#include <wdbg/rsp/native_listing.h>

namespace wdbg::rsp::handlers {

namespace {

Result<NativeCodeSupport*> native_code(Session& session) {
    NativeCodeSupport* const native = session.debuggee.native_code();
    if (native == nullptr) {
        return fail(ErrorCode::Unsupported, "the guest does not run native code");
    }
    return native;
}

Result<NativeAddress> parse_native(std::string_view args) {
    TextReader reader(args);
    const auto address = reader.hex();
    if (!address || !reader.at_end()) {
        return fail(ErrorCode::InvalidArgument, "expected a native address in hex");
    }
    return NativeAddress{*address};
}

/// `w<packed address>` the wasm function around it, `n<native address>` the native one.
Result<std::string> listing(Session& session, std::string_view annex) {
    const auto native = native_code(session);
    const auto address = parse_native(annex.substr(annex.empty() ? 0 : 1));
    if (!native || !address) {
        return std::unexpected(native ? address.error() : native.error());
    }
    if (annex.starts_with('n')) {
        const auto code = (*native)->native_function(*address);
        return code ? Result<std::string>(format_native_listing(*code))
                    : std::unexpected(code.error());
    }
    const auto wasm = to_code_address(WasmAddress(address->value));
    if (!annex.starts_with('w') || !wasm) {
        return fail(ErrorCode::InvalidArgument, "expected w or n and an address in hex");
    }
    const auto code = (*native)->native_code(*wasm);
    return code ? Result<std::string>(format_native_listing(*code)) : std::unexpected(code.error());
}

} // namespace

/// `qXfer:wdbg-native:read:<annex>:<offset>,<length>` (native_listing.h). The document is made at
/// offset 0.
Status native_listing(Session& session, std::string_view args, Reply& out) {
    const auto page = parse_page(args);
    if (!page) {
        return std::unexpected(page.error());
    }
    if (page->offset == 0) {
        auto made = listing(session, page->annex);
        if (!made) {
            return std::unexpected(made.error());
        }
        session.native_listing = std::move(*made);
    }
    return add_page(session, *page, session.native_listing, out);
}

/// `qWdbgNativePc:<frame>`, decimal → the native address in hex, of the current thread.
Status native_pc(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const auto frame = reader.decimal_as<std::uint32_t>();
    if (!frame || !reader.at_end()) {
        return fail(ErrorCode::InvalidArgument, "expected a frame's number");
    }
    const auto native = native_code(session);
    if (!native) {
        return std::unexpected(native.error());
    }
    const auto pc = (*native)->native_pc(session.current_thread, *frame);
    if (!pc) {
        return std::unexpected(pc.error());
    }
    out.hex(pc->value);
    return Outcome::Reply;
}

/// `QWdbgPlantNative:<native address>` → the packed address under which hits are told.
Status plant_native(Session& session, std::string_view args, Reply& out) {
    const auto address = parse_native(args);
    const auto native = native_code(session);
    if (!address || !native) {
        return std::unexpected(address ? native.error() : address.error());
    }
    const auto told = (*native)->plant_native(*address);
    if (!told) {
        return std::unexpected(told.error());
    }
    out.hex(from_code_address(*told).packed());
    return Outcome::Reply;
}

/// `QWdbgUnplantNative:<native address>` → `OK`.
Status unplant_native(Session& session, std::string_view args, Reply& out) {
    const auto address = parse_native(args);
    const auto native = native_code(session);
    if (!address || !native) {
        return std::unexpected(address ? native.error() : address.error());
    }
    if (const auto done = (*native)->unplant_native(*address); !done) {
        return std::unexpected(done.error());
    }
    out.add("OK");
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
