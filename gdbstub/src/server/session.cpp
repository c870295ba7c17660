// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <wdbg/rsp/text.h>

#include <algorithm>
#include <utility>

namespace wdbg::rsp {

namespace {

const StopReason* reason_of(const Stopped& stop, ThreadId thread) {
    const auto found = std::ranges::find(stop.threads, thread, &ThreadStop::thread);
    return found == stop.threads.end() ? nullptr : &found->reason;
}

/// The address to report: `pc` if it was asked for, else the first request that led there.
CodeAddress reported_pc(CodeAddress pc, const StopReason* reason) {
    const auto* hit = reason == nullptr ? nullptr : std::get_if<BreakpointHit>(reason);
    if (hit == nullptr || hit->requested.empty() ||
        std::ranges::find(hit->requested, pc) != hit->requested.end()) {
        return pc;
    }
    return hit->requested.front();
}

} // namespace

std::set<InstanceId> instance_ids(const Debuggee& debuggee) {
    std::set<InstanceId> ids;
    for (const InstanceInfo& instance : debuggee.instances()) {
        ids.insert(instance.id);
    }
    return ids;
}

void Session::take_stop(const Stopped& stop) {
    threads.clear();
    for (const ThreadInfo& info : debuggee.threads()) {
        add_thread(info, stop);
    }
    for (const ThreadStop& entry : stop.threads) {
        if (find_thread(entry.thread) == nullptr) {
            add_thread(ThreadInfo{.id = entry.thread, .state = ThreadState::Stopped, .name = {}},
                       stop);
        }
    }
    if (!stop.threads.empty()) {
        stop_thread = stop.threads.front().thread;
    } else if (!threads.empty()) {
        stop_thread = threads.front().id;
    }
    if (const auto stepping = fast_step.thread(); stepping && find_thread(*stepping) == nullptr) {
        fast_step.end();
    }
    current_thread = stop_thread;
    choose_shown_thread();
    libraries_changed = std::ranges::any_of(stop.threads, [](const ThreadStop& entry) {
        return std::holds_alternative<InstancesChanged>(entry.reason);
    });
    libraries_changed = libraries_changed || (listed && *listed != instance_ids(debuggee));
}

void Session::choose_shown_thread() {
    if (const ThreadView* before = find_thread(shown_thread); before && before->reason) {
        return;
    }
    const auto first = std::ranges::find_if(
        threads, [](const ThreadView& view) { return view.reason.has_value(); });
    shown_thread = first == threads.end() ? stop_thread : first->id;
}

void Session::add_thread(const ThreadInfo& info, const Stopped& stop) {
    const StopReason* reason = reason_of(stop, info.id);
    ThreadView view{.id = info.id, .name = info.name, .host_call = {}, .reason = std::nullopt};
    CodeAddress pc;
    if (Result<FrameRange> top = debuggee.frames(info.id, 0, 1); top && !top->frames.empty()) {
        pc = top->frames.front().pc;
        view.host_call = std::move(top->frames.front().host_call);
    }
    view.pc = from_code_address(reported_pc(pc, reason));
    if (reason != nullptr) {
        view.reason = *reason;
    }
    threads.push_back(std::move(view));
}

void Session::moved(ThreadId thread, WasmAddress pc) {
    for (ThreadView& view : threads) {
        if (view.id == thread) {
            view.pc = pc;
            view.reason.reset();
        }
    }
}

const ThreadView* Session::find_thread(ThreadId id) const {
    const auto found = std::ranges::find(threads, id, &ThreadView::id);
    return found == threads.end() ? nullptr : &*found;
}

Result<const ThreadView*> Session::select(const ThreadSpec& spec) {
    const ThreadId id = spec.kind == ThreadSpec::Kind::One ? ThreadId{spec.thread} : current_thread;
    const ThreadView* view = find_thread(id);
    if (view == nullptr) {
        return fail(ErrorCode::NotFound, "no thread " + std::to_string(id.value));
    }
    current_thread = id;
    return view;
}

Result<const ThreadView*> Session::select_by_suffix(std::string_view text) {
    TextReader reader(text);
    reader.take(';');
    if (reader.at_end()) {
        return select(ThreadSpec{});
    }
    if (!reader.take("thread:")) {
        return fail(ErrorCode::InvalidArgument, "expected ;thread:<id>;");
    }
    std::string_view rest = reader.rest();
    const std::optional<ThreadSpec> spec = take_thread_spec(rest);
    if (!spec || !(rest.empty() || rest == ";")) {
        return fail(ErrorCode::InvalidArgument, "malformed thread id");
    }
    return select(*spec);
}

namespace {

/// The main instance, said explicitly; instances do not get that far.
constexpr std::uint32_t main_memory_instance = WasmAddress::max_memory_instance;

} // namespace

Result<CodeAddress> to_code_address(WasmAddress address) {
    if (address.space() != AddressSpace::Object) {
        return fail(ErrorCode::InvalidArgument, "not an address of code");
    }
    return CodeAddress{.instance = InstanceId{address.id()},
                       .offset = CodeOffset{address.offset()}};
}

InstanceId Session::plain_memory_instance() const {
    const ThreadView* shown = find_thread(shown_thread);
    if (!agreed.is_lldb || shown == nullptr || shown->pc.id() == 0) {
        return InstanceId{};
    }
    const InstanceId instance{shown->pc.id()};
    const auto memories = debuggee.memories(instance);
    return memories && !memories->empty() ? instance : InstanceId{};
}

std::optional<WasmAddress> Session::full_address(InstanceId instance, std::uint32_t offset) {
    return WasmAddress::memory(instance.value == 0 ? main_memory_instance : instance.value, 0,
                               offset);
}

Result<MemoryAddress> Session::memory_address(WasmAddress address) const {
    if (address.space() != AddressSpace::Memory) {
        return fail(ErrorCode::InvalidArgument, "not an address of linear memory");
    }
    InstanceId instance{address.memory_instance()};
    if (instance.value == main_memory_instance) {
        instance = {};
    } else if (instance.value == 0) {
        instance = plain_memory_instance();
    }
    return MemoryAddress{
        .instance = instance, .memory = address.memory_index(), .offset = address.offset()};
}

WasmAddress from_code_address(CodeAddress address) {
    return WasmAddress::object(address.instance.value, address.offset.value)
        .value_or(WasmAddress::object(0, 0).value());
}

} // namespace wdbg::rsp
