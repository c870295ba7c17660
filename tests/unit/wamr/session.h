// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "guest_code.h"
#include "host_functions.h"

#include <wdbg/wamr/runtime.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace wdbg::test {

/// Tasks for the test's own thread, which plays the event loop.
class EventLoop {
  public:
    void post(std::function<void()> task);
    /// Runs the next task; false if none came until the deadline.
    bool run_one(std::chrono::steady_clock::time_point deadline);

  private:
    std::mutex mutex_;
    std::condition_variable added_;
    std::deque<std::function<void()>> tasks_;
};

/// What runs the guest and makes it debuggable.
class TestEngine {
  public:
    virtual ~TestEngine() = default;
    [[nodiscard]] virtual wamr::Runtime& runtime() = 0;
    [[nodiscard]] virtual Debuggee& debuggee() = 0;
    [[nodiscard]] virtual std::string guest_file(std::string_view guest) const = 0;
    /// The guest is loaded, and is to wait at its entry.
    virtual void wait_at_entry() = 0;
    /// On the guest's thread.
    virtual void guest_ended(const wamr::Outcome& outcome) = 0;
    /// The guest is to end, or to run to its end by itself.
    virtual void end_guest() = 0;
};

/// The one that this test program is about.
[[nodiscard]] std::unique_ptr<TestEngine> make_engine(EventLoop& loop);

template <class T>
T must(Result<T> result) {
    if (!result) {
        throw std::runtime_error(result.error().message);
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

[[nodiscard]] inline Value i32(std::int32_t number) {
    return Value::of(ValueType::I32, number);
}

struct SessionOptions {
    std::string invoke{}; ///< empty: the guest's _start
    std::vector<std::string> args{};
    bool at_entry = true; ///< attach, and wait for the stop at the entry
    std::uint32_t stack_size = 8U << 20U;
};

/// A guest that runs on a thread of its own, debugged by the test.
///
/// Whatever is waited for comes as an event; each wait has a deadline, behind which it throws.
class Session {
  public:
    explicit Session(std::string_view guest, SessionOptions options = {});
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    Debuggee* operator->() { return debuggee_; }

    [[nodiscard]] const GuestCode& code() const { return code_; }

    wamr::Runtime& runtime() { return engine_->runtime(); }

    /// Starts the guest, if the constructor was told not to.
    void start();

    Event next_event();
    Stopped wait_for_stop();
    /// Waits for the guest's end; other stops on the way throw.
    wamr::Outcome wait_for_exit();
    /// True if an event is there already or comes before the guest's thread does anything more.
    [[nodiscard]] std::optional<Event> pending_event();

    /// Everything runs on.
    void resume();

    [[nodiscard]] bool running() const { return running_; }

    Stopped resume_and_wait();
    Stopped step(ThreadId thread = main_thread);
    Stopped step_over_range(CodeAddressRange range, ThreadId thread = main_thread);
    Stopped resume_with(const ResumeRequest& request);
    /// Interrupts until `thread` stands in a host call.
    Stopped interrupt_in_host_call(ThreadId thread = main_thread);

    void plant(CodeOffset offset) { plant(CodeAddress{main_instance, offset}); }

    void plant(CodeAddress address);
    void unplant(CodeOffset offset);
    /// Plants, resumes and waits until it is hit, and removes it.
    Stopped run_to(CodeOffset offset);

    [[nodiscard]] std::vector<Frame> frames(ThreadId thread = main_thread);
    [[nodiscard]] CodeOffset pc(ThreadId thread = main_thread);
    /// Names of the functions on the stack, innermost first.
    [[nodiscard]] std::vector<std::string> backtrace(ThreadId thread = main_thread);
    [[nodiscard]] ThreadState state(ThreadId thread);

    template <class T>
    T local(std::uint32_t index, std::uint32_t frame = 0) {
        return debuggee_->local(main_thread, frame, index).value().template as<T>();
    }

    static constexpr std::chrono::milliseconds call_limit{60'000};
    /// Of the main instance, on the main thread.
    Result<std::vector<Value>> call(std::string_view function, std::vector<Value> arguments,
                                    std::chrono::milliseconds limit = call_limit);

    std::vector<Value> operand_stack(std::uint32_t frame = 0, ThreadId thread = main_thread);

    static constexpr ThreadId main_thread{1};
    static constexpr InstanceId main_instance{0};

  private:
    /// Kills the guest if it has not ended.
    void end();

    GuestCode code_;
    EventLoop loop_;
    std::deque<Event> events_;
    std::unique_ptr<TestEngine> engine_;
    std::unique_ptr<wamr::Guest> guest_;
    Debuggee* debuggee_ = nullptr;
    std::thread thread_;
    std::optional<wamr::Outcome> outcome_;
    bool running_ = true; ///< as far as events tell
};

/// The reason of the thread that made the others stop.
[[nodiscard]] inline const StopReason& reason(const Stopped& stopped) {
    return stopped.threads.at(0).reason;
}

template <class Reason>
[[nodiscard]] const Reason* reason_as(const Stopped& stopped) {
    return std::get_if<Reason>(&reason(stopped));
}

/// For messages: which alternative it is.
[[nodiscard]] std::string describe(const StopReason& reason);
[[nodiscard]] std::string describe(const Event& event);

} // namespace wdbg::test
