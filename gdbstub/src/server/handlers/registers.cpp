// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

#include <array>
#include <bit>

/// LLDB wants the pc as register 0: its wasm register context maps register kinds one to one.
namespace wdbg::rsp::handlers {

namespace {

Result<void> jump(Session& session, ThreadId thread, WasmAddress to) {
    const auto address = to_code_address(to);
    if (!address) {
        return std::unexpected(address.error());
    }
    JumpSupport* jumps = session.debuggee.jump_support();
    if (jumps == nullptr) {
        return fail(ErrorCode::Unsupported,
                    "the pc cannot be written with this engine: only interpreted code keeps its "
                    "state between instructions");
    }
    const auto done = jumps->jump(thread, *address);
    if (done) {
        session.moved(thread, to);
    }
    return done;
}

/// Clients restore registers that they have saved: the same pc again is no jump.
Status write_pc(Session& session, const ThreadView& thread, std::string_view digits, Reply& out) {
    std::array<std::byte, sizeof(std::uint64_t)> bytes{};
    if (!decode_hex(digits, bytes)) {
        return fail(ErrorCode::InvalidArgument, "expected the 8 bytes of the pc");
    }
    const auto pc = WasmAddress(std::bit_cast<std::uint64_t>(bytes));
    if (pc.packed() != thread.pc.packed()) {
        if (const auto done = jump(session, thread.id, pc); !done) {
            return std::unexpected(done.error());
        }
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
    return thread ? write_pc(session, **thread, digits, out)
                  : Status(std::unexpected(thread.error()));
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
    return thread ? write_pc(session, **thread, digits, out)
                  : Status(std::unexpected(thread.error()));
}

} // namespace wdbg::rsp::handlers
