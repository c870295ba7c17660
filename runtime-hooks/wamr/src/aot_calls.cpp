// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "aot_calls.h"

#include "aot_call.h"
#include "call_values.h"
#include "wamr_access.h"

#include <array>
#include <mutex>
#include <utility>

namespace wdbg::wamr {

namespace {

/// What WAMR needs before it looks itself whether there is enough.
constexpr std::size_t least_stack = std::size_t{64} * 1024;

class AotCall final : public GuestCall {
  public:
    explicit AotCall(NativeCall request) : request_(std::move(request)) {}

    void run() override {
        WASMExecEnv* env = wdbg_aot_current_env();
        auto cells = prepare(env);
        results_ = cells ? call(env, *cells) : std::unexpected(cells.error());
    }

    [[noreturn]] void leave() override {
        wdbg_env_set_exception(env_, "terminated by user");
        wdbg_aot_leave(env_);
    }

    void end() override {
        const std::lock_guard lock(mutex_);
        if (env_ != nullptr) {
            wdbg_env_terminate(env_);
            wdbg_env_wake_blocked(env_);
        }
    }

    [[nodiscard]] Result<std::vector<Value>> results() const override { return results_; }

  private:
    [[nodiscard]] bool stands_in(const WASMExecEnv* env) const;
    [[nodiscard]] Result<std::vector<std::uint32_t>> prepare(const WASMExecEnv* env);
    [[nodiscard]] Result<std::vector<Value>> call(WASMExecEnv* env,
                                                  std::vector<std::uint32_t>& cells);

    NativeCall request_;
    std::optional<StackPointer> stack_pointer_;
    /// Of env_ for those who end() the call. Never taken while the function runs.
    std::mutex mutex_;
    WASMExecEnv* env_ = nullptr; ///< while the function runs
    /// Until it has run: it was given up before.
    Result<std::vector<Value>> results_ =
        fail(ErrorCode::Unavailable, "the function did not begin in time");
};

/// An imported module's code runs with an exec_env of its own, which WAMR cannot be entered with.
bool AotCall::stands_in(const WASMExecEnv* env) const {
    if (request_.exec_env.value != 0) {
        return request_.exec_env.value == reinterpret_cast<std::uint64_t>(env);
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the target's addresses are this process's
    const auto* instance = reinterpret_cast<const WASMModuleInstance*>(request_.instance.value);
    return instance != nullptr &&
           wdbg_instance_module(instance) == wdbg_instance_module(wdbg_env_instance(env));
}

Result<std::vector<std::uint32_t>> AotCall::prepare(const WASMExecEnv* env) {
    std::array<char, exception_size> text{};
    if (env == nullptr || wdbg_env_terminating(env) ||
        wdbg_env_exception(env, text.data(), text.size())) {
        return fail(ErrorCode::Unsupported, "the guest ends: it can run nothing any more");
    }
    if (!stands_in(env)) {
        return fail(ErrorCode::Unsupported,
                    "the thread stands in a module that another one has called: only functions of "
                    "the outermost one can be called in compiled code");
    }
    if (wdbg_aot_stack_left(env) < least_stack) {
        return fail(ErrorCode::Unsupported, "the thread has not enough stack left for a call");
    }
    const WASMFuncType* type = wdbg_aot_function_type(wdbg_env_instance(env), request_.function);
    if (type == nullptr) {
        return fail(ErrorCode::NotFound, "the module has no function " +
                                             std::to_string(request_.function) + " of its own");
    }
    const auto stack_pointer =
        free_stack(wdbg_env_instance(env), request_.stack_pointer, request_.kept);
    if (!stack_pointer) {
        return std::unexpected(stack_pointer.error());
    }
    stack_pointer_ = *stack_pointer;
    return cells_for(type, request_.arguments);
}

Result<std::vector<Value>> AotCall::call(WASMExecEnv* env, std::vector<std::uint32_t>& cells) {
    WASMModuleInstance* instance = wdbg_env_instance(env);
    const SavedGlobals globals(instance);
    const std::uint32_t exit_code = wdbg_env_exit_code(env);
    move_stack_pointer(instance, stack_pointer_);
    {
        const std::lock_guard lock(mutex_);
        env_ = env;
    }
    const bool done = wdbg_aot_call(env, request_.function,
                                    static_cast<std::uint32_t>(cells.size()), cells.data());
    const std::lock_guard lock(mutex_);
    env_ = nullptr;
    std::array<char, exception_size> text{};
    const bool failed = wdbg_env_call_exception(env, text.data(), text.size());
    wdbg_env_recover(env);
    wdbg_env_set_exit_code(env, exit_code);
    if (!done || failed) {
        globals.restore();
        return fail(ErrorCode::Unavailable,
                    failed ? reason_for(text.data()) : "the function wanted to end its thread");
    }
    globals.restore(stack_pointer_);
    return results_of(wdbg_aot_function_type(instance, request_.function), cells);
}

class AotCaller final : public GuestCaller {
  public:
    [[nodiscard]] std::shared_ptr<GuestCall> make_call(const NativeCall& request) override {
        return std::make_shared<AotCall>(request);
    }
};

} // namespace

GuestCaller& aot_caller() {
    static AotCaller caller;
    return caller;
}

} // namespace wdbg::wamr
