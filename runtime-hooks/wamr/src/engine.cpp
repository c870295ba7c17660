// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The event loop's side of the engine, and the state machine itself. The guest threads' side is in
// engine_hooks.cpp.
#include "engine.h"

#include "hooks.h"
#include "wamr_access.h"

#include <algorithm>
#include <utility>
#include <wasm_export.h>

namespace wdbg::wamr {

Engine& Engine::instance() {
    // Never destroyed: guest threads may outlive static objects.
    static auto* engine = new Engine;
    return *engine;
}

// --- State machine
// --------------------------------------------------------------------------------

void Engine::set_attention(GuestThread& thread, std::uint32_t bits) {
    thread.attention.fetch_or(bits, std::memory_order_seq_cst);
    if (thread.active()) {
        wdbg_env_set_flags(thread.env(), WDBG_ATTENTION);
    }
}

void Engine::clear_attention(GuestThread& thread, std::uint32_t bits) {
    const std::uint32_t left = thread.attention.fetch_and(~bits, std::memory_order_seq_cst) & ~bits;
    if (left == 0 && thread.active()) {
        wdbg_env_clear_flags(thread.env(), WDBG_ATTENTION);
    }
}

void Engine::report(GuestThread& thread, StopReason reason) {
    thread.step.reset();
    clear_attention(thread, attention::step);
    reasons_.push_back({thread.id, std::move(reason)});
    request_stop();
}

void Engine::request_stop() {
    if (state_ == RunState::Running) {
        state_ = RunState::Stopping;
        for (GuestThread* thread : threads_) {
            if (thread->active()) {
                set_attention(*thread, attention::hold);
            }
        }
    }
    settle();
}

bool Engine::settled(const GuestThread& thread) const {
    return !thread.active() || thread.parked || thread.in_host.load(std::memory_order_seq_cst);
}

void Engine::settle() {
    if (state_ != RunState::Stopping) {
        return;
    }
    const auto is_active = [](const GuestThread* thread) { return thread->active(); };
    const bool any_active = std::ranges::any_of(threads_, is_active);
    const bool ready =
        (any_active || is_secondary_) &&
        std::ranges::all_of(threads_, [&](const GuestThread* thread) { return settled(*thread); });
    if (!ready) {
        return;
    }
    if (reasons_.empty() && any_active) {
        reasons_.push_back({(*std::ranges::find_if(threads_, is_active))->id, Interrupted{}});
    }
    state_ = RunState::Stopped;
    steps_in_ = 0;
    ++generation_;
    for (GuestThread* thread : threads_) {
        thread->stack.reset();
    }
    post_event(Stopped{.generation = generation_, .threads = reasons_});
}

void Engine::post_event(Event event) {
    if (!post_ || !handler_) {
        return;
    }
    post_([this, handler = handler_, event = std::move(event)] {
        const auto* stopped = std::get_if<Stopped>(&event);
        if (stopped != nullptr && !is_stopped(stopped->generation)) {
            return; // detached or resumed meanwhile
        }
        if (const Debuggee::EventHandler current = *handler) {
            current(event); // a copy: it may set another handler
        }
    });
}

bool Engine::is_stopped(std::uint64_t generation) const {
    const std::lock_guard lock(mutex_);
    return state_ == RunState::Stopped && generation_ == generation;
}

void Engine::release(GuestThread& thread) {
    clear_attention(thread, attention::hold);
    thread.wake.notify_all();
}

// --- Modules
// --------------------------------------------------------------------------------------

Result<void> Engine::add_module(WASMModule* handle, std::string path,
                                std::vector<std::byte> original, std::span<std::uint8_t> loaded,
                                bool is_main) {
    const std::lock_guard lock(mutex_);
    const auto added = modules_.add_module(handle, std::move(path), std::move(original), loaded);
    if (!added) {
        return std::unexpected(added.error());
    }
    if (is_main) {
        modules_.set_main(handle);
    }
    return {};
}

void Engine::remove_module(WASMModule* handle) {
    const std::lock_guard lock(mutex_);
    modules_.remove_module(handle);
}

void Engine::add_instance(WASMModuleInstance* instance) {
    const std::lock_guard lock(mutex_);
    modules_.add_instance(instance);
}

void Engine::stop_at_entry() {
    const std::lock_guard lock(mutex_);
    stop_at_entry_ = true;
}

void Engine::share(bool has_main) {
    const std::lock_guard lock(mutex_);
    is_secondary_ = !has_main;
}

void Engine::step_in(std::uint64_t system_id) {
    const std::lock_guard lock(mutex_);
    steps_in_ = system_id;
}

void Engine::exception_is_known() {
    GuestThread& thread = current();
    const std::lock_guard lock(mutex_);
    thread.trap_depth = thread.activations.size();
    trapped_elsewhere_ = !exception_pc_;
}

void Engine::guest_exited(int exit_code) {
    const std::lock_guard lock(mutex_);
    state_ = RunState::Running;
    reasons_.clear();
    if (!killed_) {
        post_event(Exited{exit_code});
    }
}

void Engine::note_exception_pc(const std::uint8_t* ip, bool exact) {
    const std::lock_guard lock(mutex_);
    ModuleRecord* module = modules_.find_code(ip);
    if (module == nullptr || exception_pc_ || trapped_elsewhere_) {
        return;
    }
    CodeOffset offset = module->offset_of(ip);
    if (!exact && offset.value > 0) {
        // The plain loop leaves its ip behind the opcode.
        if (const auto* map = module->instructions_at(offset)) {
            offset = map->containing(CodeOffset{offset.value - 1}).value_or(offset);
        }
    }
    for (const auto& instance : modules_.instances()) {
        if (instance->module == module) {
            exception_pc_ = CodeAddress{instance->id, offset};
            return;
        }
    }
}

std::optional<CodeAddress> Engine::take_exception_pc() {
    const std::lock_guard lock(mutex_);
    trapped_elsewhere_ = false;
    return std::exchange(exception_pc_, std::nullopt);
}

// --- Control
// --------------------------------------------------------------------------------------

void Engine::reset() {
    const std::lock_guard lock(mutex_);
    post_ = nullptr;
    handler_ = nullptr;
    attached_ = false;
    stop_at_entry_ = false;
    is_secondary_ = false;
    steps_in_ = 0;
    killed_ = false;
    threads_.clear();
    next_thread_ = 1;
    exception_pc_.reset();
    reasons_.clear();
    state_ = RunState::Running;
    breakpoints_.clear();
    watchpoints_.clear();
    modules_.clear();
}

void Engine::set_post(Post post) {
    const std::lock_guard lock(mutex_);
    post_ = std::move(post);
}

void Engine::set_event_handler(Debuggee::EventHandler handler) {
    const std::lock_guard lock(mutex_);
    if (handler_) {
        *handler_ = nullptr; // events on their way to the old one are dropped
    }
    handler_ = std::make_shared<Debuggee::EventHandler>(std::move(handler));
}

Result<void> Engine::attach() {
    const std::lock_guard lock(mutex_);
    attached_ = true;
    if (state_ == RunState::Stopped) {
        post_event(Stopped{.generation = generation_, .threads = reasons_});
    } else {
        request_stop();
    }
    return {};
}

Result<void> Engine::detach_stopped() {
    const std::lock_guard lock(mutex_);
    if (state_ != RunState::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    breakpoints_.unplant_all();
    watchpoints_.clear();
    watching_ = false;
    for (ThreadStop& stop : reasons_) {
        forget_request(stop.reason);
    }
    for (GuestThread* thread : threads_) {
        thread->due.reset();
        clear_attention(*thread, attention::step | attention::watch | attention::due);
    }
    return {};
}

void Engine::detach() {
    const std::lock_guard lock(mutex_);
    attached_ = false;
    stop_at_entry_ = false; // who waited for a client has had one
    breakpoints_.unplant_all();
    watchpoints_.clear();
    watching_ = false;
    reasons_.clear();
    state_ = RunState::Running;
    for (GuestThread* thread : threads_) {
        // `step` and `access` belong to the thread while it runs; without attention they are void.
        thread->due.reset();
        clear_attention(*thread, attention::step | attention::watch | attention::due);
        release(*thread);
    }
    running_.notify_all();
}

void Engine::apply(GuestThread& thread, const ThreadAction& action) {
    thread.step.reset(); // one that another thread's stop has ended
    clear_attention(thread, attention::step);
    if (action.kind != ResumeKind::Continue) {
        thread.step = action;
        thread.step_frame = wdbg_env_top_frame(thread.env());
        thread.step_env = thread.env();
        set_attention(thread, attention::step);
    }
    release(thread);
}

Result<void> Engine::resume(const ResumeRequest& request) {
    const std::lock_guard lock(mutex_);
    if (state_ != RunState::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    for (const ThreadAction& action : request.threads) {
        const GuestThread* thread = find(action.thread);
        if (thread == nullptr || !thread->active()) {
            return fail(ErrorCode::NotFound,
                        "there is no thread " + std::to_string(action.thread.value));
        }
    }
    if (request.threads.empty() && !request.others && !request.others_elsewhere) {
        return fail(ErrorCode::InvalidArgument, "no thread would run");
    }
    state_ = RunState::Running;
    reasons_.clear();
    for (GuestThread* thread : threads_) {
        thread->stack.reset();
        const auto action = std::ranges::find(request.threads, thread->id, &ThreadAction::thread);
        if (!thread->active()) {
            continue;
        }
        if (action != request.threads.end()) {
            apply(*thread, *action);
        } else if (request.others) {
            apply(*thread, {.thread = thread->id, .kind = *request.others});
        } else if (thread->cancelled) {
            thread->wake.notify_all();
        }
    }
    running_.notify_all();
    return {};
}

Result<void> Engine::interrupt() {
    const std::lock_guard lock(mutex_);
    request_stop();
    return {};
}

void Engine::kill() {
    const std::lock_guard ending(ending_); // until then no instance goes away
    std::vector<WASMModuleInstance*> instances;
    {
        const std::lock_guard lock(mutex_);
        killed_ = true;
        attached_ = false;
        breakpoints_.unplant_all();
        state_ = RunState::Running;
        for (const auto& instance : modules_.instances()) {
            instances.push_back(instance->primary);
        }
        for (GuestThread* thread : threads_) {
            thread->cancelled = true;
            // Before it may go on, or it would run until wasm_runtime_terminate() gets to it.
            for (const Activation& activation : thread->activations) {
                wdbg_env_terminate(activation.env);
            }
            release(*thread);
        }
        running_.notify_all();
        post_event(Killed{});
    }
    for (WASMModuleInstance* instance : instances) {
        wasm_runtime_terminate(reinterpret_cast<wasm_module_inst_t>(instance));
    }
}

// --- Inspection
// -----------------------------------------------------------------------------------

std::vector<InstanceInfo> Engine::instances() const {
    const std::lock_guard lock(mutex_);
    std::vector<InstanceInfo> found;
    for (const auto& instance : modules_.instances()) {
        found.push_back({.id = instance->id,
                         .module = instance->module->id,
                         .name = instance->name,
                         .path = instance->module->path,
                         .code_size = instance->module->original.size()});
    }
    return found;
}

std::vector<ThreadInfo> Engine::threads() const {
    const std::lock_guard lock(mutex_);
    std::vector<ThreadInfo> found;
    for (const GuestThread* thread : threads_) {
        if (!thread->active()) {
            continue;
        }
        ThreadState state = ThreadState::Running;
        if (thread->parked) {
            state = ThreadState::Stopped;
        } else if (state_ == RunState::Stopped || thread->in_host.load()) {
            state = ThreadState::InHostCall; // maybe on its way back to the gate
        }
        found.push_back({.id = thread->id,
                         .state = state,
                         .name = thread->name,
                         .system_id = thread->system_id});
    }
    return found;
}

GuestThread* Engine::find(ThreadId id) const {
    const auto found = std::ranges::find(threads_, id, &GuestThread::id);
    return found == threads_.end() ? nullptr : *found;
}

Result<void> Engine::require_stopped() const {
    const std::lock_guard lock(mutex_);
    if (state_ != RunState::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    return {};
}

Result<const std::vector<FrameRef>*> Engine::stack_of(ThreadId id) const {
    if (state_ != RunState::Stopped) {
        return fail(ErrorCode::NotStopped, "the guest is running");
    }
    GuestThread* thread = find(id);
    if (thread == nullptr || !thread->active()) {
        return fail(ErrorCode::NotFound, "there is no thread " + std::to_string(id.value));
    }
    if (!thread->stack) {
        thread->stack = walk_stack(modules_, *thread);
    }
    return &*thread->stack;
}

// --- Breakpoints and watchpoints
// --------------------------------------------------------------------

Result<void> Engine::plant(CodeAddress address) {
    const std::lock_guard lock(mutex_);
    InstanceRecord* instance = modules_.find(address.instance);
    if (instance == nullptr) {
        return fail(ErrorCode::NotFound,
                    "there is no instance " + std::to_string(address.instance.value));
    }
    return breakpoints_.plant(*instance, address.offset);
}

Result<void> Engine::unplant(CodeAddress address) {
    const std::lock_guard lock(mutex_);
    InstanceRecord* instance = modules_.find(address.instance);
    if (instance == nullptr) {
        return fail(ErrorCode::NotFound,
                    "there is no instance " + std::to_string(address.instance.value));
    }
    return breakpoints_.unplant(*instance, address.offset);
}

Result<void> Engine::set_conditions(CodeAddress address, std::vector<agent::Program> any_of) {
    const std::lock_guard lock(mutex_);
    InstanceRecord* instance = modules_.find(address.instance);
    if (instance == nullptr) {
        return fail(ErrorCode::NotFound,
                    "there is no instance " + std::to_string(address.instance.value));
    }
    return breakpoints_.set_conditions(*instance, address.offset, std::move(any_of));
}

Result<WatchpointId> Engine::add_watchpoint(const WatchpointSpec& spec) {
    const std::lock_guard lock(mutex_);
    auto added = watchpoints_.add(modules_, spec);
    if (added) {
        watching_ = true;
        for (GuestThread* thread : threads_) {
            set_attention(*thread, attention::watch);
        }
    }
    return added;
}

Result<void> Engine::remove_watchpoint(WatchpointId id) {
    const std::lock_guard lock(mutex_);
    auto removed = watchpoints_.remove(id);
    stop_watching_if_done();
    return removed;
}

void Engine::stop_watching_if_done() {
    if (watchpoints_.empty() && watching_.exchange(false)) {
        for (GuestThread* thread : threads_) {
            clear_attention(*thread, attention::watch);
        }
    }
}

void Engine::memory_written() {
    const std::lock_guard lock(mutex_);
    watchpoints_.refresh();
}

ModuleRecord* Engine::module_with_plants(const std::uint8_t* ip) {
    const std::lock_guard lock(mutex_);
    ModuleRecord* module = modules_.find_code(ip);
    return module == nullptr || module->unplanted.empty() ? nullptr : module;
}

} // namespace wdbg::wamr
