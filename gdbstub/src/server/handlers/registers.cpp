// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

/// LLDB wants the pc as register 0: its wasm register context maps register kinds one to one.
namespace wdbg::rsp::handlers {

namespace {

/// The pc cannot be moved (there is no such thing in wasm), but clients restore registers that
/// they have saved; that must not fail.
Status accept_same_pc(const ThreadView& thread, std::string_view digits, Reply& out) {
    char pc[16];
    format_le64(thread.pc.packed(), pc);
    if (digits != std::string_view(pc, sizeof pc)) {
        return fail(ErrorCode::Unsupported, "the pc of WebAssembly code cannot be written");
    }
    out.add("OK");
    return Outcome::Reply;
}

Result<void> require_pc(TextReader& reader) {
    const auto number = reader.hex();
    if (!number) {
        return fail(ErrorCode::InvalidArgument, "malformed register number");
    }
    if (*number != 0) {
        return fail(ErrorCode::NotFound, "there is no register but the pc, number 0");
    }
    return {};
}

} // namespace

/// `qRegisterInfo<n>`; E45 ends the list.
Status register_info(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const auto number = reader.hex();
    if (!number || !reader.at_end()) {
        return fail(ErrorCode::InvalidArgument, "malformed register number");
    }
    if (*number != 0) {
        out.add("E45");
        if (session.agreed.error_strings) {
            out.add(';').hex_text("no more registers");
        }
        return Outcome::Reply;
    }
    out.add("name:pc;alt-name:pc;bitsize:64;offset:0;encoding:uint;format:hex;"
            "set:General Purpose Registers;gcc:16;dwarf:16;generic:pc;");
    return Outcome::Reply;
}

/// `p<n>[;thread:<id>;]`
Status read_register(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    if (const auto known = require_pc(reader); !known) {
        return std::unexpected(known.error());
    }
    const auto thread = session.select_by_suffix(reader.rest());
    if (!thread) {
        return std::unexpected(thread.error());
    }
    out.le64((*thread)->pc.packed());
    return Outcome::Reply;
}

/// `P<n>=<value>[;thread:<id>;]`
Status write_register(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    if (const auto known = require_pc(reader); !known) {
        return std::unexpected(known.error());
    }
    if (!reader.take('=')) {
        return fail(ErrorCode::InvalidArgument, "expected = and a value");
    }
    const std::string_view digits = reader.take_until(';');
    const auto thread = session.select_by_suffix(reader.rest());
    return thread ? accept_same_pc(**thread, digits, out) : Status(std::unexpected(thread.error()));
}

/// `g[;thread:<id>;]`
Status read_registers(Session& session, std::string_view args, Reply& out) {
    const auto thread = session.select_by_suffix(args);
    if (!thread) {
        return std::unexpected(thread.error());
    }
    out.le64((*thread)->pc.packed());
    return Outcome::Reply;
}

/// `G<values>[;thread:<id>;]`
Status write_registers(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const std::string_view digits = reader.take_until(';');
    const auto thread = session.select_by_suffix(reader.rest());
    return thread ? accept_same_pc(**thread, digits, out) : Status(std::unexpected(thread.error()));
}

} // namespace wdbg::rsp::handlers
