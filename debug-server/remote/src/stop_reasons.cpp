// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "remote_impl.h"

#include <wdbg/model/hex.h>

#include <algorithm>
#include <array>

namespace wdbg::remote {

namespace {

struct TrapWords {
    std::string_view words;
    TrapKind kind;
};

/// What runtimes say; the first that occurs in the description counts.
constexpr std::array trap_words{
    TrapWords{"unreachable", TrapKind::Unreachable},
    TrapWords{"out of bounds memory", TrapKind::OutOfBoundsMemory},
    TrapWords{"out of bounds table", TrapKind::OutOfBoundsTable},
    TrapWords{"divide by zero", TrapKind::IntegerDivideByZero},
    TrapWords{"integer overflow", TrapKind::IntegerOverflow},
    TrapWords{"invalid conversion", TrapKind::InvalidConversion},
    TrapWords{"indirect call type mismatch", TrapKind::IndirectCallTypeMismatch},
    TrapWords{"uninitialized element", TrapKind::UninitializedElement},
    TrapWords{"undefined element", TrapKind::UndefinedElement},
    TrapWords{"stack overflow", TrapKind::StackOverflow},
    TrapWords{"stack exhausted", TrapKind::StackOverflow},
    TrapWords{"unaligned atomic", TrapKind::UnalignedAtomic},
};

TrapKind trap_kind(std::string_view description) {
    const auto* row = std::ranges::find_if(trap_words, [description](const TrapWords& each) {
        return description.contains(each.words);
    });
    return row == trap_words.end() ? TrapKind::Other : row->kind;
}

bool is_trap(const rsp::StopReply& reply) {
    constexpr std::array signals{4U, 6U, 7U, 8U, 11U};
    return reply.reason == "exception" ||
           (reply.reason.empty() && std::ranges::find(signals, reply.signal) != signals.end());
}

} // namespace

ThreadId RemoteImpl::id_of(std::uint64_t number) {
    if (number <= UINT32_MAX) {
        return ThreadId{static_cast<std::uint32_t>(number)};
    }
    auto place = std::ranges::find(wide_threads_, number);
    if (place == wide_threads_.end()) {
        place = wide_threads_.insert(place, number);
    }
    return ThreadId{static_cast<std::uint32_t>(place - wide_threads_.begin()) + 1};
}

std::uint64_t RemoteImpl::number_of(ThreadId id) const {
    return id.value - 1 < wide_threads_.size() ? wide_threads_[id.value - 1] : id.value;
}

/// Threads as the stop reply names them, else by a question of their own; names when first seen.
void RemoteImpl::note_threads(const rsp::StopReply& reply) {
    std::vector<std::uint64_t> ids = reply.threads;
    rsp::Client& client = link_->client();
    if (ids.empty()) {
        const auto listed = link_->ask<std::vector<std::uint64_t>>(
            [&client](auto done) { client.threads(std::move(done)); });
        ids = listed ? *listed : std::vector<std::uint64_t>();
    }
    if (ids.empty() && reply.thread != 0) {
        ids.push_back(reply.thread);
    }
    std::vector<ThreadInfo> present;
    for (const std::uint64_t id : ids) {
        ThreadInfo info{.id = id_of(id), .state = ThreadState::Stopped};
        const auto known = std::ranges::find(threads_, info.id, &ThreadInfo::id);
        if (known != threads_.end()) {
            info.name = known->name;
        } else if (id == reply.thread) {
            info.name = reply.name;
        }
        present.push_back(std::move(info));
    }
    threads_ = std::move(present);
}

std::optional<CodeAddress> RemoteImpl::pc_of(const rsp::StopReply& reply, ThreadId thread) const {
    for (std::size_t i = 0; i < reply.thread_pcs.size(); ++i) {
        if (reply.threads[i] == number_of(thread)) {
            return to_code(reply.thread_pcs[i]);
        }
    }
    const auto pcs = stack(thread);
    return pcs && !(*pcs)->empty() ? std::optional(to_code((*pcs)->front())) : std::nullopt;
}

/// Every planted address that stands for the instruction at `pc`.
std::vector<CodeAddress> RemoteImpl::planted_at(CodeAddress pc) const {
    std::vector<CodeAddress> found;
    const RemoteInstance* instance = find(pc.instance);
    if (instance == nullptr) {
        return found;
    }
    const auto here = instance->module->resolve_breakpoint(pc.offset);
    for (const auto& [address, owners] : planted_) {
        if (address.instance != pc.instance || !here) {
            continue;
        }
        const auto resolved = instance->module->resolve_breakpoint(address.offset);
        if (resolved && *resolved == *here) {
            found.push_back(address);
        }
    }
    for (const auto& [native, site] : native_sites_) {
        const bool known = std::ranges::find(found, site.told) != found.end();
        if (!known && site.told.instance == pc.instance &&
            (site.told == pc || (here && instance->module->resolve_breakpoint(site.told.offset)
                                                 .value_or(CodeOffset{}) == *here))) {
            found.push_back(site.told);
        }
    }
    return found;
}

/// Servers without LLDB's reasons tell a signal only: then it is a breakpoint if one is planted
/// there, and the step's end if one was asked for.
StopReason RemoteImpl::reason_of(const rsp::StopReply& reply, ThreadId thread) {
    if (reply.libraries_changed && reply.reason.empty()) {
        return InstancesChanged{};
    }
    if (first_stop_) {
        return StoppedAtEntry{};
    }
    if (is_trap(reply)) {
        return Trapped{.kind = trap_kind(reply.description), .message = reply.description};
    }
    if (auto hit = watchpoint_hit(reply)) {
        return std::move(*hit);
    }
    const std::optional<CodeAddress> pc = pc_of(reply, thread);
    std::vector<CodeAddress> planted = pc ? planted_at(*pc) : std::vector<CodeAddress>();
    if (reply.reason == "breakpoint" && !planted.empty()) {
        return BreakpointHit{std::move(planted)};
    }
    if (reply.reason == "trace") {
        return StepDone{};
    }
    if (reply.signal == trap_signal && reply.reason != "signal" && !planted.empty()) {
        return BreakpointHit{std::move(planted)};
    }
    const bool stepped = std::ranges::any_of(last_resume_.threads, [thread](const auto& action) {
        return action.thread == thread && action.kind != ResumeKind::Continue;
    });
    return reply.signal == trap_signal && stepped ? StopReason(StepDone{})
                                                  : StopReason(Interrupted{});
}

/// The thread of the reply first; of the others those that have a reason of their own.
std::vector<ThreadStop> RemoteImpl::reasons_of(const rsp::StopReply& reply) {
    ThreadId first = id_of(reply.thread);
    if (reply.thread == 0 && !threads_.empty()) {
        first = threads_.front().id;
    }
    std::vector<ThreadStop> stops{{.thread = first, .reason = reason_of(reply, first)}};
    constexpr std::size_t asked_at_most = 64;
    for (std::size_t i = 0; i < threads_.size() && i < asked_at_most; ++i) {
        const ThreadId id = threads_[i].id;
        if (id == first) {
            continue;
        }
        const std::string packet = "qThreadStopInfo" + hex_of(number_of(id));
        rsp::Client& client = link_->client();
        const auto other = link_->ask<rsp::StopReply>([&](const auto& done) {
            client.request(packet, [done](Result<std::string_view> text) {
                done(text ? rsp::parse_stop_reply(*text)
                          : Result<rsp::StopReply>(std::unexpected(text.error())));
            });
        });
        if (!other) {
            break;
        }
        threads_[i].name = other->name;
        if (other->signal != 0 && other->thread == number_of(id) && !other->libraries_changed) {
            stops.push_back({.thread = id, .reason = reason_of(*other, id)});
        }
    }
    return stops;
}

} // namespace wdbg::remote
