// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Figures of runtime-hooks/native as Markdown; rates are medians of interleaved
// rounds, per second of processor time.
#include <wdbg/dwarf/loader.h>
#include <wdbg/native/gate.h>
#include <wdbg/native/process_target.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <poll.h>
#include <span>
#include <thread>
#include <ucontext.h>
#include <vector>

extern "C" {
/// `rounds` times around; bench_body is one instruction of the loop.
std::uint64_t bench_hot(std::uint64_t rounds, std::uint64_t step);
/// The same with room for a jump at bench_wide_body.
std::uint64_t bench_wide(std::uint64_t rounds, std::uint64_t step);
/// The same with an int3 of its own.
std::uint64_t bench_bare(std::uint64_t rounds, std::uint64_t step);
/// Until *stop is not 0.
void bench_spin(const volatile std::uint64_t* stop);
extern const char bench_body[];
extern const char bench_wide_body[];
extern const char __start_bench_code[];
extern const char __stop_bench_code[];
}

__asm__(R"(
    .pushsection bench_code, "ax", @progbits
    .globl bench_hot, bench_body, bench_wide, bench_wide_body, bench_bare, bench_spin
bench_hot:
    xor %eax, %eax
bench_body:
    add %rsi, %rax
    dec %rdi
    jnz bench_body
    ret
bench_wide:
    xor %eax, %eax
bench_wide_body:
    lea 0x10000(%rax,%rsi), %rax
    dec %rdi
    jnz bench_wide_body
    ret
bench_bare:
    xor %eax, %eax
1:  int3
    add %rsi, %rax
    dec %rdi
    jnz 1b
    ret
bench_spin:
2:  cmpq $0, (%rdi)
    je 2b
    ret
    .popsection
)");

namespace {

using namespace wdbg;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t hits_per_round = 100'000;
constexpr int rounds = 7;

void check(bool good, const char* what) {
    if (!good) {
        std::fprintf(stderr, "bench_native: %s\n", what);
        std::exit(1);
    }
}

double seconds(const std::function<void()>& body) {
    const auto begin = Clock::now();
    body();
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Processor time of all threads: rates that do not depend on what else the machine does.
double cpu_seconds(const std::function<void()>& body) {
    const auto now = [] {
        timespec time{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
    };
    const double begin = now();
    body();
    return now() - begin;
}

double quantile(std::vector<double> values, double part) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

NativeAddress at(const void* address) {
    return {reinterpret_cast<std::uint64_t>(address)};
}

struct Session {
    explicit Session(const InstructionDecoder& decoder) {
        auto made = native::ProcessTarget::create(decoder);
        check(made.has_value(), "no target");
        target = std::move(*made);
        const NativeRange range{.begin = at(__start_bench_code), .end = at(__stop_bench_code)};
        check(target->add_code({.range = range, .module = {}}).has_value(), "no code");
        target->set_event_handler([this](const NativeEvent& event) {
            stopped = stopped || std::holds_alternative<NativeStopped>(event);
        });
    }

    void wait_stop() {
        stopped = false;
        while (!stopped) {
            pollfd interest{.fd = target->poll_fd(), .events = POLLIN, .revents = 0};
            ::poll(&interest, 1, 1000);
            target->process();
        }
    }

    std::unique_ptr<native::ProcessTarget> target;
    bool stopped = false;
};

void bare_handler(int /*signal*/, siginfo_t* /*info*/, void* /*context*/) {
}

double bare_rate() {
    struct sigaction action{};
    struct sigaction before{};
    action.sa_sigaction = bare_handler;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGTRAP, &action, &before);
    const double time = cpu_seconds([] { bench_bare(hits_per_round, 1); });
    ::sigaction(SIGTRAP, &before, nullptr);
    return hits_per_round / time;
}

double site_rate(const InstructionDecoder& decoder, std::size_t thread_count) {
    Session session(decoder);
    const HitFilter filter{.accept = [](const NativeRegisters& registers,
                                        void*) { return registers.general[0] == 0x1234'5678'9ABC; },
                           .data = nullptr};
    check(session.target->plant(at(bench_body), filter).has_value(), "not planted");
    const std::uint64_t each = hits_per_round / thread_count;
    const double time = cpu_seconds([&] {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < thread_count; ++i) {
            threads.emplace_back([each] { bench_hot(each, 1); });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    });
    check(session.target->counters(at(bench_body))->hits == each * thread_count, "lost hits");
    return static_cast<double>(each * thread_count) / time;
}

/// Of a condition that is decided by code in place of the instruction: rdi == -1.
double probe_rate(const InstructionDecoder& decoder) {
    constexpr std::uint64_t probe_hits = 100 * hits_per_round;
    constexpr std::array<unsigned char, 9> condition{0x31, 0xC0, 0x48, 0x83, 0xFF,
                                                     0xFF, 0x0F, 0x94, 0xC0};
    Session session(decoder);
    check(session.target->plant(at(bench_wide_body), {}).has_value(), "not planted");
    check(session.target->set_probe(at(bench_wide_body), std::as_bytes(std::span(condition)))
              .has_value(),
          "no probe");
    const double time = cpu_seconds([] { bench_wide(probe_hits, 1); });
    check(session.target->counters(at(bench_wide_body))->hits == probe_hits, "lost hits");
    return static_cast<double>(probe_hits) / time;
}

void print_rates(const InstructionDecoder& decoder) {
    std::vector<double> bare;
    std::vector<double> one;
    std::vector<double> sixteen;
    std::vector<double> ratio;
    std::vector<double> probe;
    for (int round = 0; round < rounds; ++round) {
        bare.push_back(bare_rate());
        one.push_back(site_rate(decoder, 1));
        sixteen.push_back(site_rate(decoder, 16));
        probe.push_back(probe_rate(decoder));
        ratio.push_back(one.back() / bare.back());
    }
    std::printf("| bare SIGTRAP handler | %.0f hits per CPU second | |\n", quantile(bare, 0.5));
    std::printf("| site with a false condition, 1 thread | %.0f hits per CPU second | %.2f of bare "
                "(>= 0.7) |\n",
                quantile(one, 0.5), quantile(ratio, 0.5));
    std::printf("| site with a false condition, 16 threads in sum | %.0f hits per CPU second | |\n",
                quantile(sixteen, 0.5));
    std::printf(
        "| site with a false condition, by a jump | %.0f hits per CPU second | %.1f million "
        "(>= 20) |\n",
        quantile(probe, 0.5), quantile(probe, 0.5) / 1e6);
}

void print_planting(const InstructionDecoder& decoder) {
    Session session(decoder);
    std::vector<double> times;
    for (int i = 0; i < 2000; ++i) {
        times.push_back(seconds([&] {
            check(session.target->plant(at(bench_body), {}).has_value(), "not planted");
            check(session.target->unplant(at(bench_body)).has_value(), "not removed");
        }));
    }
    std::printf("| plant and remove | %.1f us median, %.1f us p95 | |\n",
                quantile(times, 0.5) * 1e6, quantile(times, 0.95) * 1e6);
}

void print_stops(const InstructionDecoder& decoder, std::size_t thread_count) {
    Session session(decoder);
    volatile std::uint64_t stop = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < thread_count; ++i) {
        threads.emplace_back([&] {
            session.target->register_thread();
            native::enter_guest();
            bench_spin(&stop);
            native::leave_guest();
            session.target->unregister_thread();
        });
    }
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        times.push_back(seconds([&] {
            check(session.target->interrupt().has_value(), "no stop");
            session.wait_stop();
        }));
        check(session.target->resume({}).has_value(), "no resume");
    }
    stop = 1;
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::printf("| stop %zu threads that spin | %.2f ms median, %.2f ms p95 | |\n", thread_count,
                quantile(times, 0.5) * 1e3, quantile(times, 0.95) * 1e3);
}

/// Steps of one parked thread: by the trap flag, and over a range of 1000 loop rounds.
void print_steps(const InstructionDecoder& decoder) {
    Session session(decoder);
    check(session.target->plant(at(bench_body), {}).has_value(), "not planted");
    std::thread guest([&] {
        session.target->register_thread();
        native::enter_guest();
        bench_hot(1'000'000, 1);
        native::leave_guest();
        session.target->unregister_thread();
    });
    session.wait_stop();
    check(session.target->unplant(at(bench_body)).has_value(), "not removed");
    const ThreadId thread = session.target->threads().at(0).id;
    const auto step = [&](const NativeAction& action) {
        return seconds([&] {
            check(session.target->resume({.threads = {{.thread = thread, .action = action}}})
                      .has_value(),
                  "no step");
            session.wait_stop();
        });
    };
    std::vector<double> single;
    std::vector<double> range;
    const NativeRange body{.begin = at(bench_body), .end = {at(bench_body).value + 3}};
    const NativeRange rest{.begin = body.end, .end = {body.end.value + 5}};
    for (int i = 0; i < 500; ++i) {
        single.push_back(step(StepNativeInstruction{}));
    }
    while (session.target->registers(thread)->pc != body.begin) {
        step(StepNativeInstruction{});
    }
    for (int i = 0; i < 500; ++i) {
        range.push_back(step(StepNativeRange{.ranges = {i % 2 == 0 ? body : rest}}));
    }
    session.target->detach();
    guest.join();
    std::printf("| step one instruction | %.0f us median, %.0f us p95 | |\n",
                quantile(single, 0.5) * 1e6, quantile(single, 0.95) * 1e6);
    std::printf("| step over a range | %.0f us median, %.0f us p95 | |\n",
                quantile(range, 0.5) * 1e6, quantile(range, 0.95) * 1e6);
}

} // namespace

int main() {
    const auto decoder = dwarf::load_instruction_decoder();
    check(decoder.has_value(), "no libwdbg-dwarf.so");
    std::printf("| native code | measured | against |\n| --- | --- | --- |\n");
    print_rates(**decoder);
    print_planting(**decoder);
    print_stops(**decoder, 2);
    print_stops(**decoder, 16);
    print_steps(**decoder);
    return 0;
}
