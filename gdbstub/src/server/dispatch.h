// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "reply.h"
#include "session.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace wdbg::rsp {

/// What a handler has made of a packet it understood.
enum class Outcome : std::uint8_t {
    Reply,      ///< the text in Reply is the answer; empty: not supported
    StopFollows ///< the answer is the next stop reply, W or X
};

/// Errors become `Exx`. A handler never sends anything itself.
using Status = Result<Outcome>;
using Handler = Status (*)(Session& session, std::string_view args, Reply& out);

/// What a packet needs of the guest.
enum class Needs : std::uint8_t {
    Nothing,  ///< answered in any state
    Attached, ///< waits for the first stop; fine while the guest runs, and after it has ended
    Stop,     ///< waits for the first stop; an error while the guest runs
    StopReply ///< as Stop; and once the guest has ended the answer is W or X
};

/// One packet of the protocol. The longest prefix that matches wins, wherever it stands.
struct PacketRow {
    std::string_view prefix;
    bool takes_args = false; ///< false: the packet is the prefix and nothing else
    Needs needs = Needs::Nothing;
    Handler handler = nullptr;
    std::string_view feature{}; ///< what qSupported tells of it; empty for nothing
};

[[nodiscard]] std::span<const PacketRow> packet_rows();
[[nodiscard]] const PacketRow* find_row(std::string_view packet);

/// `Exx`, with the message where the client has asked for it (QEnableErrorStrings).
void write_error(const Session& session, const Error& error, Reply& out);

} // namespace wdbg::rsp
