// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "asymmetric_fence.h"
#include "code_patch.h"
#include "handlers.h"
#include "page_rights.h"
#include "parking.h"
#include "process_watchpoints.h"
#include "run_control.h"
#include "site_table.h"
#include "wakeup.h"
#include "watched_ranges.h"

#include <wdbg/native/process_target.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace wdbg::native {

namespace {

constexpr std::size_t dwarf_sp = 7; // x86-64 psABI figure 3.36

class ProcessTargetImpl final : public ProcessTarget, private NativeCallSupport {
  public:
    ProcessTargetImpl(CodePatch patch, const InstructionDecoder& decoder, int stop_signal)
        : patch_(std::move(patch))
        , sites_(state_.tables, patch_, decoder)
        , control_(state_, sites_, decoder)
        , watchpoints_([this] { return control_.thread_numbers(); },
                       [this] { control_.signal_running(); }) {
        state_.stop_signal = stop_signal;
        state_.event_fd = wakeup_.events;
    }

    ProcessTargetImpl(const ProcessTargetImpl&) = delete;
    ProcessTargetImpl& operator=(const ProcessTargetImpl&) = delete;
    ~ProcessTargetImpl() override;

    Result<void> open();

    void set_event_handler(EventHandler handler) override { handler_ = std::move(handler); }

    [[nodiscard]] Machine machine() const override { return Machine::X86_64; }

    [[nodiscard]] std::vector<std::pair<CodeRangeId, CodeRange>> code_ranges() const override;

    [[nodiscard]] std::vector<NativeThread> threads() const override { return control_.threads(); }

    [[nodiscard]] Result<NativeRegisters> registers(ThreadId thread) const override {
        return control_.registers(thread);
    }

    Result<void> set_registers(ThreadId thread, const NativeRegisters& registers) override {
        return control_.set_registers(thread, registers);
    }

    Result<void> read_memory(NativeAddress address, std::span<std::byte> into) const override;
    Result<void> write_memory(NativeAddress address, std::span<const std::byte> bytes) override;
    Result<void> plant(NativeAddress address, HitFilter filter) override;
    Result<void> plant_all(std::span<const NativeAddress> addresses, HitFilter filter) override;
    Result<void> unplant(NativeAddress address) override;
    Result<void> set_probe(NativeAddress site, std::span<const std::byte> code,
                           const ProbeSurroundings& surroundings) override;
    [[nodiscard]] Result<SiteCounters> counters(NativeAddress address) const override;

    [[nodiscard]] NativeWatchpointSupport* watchpoints() override { return &watchpoints_; }

    [[nodiscard]] NativeCallSupport* calls() override {
        return caller_ != nullptr ? this : nullptr;
    }

    Result<void> resume(const NativeResume& request) override;
    Result<void> interrupt() override;
    void detach() override;

    [[nodiscard]] int poll_fd() const override { return wakeup_.both; }

    void process() override;
    Result<CodeRangeId> add_code(CodeRange code) override;
    Result<void> remove_code(CodeRangeId id) override;
    ThreadId register_thread() override;
    void unregister_thread() override;
    void install_handlers() override;

    [[nodiscard]] std::vector<NativeInstance> instances() const override;
    void add_instance(NativeInstance instance) override;
    void remove_instance(NativeAddress instance) override;

    void stop_at_entry() override { stop_at_entry_.store(true); }

    void step_in(std::uint64_t system_id) override { steps_in_.store(system_id); }

    void set_caller(GuestCaller* caller) override { caller_ = caller; }

    [[nodiscard]] bool is_calling() const override;

    void enter_guest(NativeAddress function) override;

    void leave_guest(GuestExit& exit) override { native::leave_guest(exit); }

    void enter_guest(GuestExit& exit) override;

    [[nodiscard]] GuestExit* host_call() const override;
    void back_in_host(GuestExit* before) override;

    [[nodiscard]] const std::atomic<std::uint32_t>& watch_count() const override {
        return watch_count_;
    }

    void trapped(TrapKind kind, std::string_view message) override;

    [[nodiscard]] Result<NativeRegisters>
    outer_guest_registers(ThreadId thread, const NativeRegisters& host) const override {
        return control_.outer_registers(thread, host.general.at(dwarf_sp));
    }

  private:
    Result<std::vector<Value>> call(const NativeCall& request) override;
    void queue(NativeEvent event);
    void queue_instance(NativeInstance instance, bool is_there);
    bool apply_instance_change();

    void send(const NativeEvent& event) const {
        if (handler_) {
            handler_(event);
        }
    }

    Wakeup wakeup_;
    CodePatch patch_;
    ProcessState state_;
    /// Of tables and sites: modules come and go on guest threads. Never taken in handlers.
    /// RunControl's own lock and that of the watchpoints are taken within it.
    mutable std::mutex sites_mutex_;
    SiteTable sites_;
    RunControl control_;
    ProcessWatchpoints watchpoints_;
    const std::atomic<std::uint32_t>& watch_count_ = watched_range_count();
    EventHandler handler_;
    mutable std::mutex queue_mutex_;
    std::vector<NativeEvent> queue_;

    struct InstanceChange {
        NativeInstance instance;
        bool is_there = false;
    };

    std::deque<InstanceChange> instance_changes_; ///< under queue_mutex_; each with its event
    std::vector<NativeInstance> instances_;       ///< the loop's: as its events have told
    std::atomic<bool> has_new_instance_{false};   ///< that has not been called yet
    std::atomic<bool> stop_at_entry_{false};
    std::atomic<std::uint64_t> steps_in_{0}; ///< the thread's number
    GuestCaller* caller_ = nullptr;
    std::mutex handlers_mutex_;
    std::uint32_t last_range_ = 0;
};

Result<void> ProcessTargetImpl::open() {
    if (!wakeup_.is_open()) {
        return fail(ErrorCode::Io, std::string("eventfd or timerfd: ") + std::strerror(errno));
    }
    if (process_state() != nullptr) {
        return fail(ErrorCode::Busy, "this process is under control already");
    }
    struct sigaction action{};
    action.sa_sigaction = &on_stop_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (::sigaction(state_.stop_signal, &action, nullptr) != 0) {
        return fail(ErrorCode::Io, std::string("sigaction: ") + std::strerror(errno));
    }
    prepare_asymmetric_fence();
    // Before there are other threads: those that are there would find its pages closed in the host.
    [[maybe_unused]] const bool has_keys = allocate_page_key();
    set_process_state(&state_);
    return state_.chain.install(&on_signal, state_.stop_signal);
}

ProcessTargetImpl::~ProcessTargetImpl() {
    if (process_state() == &state_) {
        detach();
        set_process_state(nullptr);
        ::signal(state_.stop_signal, SIG_IGN); // one may be on its way
    }
}

std::vector<std::pair<CodeRangeId, CodeRange>> ProcessTargetImpl::code_ranges() const {
    const std::lock_guard lock(sites_mutex_);
    return state_.tables.ranges();
}

Result<void> ProcessTargetImpl::read_memory(NativeAddress address,
                                            std::span<std::byte> into) const {
    const std::lock_guard lock(sites_mutex_);
    return sites_.read(address.value, into);
}

Result<void> ProcessTargetImpl::write_memory(NativeAddress address,
                                             std::span<const std::byte> bytes) {
    for (const auto& [id, code] : code_ranges()) {
        if (address < code.range.end && code.range.begin.value < address.value + bytes.size()) {
            return fail(ErrorCode::Unsupported, "code cannot be written");
        }
    }
    auto written = patch_.write(address.value, bytes);
    forget_watched_values(); // else it would be found as the host's
    return written;
}

Result<void> ProcessTargetImpl::plant(NativeAddress address, HitFilter filter) {
    return plant_all(std::span(&address, 1), filter);
}

Result<void> ProcessTargetImpl::plant_all(std::span<const NativeAddress> addresses,
                                          HitFilter filter) {
    const std::lock_guard lock(sites_mutex_);
    return sites_.plant(addresses, filter);
}

Result<void> ProcessTargetImpl::unplant(NativeAddress address) {
    const std::lock_guard lock(sites_mutex_);
    return sites_.unplant(address);
}

Result<void> ProcessTargetImpl::set_probe(NativeAddress site, std::span<const std::byte> code,
                                          const ProbeSurroundings& surroundings) {
    control_.forget_uncounted();
    const std::lock_guard lock(sites_mutex_);
    return sites_.set_probe(site, code, surroundings);
}

Result<SiteCounters> ProcessTargetImpl::counters(NativeAddress address) const {
    const std::lock_guard lock(sites_mutex_);
    const Site* site = state_.tables.site_at(address.value);
    if (site == nullptr) {
        return fail(ErrorCode::NotFound, "there was never a breakpoint at this address");
    }
    return SiteCounters{.hits = site->hits.load(), .accepted = site->accepted.load()};
}

Result<void> ProcessTargetImpl::resume(const NativeResume& request) {
    const std::lock_guard lock(sites_mutex_);
    return control_.resume(request);
}

Result<void> ProcessTargetImpl::interrupt() {
    control_.interrupt();
    return {};
}

void ProcessTargetImpl::detach() {
    const std::lock_guard lock(sites_mutex_);
    watchpoints_.remove_all();
    for (const auto& [id, code] : state_.tables.ranges()) {
        sites_.unplant_all(code.range.begin.value, code.range.end.value);
    }
    control_.detach();
}

void ProcessTargetImpl::queue(NativeEvent event) {
    {
        const std::lock_guard lock(queue_mutex_);
        queue_.push_back(std::move(event));
    }
    state_.notify();
}

void ProcessTargetImpl::process() {
    wakeup_.drain();
    std::vector<NativeEvent> events;
    {
        const std::lock_guard lock(queue_mutex_);
        events.swap(queue_);
    }
    for (const NativeEvent& event : events) {
        if (!std::holds_alternative<NativeInstancesChanged>(event) || apply_instance_change()) {
            send(event);
        }
    }
    std::optional<NativeStopped> stopped;
    {
        const std::lock_guard lock(sites_mutex_);
        stopped = control_.advance();
    }
    if (stopped) {
        send(*stopped);
    } else if (control_.wants_retry()) {
        wakeup_.retry_soon();
    }
}

Result<CodeRangeId> ProcessTargetImpl::add_code(CodeRange code) {
    const std::lock_guard lock(sites_mutex_);
    const CodeRangeId id{++last_range_};
    if (const auto done = state_.tables.add(id, code); !done) {
        return std::unexpected(done.error());
    }
    queue(CodeAppeared{.id = id, .code = std::move(code)});
    return id;
}

Result<void> ProcessTargetImpl::remove_code(CodeRangeId id) {
    const std::lock_guard lock(sites_mutex_);
    for (const auto& [range_id, code] : state_.tables.ranges()) {
        if (range_id == id) {
            sites_.unplant_all(code.range.begin.value, code.range.end.value);
        }
    }
    auto done = state_.tables.remove(id);
    if (done) {
        queue(CodeVanished{.id = id});
    }
    return done;
}

ThreadId ProcessTargetImpl::register_thread() {
    install_handlers();
    open_pages();
    const ThreadId id = control_.add_current_thread();
    watchpoints_.add_thread(::gettid());
    queue(NativeThreadCreated{.thread = id});
    return id;
}

void ProcessTargetImpl::unregister_thread() {
    watchpoints_.remove_thread(::gettid());
    const ThreadId id = control_.remove_current_thread();
    if (id.value != 0) {
        queue(NativeThreadExited{.thread = id});
    }
}

std::vector<NativeInstance> ProcessTargetImpl::instances() const {
    return instances_;
}

void ProcessTargetImpl::queue_instance(NativeInstance instance, bool is_there) {
    {
        const std::lock_guard lock(queue_mutex_);
        instance_changes_.push_back({.instance = instance, .is_there = is_there});
        queue_.emplace_back(NativeInstancesChanged{});
    }
    state_.notify();
}

/// One after the other: an instance may be made where another one was. False if nothing changes:
/// what was freed was never told, as a thread's clone.
bool ProcessTargetImpl::apply_instance_change() {
    const std::lock_guard lock(queue_mutex_);
    const InstanceChange change = instance_changes_.front();
    instance_changes_.pop_front();
    if (change.is_there) {
        instances_.push_back(change.instance);
        return true;
    }
    const auto is_freed = [&](const NativeInstance& each) {
        return each.address == change.instance.address;
    };
    return std::erase_if(instances_, is_freed) != 0;
}

void ProcessTargetImpl::add_instance(NativeInstance instance) {
    queue_instance(instance, true);
    has_new_instance_.store(true);
}

void ProcessTargetImpl::remove_instance(NativeAddress instance) {
    queue_instance({.module = {}, .address = instance}, false);
}

void ProcessTargetImpl::enter_guest(NativeAddress function) {
    const bool at_entry =
        stop_at_entry_.load(std::memory_order_relaxed) && stop_at_entry_.exchange(false);
    const bool in_new_instance =
        has_new_instance_.load(std::memory_order_relaxed) && has_new_instance_.exchange(false);
    std::uint64_t stepping = steps_in_.load(std::memory_order_relaxed);
    const bool steps_in = stepping != 0 && std::cmp_equal(stepping, ::gettid()) &&
                          steps_in_.compare_exchange_strong(stepping, 0);
    if (at_entry || steps_in || (in_new_instance && state_.attached.load())) {
        const std::lock_guard lock(sites_mutex_);
        control_.stop_current_thread_at(function);
    }
    native::enter_guest();
}

void ProcessTargetImpl::enter_guest(GuestExit& exit) {
    GuestThread* thread = current_thread();
    if (thread != nullptr && !thread->calling.load(std::memory_order_relaxed) &&
        state_.attached.load(std::memory_order_relaxed) &&
        watch_count_.load(std::memory_order_relaxed) != 0) {
        if (const auto watchpoint = watched_range_changed_by_host()) {
            set_reason(*thread, ReasonKind::Watchpoint, {.watchpoint = *watchpoint});
            thread->hold.store(Held);
            state_.notify();
        }
    }
    native::enter_guest(exit);
}

GuestExit* ProcessTargetImpl::host_call() const {
    const GuestThread* thread = current_thread();
    return thread != nullptr ? thread->exit : nullptr;
}

void ProcessTargetImpl::back_in_host(GuestExit* before) {
    GuestThread* thread = current_thread();
    if (thread != nullptr && !thread->calling.load()) {
        thread->exit = before;
        thread->whereabouts.store(Whereabouts::Outside);
        open_pages();
    }
}

bool ProcessTargetImpl::is_calling() const {
    const GuestThread* thread = current_thread();
    return thread != nullptr && thread->calling.load();
}

Result<std::vector<Value>> ProcessTargetImpl::call(const NativeCall& request) {
    {
        const std::lock_guard lock(sites_mutex_);
        sites_.stop_probes(); // until threads are resumed
    }
    auto results = control_.call(request, *caller_);
    forget_watched_values();
    return results;
}

void ProcessTargetImpl::trapped(TrapKind kind, std::string_view message) {
    GuestThread* thread = current_thread();
    if (thread == nullptr || !state_.attached.load() || thread->calling.load() ||
        thread->whereabouts.load() == Whereabouts::Running) {
        return;
    }
    thread->trap = {.kind = kind, .message = std::string(message)};
    thread->at_trap = true;
    set_reason(*thread, ReasonKind::Trap, {});
    do { // again where it came too late for a stop that was under way
        thread->hold.store(Held);
        state_.notify();
        wait_outside(*thread);
    } while (thread->reason_kind.load() == ReasonKind::Trap && state_.attached.load());
    thread->at_trap = false;
}

void ProcessTargetImpl::install_handlers() {
    const std::lock_guard lock(handlers_mutex_);
    // A handler that cannot be installed again was there before: nothing more to do.
    [[maybe_unused]] const auto installed = state_.chain.install(&on_signal, state_.stop_signal);
}

} // namespace

Result<std::unique_ptr<ProcessTarget>> ProcessTarget::create(const InstructionDecoder& decoder,
                                                             Options options) {
    auto patch = CodePatch::open();
    if (!patch) {
        return std::unexpected(patch.error());
    }
    const int signal = options.stop_signal != 0 ? options.stop_signal : SIGRTMIN + 5;
    auto target = std::make_unique<ProcessTargetImpl>(std::move(*patch), decoder, signal);
    if (const auto done = target->open(); !done) {
        return std::unexpected(done.error());
    }
    return target;
}

} // namespace wdbg::native
