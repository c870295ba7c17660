// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.h"

#include <csetjmp>
#include <csignal>

namespace wdbg::native::test {
namespace {

sigjmp_buf escape;
volatile int host_calls = 0;
volatile std::uint64_t fault_pc = 0;

std::uint64_t pc_in(void* context) {
    return static_cast<std::uint64_t>(
        static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
}

void escaping_handler(int /*signal*/, siginfo_t* /*info*/, void* context) {
    host_calls = host_calls + 1;
    fault_pc = pc_in(context);
    siglongjmp(escape, 1);
}

void counting_handler(int /*signal*/, siginfo_t* /*info*/, void* context) {
    host_calls = host_calls + 1;
    fault_pc = pc_in(context);
}

/// Installs a host's handler for the time of a test.
class HostHandler {
  public:
    HostHandler(int signal, void (*handler)(int, siginfo_t*, void*)) : signal_(signal) {
        struct sigaction action{};
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        ::sigaction(signal, &action, &before_);
        host_calls = 0;
        fault_pc = 0;
    }

    ~HostHandler() { ::sigaction(signal_, &before_, nullptr); }

    HostHandler(const HostHandler&) = delete;
    HostHandler& operator=(const HostHandler&) = delete;

  private:
    int signal_;
    struct sigaction before_{};
};

bool load_faults(const void* address) {
    if (sigsetjmp(escape, 1) != 0) {
        return true;
    }
    asm_load(address);
    return false;
}

const void* const bad_address = reinterpret_cast<const void*>(0x10); // NOLINT

TEST(SignalChain, HostsHandlerSeesTheOriginalPcOfAFaultInASlot) {
    const HostHandler host(SIGSEGV, escaping_handler);
    Session session;
    ASSERT_TRUE(session.target->plant(at(asm_load_instruction), never()).has_value());
    EXPECT_TRUE(load_faults(bad_address));
    EXPECT_EQ(host_calls, 1);
    EXPECT_EQ(fault_pc, at(asm_load_instruction).value);
    EXPECT_TRUE(load_faults(bad_address)); // traps are not blocked after the handler's longjmp
    EXPECT_EQ(host_calls, 2);
    EXPECT_EQ(session.hits(asm_load_instruction), 2U);
}

TEST(SignalChain, FaultsAreReportedBeforeTheHostHearsOfThem) {
    const HostHandler host(SIGSEGV, escaping_handler);
    Session session;
    std::thread guest = guest_thread(session, [] { EXPECT_TRUE(load_faults(bad_address)); });
    const NativeStopped stopped = session.must_stop();
    EXPECT_EQ(host_calls, 0);
    ASSERT_EQ(stopped.threads.size(), 1U);
    const auto* fault = std::get_if<NativeFault>(&stopped.threads[0].reason);
    ASSERT_NE(fault, nullptr);
    EXPECT_EQ(fault->signal, SIGSEGV);
    EXPECT_EQ(fault->address.value, 0x10U);
    EXPECT_EQ(session.target->registers(stopped.threads[0].thread)->pc, at(asm_load_instruction));
    session.resume();
    guest.join();
    EXPECT_EQ(host_calls, 1);
}

TEST(SignalChain, TrapsOfTheHostAndOfTheCodeItselfGoToTheHost) {
    const HostHandler host(SIGTRAP, counting_handler);
    Session session;
    __asm__ volatile("int3");
    EXPECT_EQ(host_calls, 1);
    ::raise(SIGTRAP);
    EXPECT_EQ(host_calls, 2);
    EXPECT_EQ(asm_own_trap(), 42U);
    EXPECT_EQ(host_calls, 3);
    ASSERT_TRUE(session.target->plant(at(asm_hot_body), never()).has_value());
    EXPECT_EQ(asm_hot(10, 1), 10U);
    EXPECT_EQ(host_calls, 3);
}

/// As WAMR's: one previous handler for the process, overwritten by each thread.
struct sigaction runtime_previous{};
volatile int runtime_calls = 0;

void runtime_handler(int signal, siginfo_t* info, void* context) {
    runtime_calls = runtime_calls + 1;
    if (runtime_calls < 10) {
        runtime_previous.sa_sigaction(signal, info, context);
    }
}

TEST(SignalChain, ARuntimeThatInstallsItsHandlerLaterIsPassedOnceOnly) {
    const HostHandler host(SIGSEGV, escaping_handler);
    Session session;
    runtime_calls = 0;
    std::thread guest([&session] {
        struct sigaction action{};
        action.sa_sigaction = runtime_handler;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        ::sigaction(SIGSEGV, &action, &runtime_previous); // finds ours
        session.target->register_thread();                // puts ours in front again
        enter_guest();
        EXPECT_TRUE(load_faults(bad_address));
        leave_guest();
        session.target->unregister_thread();
    });
    session.must_stop();
    session.resume();
    guest.join();
    EXPECT_EQ(runtime_calls, 1);
    EXPECT_EQ(host_calls, 1);
    EXPECT_TRUE(load_faults(bad_address)); // not a guest thread: the host's at once
    EXPECT_EQ(runtime_calls, 1);
    EXPECT_EQ(host_calls, 2);
}

} // namespace
} // namespace wdbg::native::test
