// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What becomes of the engine when the runtime frees what it names. On the thread that frees it.
#include "engine.h"
#include "wamr_access.h"

namespace wdbg::wamr {

void Engine::on_env_destroyed(WASMExecEnv* env) {
    const std::lock_guard lock(mutex_);
    for (GuestThread* thread : threads_) {
        leave(*thread, env);
    }
    WASMModuleInstance* instance = wdbg_env_instance(env);
    const InstanceRecord* record = modules_.find(instance);
    if (record != nullptr && record->primary != instance) {
        modules_.remove_instance(instance);
    } else if (record != nullptr) {
        modules_.forget_cluster(wdbg_env_cluster(env)); // it goes with its first environment
    }
}

std::string Engine::file_of(InstanceId instance) const {
    const std::lock_guard lock(mutex_);
    const InstanceRecord* record = modules_.find(instance);
    return record != nullptr ? record->module->path : std::string();
}

/// Breakpoints and watchpoints go with it, and the client finds it gone at the next stop. Who ends
/// all instances of the process waits until this one is not among them.
void Engine::on_instance_destroyed(WASMModuleInstance* instance) {
    {
        const std::lock_guard lock(mutex_);
        const InstanceRecord* record = modules_.find(instance);
        if (record == nullptr || record->primary != instance) {
            modules_.remove_instance(instance); // a thread's clone: its cluster may be locked
            return;
        }
    }
    const std::scoped_lock lock(ending_, mutex_);
    const InstanceId id = modules_.find(instance)->id;
    breakpoints_.forget_instance(id);
    watchpoints_.forget_instance(id);
    stop_watching_if_done();
    for (GuestThread* thread : threads_) {
        thread->stack.reset(); // it names instances
    }
    modules_.remove_instance(instance);
}

} // namespace wdbg::wamr
