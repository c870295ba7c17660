// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

namespace wdbg::rsp::handlers {

Status start_no_ack(Session& session, std::string_view /*args*/, Reply& out) {
    session.agreed.no_ack = true; // this packet is still acknowledged
    out.add("OK");
    return Outcome::Reply;
}

/// `qSupported:feature;feature;…` → PacketSize and the features of all rows.
Status supported(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    reader.take(':');
    while (!reader.at_end()) {
        if (reader.take_until(';') == "swbreak+") {
            session.agreed.software_break = true;
        }
    }
    out.add("PacketSize=").hex(session.options.packet_size);
    for (const PacketRow& row : packet_rows()) {
        if (!row.feature.empty()) {
            out.add(';').add(row.feature);
        }
    }
    if (session.debuggee.native_code() != nullptr) {
        out.add(";qXfer:wdbg-native:read+");
    }
    return Outcome::Reply;
}

Status enable_error_strings(Session& session, std::string_view /*args*/, Reply& out) {
    session.agreed.error_strings = true;
    out.add("OK");
    return Outcome::Reply;
}

Status list_threads_in_stop(Session& session, std::string_view /*args*/, Reply& out) {
    session.agreed.threads_in_stop = true;
    out.add("OK");
    return Outcome::Reply;
}

Status say_ok(Session& /*session*/, std::string_view /*args*/, Reply& out) {
    out.add("OK");
    return Outcome::Reply;
}

/// `qEcho:<anything>` → the packet itself: LLDB finds its place again after a timeout.
Status echo(Session& /*session*/, std::string_view args, Reply& out) {
    out.add("qEcho:").add(args);
    return Outcome::Reply;
}

Status host_info(Session& session, std::string_view /*args*/, Reply& out) {
    session.agreed.is_lldb = true;
    out.add("triple:").hex_text(session.options.triple);
    out.add(";endian:little;ptrsize:4;watchpoint_exceptions_received:after;");
    return Outcome::Reply;
}

Status process_info(Session& session, std::string_view /*args*/, Reply& out) {
    out.add("pid:").hex(session.options.pid).add(";parent-pid:1;triple:");
    out.hex_text(session.options.triple).add(";endian:little;ptrsize:4;");
    if (!session.options.process_name.empty()) {
        out.add("name:").hex_text(session.options.process_name).add(';');
    }
    return Outcome::Reply;
}

Status process_id(Session& session, std::string_view /*args*/, Reply& out) {
    out.hex(session.options.pid);
    return Outcome::Reply;
}

/// 1: the guest was there before us, so that a client that quits detaches and does not kill.
Status attached(Session& /*session*/, std::string_view /*args*/, Reply& out) {
    out.add('1');
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
