// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace wdbg::test {

namespace {

constexpr std::chrono::seconds patience{20};

std::chrono::steady_clock::time_point deadline() {
    return std::chrono::steady_clock::now() + patience;
}

} // namespace

void EventLoop::post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    added_.notify_one();
}

bool EventLoop::run_one(std::chrono::steady_clock::time_point until) {
    std::function<void()> task;
    {
        std::unique_lock lock(mutex_);
        if (!added_.wait_until(lock, until, [&] { return !tasks_.empty(); })) {
            return false;
        }
        task = std::move(tasks_.front());
        tasks_.pop_front();
    }
    task();
    return true;
}

std::string describe(const StopReason& reason) {
    static constexpr std::array names{"StoppedAtEntry", "BreakpointHit",    "StepDone",
                                      "Interrupted",    "InstancesChanged", "WatchpointHit",
                                      "Trapped"};
    const auto* trapped = std::get_if<Trapped>(&reason);
    return names.at(reason.index()) + (trapped == nullptr ? "" : " (" + trapped->message + ")");
}

std::string describe(const Event& event) {
    if (const auto* stopped = std::get_if<Stopped>(&event)) {
        std::string text = "Stopped:";
        for (const ThreadStop& thread : stopped->threads) {
            text +=
                " thread " + std::to_string(thread.thread.value) + " " + describe(thread.reason);
        }
        return text;
    }
    return std::holds_alternative<Exited>(event) ? "Exited" : "Killed";
}

Session::Session(std::string_view guest, SessionOptions options) : code_(guest) {
    engine_ = make_engine(loop_);
    register_host_functions();
    debuggee_ = &engine_->debuggee();
    debuggee_->set_event_handler([this](const Event& event) { events_.push_back(event); });
    guest_ = must(runtime().load(engine_->guest_file(guest), {.args = std::move(options.args),
                                                              .env = {},
                                                              .preopens = {},
                                                              .invoke = std::move(options.invoke),
                                                              .stack_size = options.stack_size}));
    if (!options.at_entry) {
        return;
    }
    engine_->wait_at_entry();
    must(debuggee_->attach());
    start();
    try {
        const Stopped entry = wait_for_stop();
        if (reason_as<StoppedAtEntry>(entry) == nullptr) {
            throw std::runtime_error("no stop at the entry: " + describe(Event{entry}));
        }
    } catch (const std::exception&) {
        end();
        throw;
    }
}

Session::~Session() {
    end();
}

void Session::end() {
    if (thread_.joinable()) {
        if (!outcome_) {
            engine_->end_guest();
            release_blocked();
        }
        thread_.join();
    }
    free_instances();
}

void Session::start() {
    thread_ = std::thread([this] {
        auto outcome = guest_->run();
        engine_->guest_ended(outcome);
        loop_.post([this, outcome] { outcome_ = outcome; });
    });
}

Event Session::next_event() {
    const auto until = deadline();
    while (events_.empty()) {
        if (!loop_.run_one(until)) {
            throw std::runtime_error("no event came");
        }
    }
    Event event = std::move(events_.front());
    events_.pop_front();
    running_ = !std::holds_alternative<Stopped>(event);
    return event;
}

std::optional<Event> Session::pending_event() {
    while (events_.empty() && loop_.run_one(std::chrono::steady_clock::now())) {
    }
    if (events_.empty()) {
        return std::nullopt;
    }
    return next_event();
}

Stopped Session::wait_for_stop() {
    Event event = next_event();
    auto* stopped = std::get_if<Stopped>(&event);
    if (stopped == nullptr) {
        throw std::runtime_error("not a stop, but " + describe(event));
    }
    return std::move(*stopped);
}

wamr::Outcome Session::wait_for_exit() {
    const auto until = deadline();
    while (!outcome_) {
        if (!loop_.run_one(until)) {
            throw std::runtime_error("the guest did not end");
        }
        if (!events_.empty() && std::holds_alternative<Stopped>(events_.front())) {
            throw std::runtime_error("not an end, but " + describe(events_.front()));
        }
    }
    return *outcome_;
}

void Session::resume() {
    must(debuggee_->resume({.threads = {}, .others = ResumeKind::Continue}));
    running_ = true;
}

Stopped Session::resume_and_wait() {
    resume();
    return wait_for_stop();
}

Stopped Session::resume_with(const ResumeRequest& request) {
    must(debuggee_->resume(request));
    return wait_for_stop();
}

Stopped Session::step(ThreadId thread) {
    return resume_with({.threads = {{.thread = thread, .kind = ResumeKind::StepInstruction}},
                        .others = std::nullopt});
}

Stopped Session::step_over_range(CodeAddressRange range, ThreadId thread) {
    return resume_with(
        {.threads = {{.thread = thread, .kind = ResumeKind::StepRange, .range = range}},
         .others = ResumeKind::Continue});
}

Stopped Session::interrupt_in_host_call(ThreadId thread) {
    const auto until = deadline();
    while (std::chrono::steady_clock::now() < until) {
        must(debuggee_->interrupt());
        Stopped stopped = wait_for_stop();
        if (state(thread) == ThreadState::InHostCall) {
            return stopped;
        }
        resume();
        std::this_thread::yield();
    }
    throw std::runtime_error("the thread does not stay in a host call");
}

void Session::plant(CodeAddress address) {
    must(debuggee_->plant(address));
}

void Session::unplant(CodeOffset offset) {
    must(debuggee_->unplant({main_instance, offset}));
}

Stopped Session::run_to(CodeOffset offset) {
    plant(offset);
    Stopped stopped = resume_and_wait();
    if (reason_as<BreakpointHit>(stopped) == nullptr) {
        throw std::runtime_error("no breakpoint, but " + describe(Event{stopped}));
    }
    unplant(offset);
    return stopped;
}

std::vector<Frame> Session::frames(ThreadId thread) {
    return must(debuggee_->frames(thread, 0, UINT32_MAX)).frames;
}

CodeOffset Session::pc(ThreadId thread) {
    return must(debuggee_->frames(thread, 0, 1)).frames.at(0).pc.offset;
}

std::vector<std::string> Session::backtrace(ThreadId thread) {
    std::vector<std::string> names;
    for (const Frame& frame : frames(thread)) {
        names.push_back(code_.module().function_name(frame.function));
    }
    return names;
}

ThreadState Session::state(ThreadId thread) {
    const auto threads = debuggee_->threads();
    const auto found = std::ranges::find(threads, thread, &ThreadInfo::id);
    if (found == threads.end()) {
        throw std::runtime_error("no thread " + std::to_string(thread.value));
    }
    return found->state;
}

Result<std::vector<Value>> Session::call(std::string_view function, std::vector<Value> arguments,
                                         std::chrono::milliseconds limit) {
    return debuggee_->call_support()->call({.thread = main_thread,
                                            .instance = main_instance,
                                            .function = code_.body(function).index,
                                            .arguments = std::move(arguments),
                                            .limit = limit});
}

std::vector<Value> Session::operand_stack(std::uint32_t frame, ThreadId thread) {
    std::vector<Value> values;
    while (auto value =
               debuggee_->stack_value(thread, frame, static_cast<std::uint32_t>(values.size()))) {
        values.push_back(*value);
    }
    return values;
}

} // namespace wdbg::test
