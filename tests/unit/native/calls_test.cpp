// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest_thread.h"
#include "session.h"

#include <csetjmp>
#include <csignal>
#include <functional>

namespace wdbg::native::test {
namespace {

/// What a runtime does: runs a function, and leaves it by longjmp.
class FakeCall final : public GuestCall {
  public:
    explicit FakeCall(std::function<std::uint64_t()> function) : function_(std::move(function)) {}

    void run() override {
        if (setjmp(before_) == 0) { // NOLINT(cert-err52-cpp,modernize-avoid-setjmp-longjmp)
            result_ = function_();
        } else {
            left_ = true;
        }
        has_run_ = true;
    }

    // NOLINTNEXTLINE(cert-err52-cpp,modernize-avoid-setjmp-longjmp)
    [[noreturn]] void leave() override { std::longjmp(before_, 1); }

    void end() override {}

    [[nodiscard]] Result<std::vector<Value>> results() const override {
        if (left_ || !has_run_) {
            return fail(ErrorCode::Unavailable, left_ ? "left" : "not begun");
        }
        return std::vector{Value::of(ValueType::I64, result_)};
    }

  private:
    std::function<std::uint64_t()> function_;
    std::jmp_buf before_{};
    std::uint64_t result_ = 0;
    bool left_ = false;
    bool has_run_ = false;
};

class FakeCaller final : public GuestCaller {
  public:
    [[nodiscard]] std::shared_ptr<GuestCall> make_call(const NativeCall& /*request*/) override {
        return std::make_shared<FakeCall>(function);
    }

    std::function<std::uint64_t()> function;
};

/// Signals of this thread get a stack of their own.
class AlternateStack {
  public:
    AlternateStack() {
        const stack_t own{.ss_sp = bytes_.data(), .ss_flags = 0, .ss_size = bytes_.size()};
        ::sigaltstack(&own, &before_);
    }

    ~AlternateStack() { ::sigaltstack(&before_, nullptr); }

    AlternateStack(const AlternateStack&) = delete;
    AlternateStack& operator=(const AlternateStack&) = delete;

  private:
    std::vector<std::byte> bytes_ = std::vector<std::byte>(std::size_t{64} * 1024);
    stack_t before_{};
};

/// Stopped at asm_hot's site, on a thread with or without a stack for signals.
class Calls : public testing::TestWithParam<bool> {
  public:
    Calls() {
        session.target->set_caller(&caller);
        EXPECT_TRUE(session.target->plant(at(asm_hot_body), {}).has_value());
        thread = guest_thread(session, [this] {
            std::optional<AlternateStack> stack;
            if (GetParam()) {
                stack.emplace();
            }
            result = asm_hot(2, 21);
        });
        EXPECT_TRUE(session.stops_with<NativeBreakpointHit>());
        id = session.target->threads().front().id;
    }

    Calls(const Calls&) = delete;
    Calls& operator=(const Calls&) = delete;

    ~Calls() override { thread.join(); }

    Result<std::vector<Value>> call(std::function<std::uint64_t()> function,
                                    std::chrono::milliseconds limit = 60s) {
        caller.function = std::move(function);
        return session.target->calls()->call({.thread = id, .limit = limit});
    }

    void finish() {
        EXPECT_TRUE(session.target->unplant(at(asm_hot_body)).has_value());
        session.resume();
    }

    Session session;
    FakeCaller caller;
    ThreadId id;
    std::thread thread;
    std::atomic<std::uint64_t> result{0};
};

TEST_P(Calls, HitSitesThatDoNotCountAndKeepAllRegisters) {
    const NativeRegisters before = *session.target->registers(id);
    const std::uint64_t hits = session.hits(asm_hot_body);
    const std::uint64_t expected = c_floats(3, 4);
    for (int i = 0; i < 3; ++i) {
        const auto results = call([] {
            EXPECT_EQ(asm_hot(100, 5), 500U);
            return c_floats(3, 4);
        });
        ASSERT_TRUE(results.has_value()) << results.error().message;
        EXPECT_EQ(results->front().as<std::uint64_t>(), expected);
    }
    EXPECT_EQ(session.hits(asm_hot_body), hits);
    const NativeRegisters after = *session.target->registers(id);
    EXPECT_EQ(after.general, before.general);
    EXPECT_EQ(after.vectors, before.vectors);
    finish();
    thread.join();
    EXPECT_EQ(result.load(), 42U);
    thread = std::thread([] {});
}

TEST_P(Calls, ThatDoNotReturnAreLeftWhereTheyAreInGuestCode) {
    const auto results = call([] { return asm_hot(~std::uint64_t{0}, 1); }, 1ms);
    ASSERT_FALSE(results.has_value());
    EXPECT_EQ(results.error().code, ErrorCode::Unavailable);
    EXPECT_TRUE(call([] { return asm_hot(1, 1); }).has_value());
    finish();
}

TEST_P(Calls, AreLeftAtTheGate) {
    const auto results = call(
        []() -> std::uint64_t {
            while (true) {
                GuestExit exit;
                leave_guest(exit);
                enter_guest(exit);
            }
        },
        1ms);
    ASSERT_FALSE(results.has_value());
    EXPECT_EQ(results.error().code, ErrorCode::Unavailable);
    finish();
}

TEST(Call, ThatWasGivenUpBeforeItBeganIsNotRun) {
    bool has_run = false;
    ucontext_t context{};
    ASSERT_EQ(::getcontext(&context), 0);
    const auto call = std::make_shared<InjectedCall>(std::make_shared<FakeCall>([&] {
        has_run = true;
        return std::uint64_t{1};
    }));
    GuestThread thread;
    thread.context = &context;
    thread.call = call;
    thread.calling.store(true);
    call->leaving.store(true);
    run_injected_call(thread);
    EXPECT_FALSE(has_run);
    EXPECT_FALSE(thread.calling.load());
    EXPECT_TRUE(call->wait(60s));
    EXPECT_EQ(call->guest->results().error().code, ErrorCode::Unavailable);
}

TEST_P(Calls, NeedAStoppedThread) {
    EXPECT_EQ(session.target->calls()->call({.thread = ThreadId{77}}).error().code,
              ErrorCode::NotFound);
    finish();
    EXPECT_FALSE(call([] { return std::uint64_t{1}; }).has_value());
}

INSTANTIATE_TEST_SUITE_P(OnBothStacks, Calls, testing::Bool(),
                         [](const auto& each) { return each.param ? "Alternate" : "Own"; });

} // namespace
} // namespace wdbg::native::test
