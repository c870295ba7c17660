// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dispatch.h"

#include "../error_numbers.h"
#include "handlers/handlers.h"

#include <array>

namespace wdbg::rsp {

namespace {

using namespace handlers;

constexpr bool args = true;
constexpr bool exact = false;

/// Everything we understand. All else gets an empty reply at once: that is how a client learns
/// what is not there (_M, qOffsets, qSymbol, qStructuredDataPlugins, jThreadExtendedInfo …).
/// `_M` must stay unknown: with any other answer LLDB 22 fails or aborts in expressions (wire
/// §7.1).
constexpr std::array rows{
    // Negotiation
    PacketRow{"QStartNoAckMode", exact, Needs::Nothing, start_no_ack, "QStartNoAckMode+"},
    PacketRow{"qSupported", args, Needs::Nothing, supported},
    PacketRow{"QThreadSuffixSupported", exact, Needs::Nothing, say_ok, "QThreadSuffixSupported+"},
    PacketRow{"QListThreadsInStopReply", exact, Needs::Nothing, list_threads_in_stop,
              "QListThreadsInStopReply+"},
    PacketRow{"QEnableErrorStrings", exact, Needs::Nothing, enable_error_strings,
              "QEnableErrorStrings+"},
    PacketRow{"QSetDetachOnError", args, Needs::Nothing, say_ok},
    PacketRow{"qEcho:", args, Needs::Nothing, echo, "qEcho+"},
    PacketRow{"qHostInfo", exact, Needs::Nothing, host_info},
    PacketRow{"qProcessInfo", exact, Needs::Nothing, process_info},
    PacketRow{"qGetPid", exact, Needs::Nothing, process_id},
    PacketRow{"qAttached", args, Needs::Nothing, attached},
    // Registers
    PacketRow{"qRegisterInfo", args, Needs::Nothing, register_info},
    PacketRow{"p", args, Needs::Stop, read_register},
    PacketRow{"P", args, Needs::Stop, write_register},
    PacketRow{"g", args, Needs::Stop, read_registers},
    PacketRow{"G", args, Needs::Stop, write_registers},
    // Memory
    PacketRow{"m", args, Needs::Attached, read_hex},
    PacketRow{"x", args, Needs::Attached, read_binary, "binary-upload+"},
    PacketRow{"MultiMemRead", args, Needs::Attached, read_many, "MultiMemRead+"},
    PacketRow{"M", args, Needs::Stop, write_hex},
    PacketRow{"X", args, Needs::Stop, write_binary},
    PacketRow{"qMemoryRegionInfo:", args, Needs::Stop, region_info, "qMemoryRegionInfo+"},
    PacketRow{"qMemoryRegionInfoSupported", exact, Needs::Nothing, say_ok},
    // Breakpoints and watchpoints: also while the guest runs
    PacketRow{"Z", args, Needs::Attached, set_stop_point,
              "swbreak+;hwbreak+;ConditionalBreakpoints+"},
    PacketRow{"qTV:", args, Needs::Attached, handlers::condition_variable},
    PacketRow{"QTDV:", args, Needs::Attached, handlers::set_condition_variable, "QTDV+"},
    PacketRow{"z", args, Needs::Attached, clear_stop_point},
    PacketRow{"jMultiBreakpoint:", args, Needs::Attached, change_stop_points, "jMultiBreakpoint+"},
    PacketRow{"qWatchpointSupportInfo:", exact, Needs::Nothing, watchpoint_support},
    // Run control
    PacketRow{"vCont?", exact, Needs::Nothing, vcont_actions, "vContSupported+"},
    PacketRow{"vCont;", args, Needs::StopReply, vcont},
    PacketRow{"c", args, Needs::StopReply, resume_all},
    PacketRow{"C", args, Needs::StopReply, resume_all_with_signal},
    PacketRow{"s", args, Needs::StopReply, step_one},
    PacketRow{"S", args, Needs::StopReply, step_one_with_signal},
    PacketRow{"qSupportsDetachAndStayStopped:", exact, Needs::Nothing, say_ok},
    PacketRow{"D", args, Needs::Nothing, detach},
    PacketRow{"k", args, Needs::Nothing, handlers::kill},
    PacketRow{"vKill", args, Needs::Nothing, kill_with_reply},
    // Threads
    PacketRow{"?", exact, Needs::StopReply, stop_reason},
    PacketRow{"qThreadStopInfo", args, Needs::Stop, thread_stop_info},
    PacketRow{"qfThreadInfo", exact, Needs::Attached, first_threads},
    PacketRow{"qsThreadInfo", exact, Needs::Nothing, more_threads},
    PacketRow{"jThreadsInfo", exact, Needs::Stop, threads_info},
    PacketRow{"qThreadExtraInfo,", args, Needs::Stop, thread_extra_info},
    PacketRow{"qC", exact, Needs::Attached, handlers::current_thread},
    PacketRow{"H", args, Needs::Attached, select_thread},
    PacketRow{"T", args, Needs::Attached, thread_alive},
    // WebAssembly
    PacketRow{"qWasmCallStack:", args, Needs::Stop, call_stack},
    PacketRow{"qWasmLocal:", args, Needs::Stop, local},
    PacketRow{"qWasmStackValue:", args, Needs::Stop, stack_value},
    PacketRow{"qWasmGlobal:", args, Needs::Stop, global, "qWasmInstance+"},
    PacketRow{"QWdbgLocal:", args, Needs::Stop, handlers::set_local, "QWdbgLocal+"},
    PacketRow{"QWdbgGlobal:", args, Needs::Stop, handlers::set_global, "QWdbgGlobal+"},
    PacketRow{"QWdbgCall:", args, Needs::Stop, handlers::call_function, "QWdbgCall+"},
    PacketRow{"qWdbgTable:", args, Needs::Stop, handlers::table_element, "qWdbgTable+"},
    PacketRow{"qWdbgNativePc:", args, Needs::Stop, handlers::native_pc},
    PacketRow{"QWdbgPlantNative:", args, Needs::Attached, handlers::plant_native},
    PacketRow{"QWdbgUnplantNative:", args, Needs::Attached, handlers::unplant_native},
    PacketRow{"qXfer:wdbg-native:read:", args, Needs::Attached, handlers::native_listing},
    // Modules
    PacketRow{"qXfer:libraries:read:", args, Needs::Attached, libraries, "qXfer:libraries:read+"},
};

bool matches(const PacketRow& row, std::string_view packet) {
    return row.takes_args ? packet.starts_with(row.prefix) : packet == row.prefix;
}

} // namespace

std::span<const PacketRow> packet_rows() {
    return rows;
}

const PacketRow* find_row(std::string_view packet) {
    const PacketRow* best = nullptr;
    for (const PacketRow& row : rows) {
        if (matches(row, packet) && (best == nullptr || row.prefix.size() > best->prefix.size())) {
            best = &row;
        }
    }
    return best;
}

void write_error(const Session& session, const Error& error, Reply& out) {
    out.clear();
    out.add('E').hex_byte(to_error_number(error.code));
    if (session.agreed.error_strings && !error.message.empty()) {
        out.add(';').hex_text(error.message);
    }
}

} // namespace wdbg::rsp
