// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mixed_imports.h"

#include "aot_gate.h"
#include "aot_hooks.h"
#include "engine.h"
#include "hooks.h"
#include "wamr_access.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace wdbg::wamr {

namespace {

constexpr std::size_t text_size = 256;

struct FunctionType {
    std::vector<wasm_valkind_t> params;
    std::vector<wasm_valkind_t> results;

    bool operator==(const FunctionType&) const = default;
};

FunctionType type_of(wasm_function_inst_t function, wasm_module_inst_t instance) {
    FunctionType type;
    type.params.resize(wasm_func_get_param_count(function, instance));
    type.results.resize(wasm_func_get_result_count(function, instance));
    wasm_func_get_param_types(function, instance, type.params.data());
    wasm_func_get_result_types(function, instance, type.results.data());
    return type;
}

FunctionType type_of(wasm_func_type_t declared) {
    FunctionType type;
    for (std::uint32_t i = 0; i < wasm_func_type_get_param_count(declared); ++i) {
        type.params.push_back(wasm_func_type_get_param_valkind(declared, i));
    }
    for (std::uint32_t i = 0; i < wasm_func_type_get_result_count(declared); ++i) {
        type.results.push_back(wasm_func_type_get_result_valkind(declared, i));
    }
    return type;
}

/// Cells of 4 bytes; 0 for what is no number.
std::uint32_t cells_of(wasm_valkind_t kind) {
    switch (kind) {
    case WASM_I32:
    case WASM_F32:
        return 1;
    case WASM_I64:
    case WASM_F64:
        return 2;
    default:
        return 0;
    }
}

bool can_cross(const FunctionType& type) {
    const auto is_number = [](wasm_valkind_t kind) { return cells_of(kind) != 0; };
    return type.results.size() <= 1 && std::ranges::all_of(type.params, is_number) &&
           std::ranges::all_of(type.results, is_number);
}

/// Calls that lead from one kind to the other, now: who ends the caller ends what it has called.
struct ActiveCall {
    const WASMExecEnv* caller = nullptr;
    WASMExecEnv* callee = nullptr;
};

std::mutex active_mutex;
std::vector<ActiveCall> active_calls;

class Active {
  public:
    Active(WASMExecEnv* caller, WASMExecEnv* callee) : caller_(caller) {
        const std::lock_guard lock(active_mutex);
        active_calls.push_back({.caller = caller, .callee = callee});
    }

    Active(const Active&) = delete;
    Active& operator=(const Active&) = delete;

    ~Active() {
        const std::lock_guard lock(active_mutex);
        std::erase_if(active_calls,
                      [this](const ActiveCall& call) { return call.caller == caller_; });
    }

  private:
    const WASMExecEnv* caller_;
};

/// While it lives, the calling thread runs another exec_env; WAMR refuses calls with a second one.
class OtherEnvironment {
  public:
    OtherEnvironment() : before_(wdbg_swap_current_env(nullptr)) {}

    OtherEnvironment(const OtherEnvironment&) = delete;
    OtherEnvironment& operator=(const OtherEnvironment&) = delete;

    ~OtherEnvironment() { wdbg_swap_current_env(before_); }

  private:
    WASMExecEnv* before_;
};

/// The callee's end is the caller's: its exception, or its exit code. `is_known`: whoever debugs
/// has been told.
void pass_exception(WASMExecEnv* from, WASMExecEnv* to, bool is_known) {
    std::array<char, text_size> text{};
    if (!wdbg_env_call_exception(from, text.data(), text.size())) {
        std::strncpy(text.data(), "the called module has ended", text.size() - 1);
    }
    if (std::string_view(text.data()) == "wasi proc exit") {
        wdbg_env_set_exit_code(to, wdbg_env_exit_code(from));
    }
    std::optional<KnownException> known;
    if (is_known) {
        Engine::instance().exception_is_known();
        known.emplace();
    }
    wasm_runtime_set_exception(reinterpret_cast<wasm_module_inst_t>(wdbg_env_instance(to)),
                               text.data());
}

/// Grows where an engine sees the calling thread trap: interpreted code reports each trap, compiled
/// code all that come once it is entered.
std::uint64_t seen_by_engines() {
    return Engine::instance().traps() + entries_of_compiled();
}

} // namespace

struct MixedImports::Function {
    std::string name;
    FunctionType type;
    Callee* callee = nullptr;
    wasm_function_inst_t function = nullptr;

    static void call(wasm_exec_env_t env, std::uint64_t* values);
};

/// One thread at a time is in an instance that others call into, as C code without threads needs
/// it. A thread that waits here is in a host call.
struct MixedImports::Callee {
    wasm_module_inst_t instance = nullptr;
    WASMExecEnv* env = nullptr;
    std::recursive_mutex mutex;

    bool call(WASMExecEnv* caller, wasm_function_inst_t function, std::uint32_t count,
              std::uint32_t* cells);
};

struct MixedImports::Natives {
    std::string module;
    Callee* callee = nullptr;
    std::deque<Function> functions; ///< WAMR keeps pointers to them
    std::vector<NativeSymbol> symbols;
};

/// False if the caller has to end.
bool MixedImports::Callee::call(WASMExecEnv* caller, wasm_function_inst_t function,
                                std::uint32_t count, std::uint32_t* cells) {
    const std::lock_guard lock(mutex);
    const Active active(caller, env);
    if (wdbg_env_terminating(caller)) { // while it waited
        return false;
    }
    std::array<char, text_size> text{};
    if (wdbg_env_call_exception(env, text.data(), text.size())) {
        pass_exception(env, caller, true); // another thread's end
        return false;
    }
    const std::uint64_t before = seen_by_engines();
    bool done = false;
    {
        const OtherEnvironment other;
        done =
            wasm_runtime_call_wasm(reinterpret_cast<wasm_exec_env_t>(env), function, count, cells);
    }
    if (!done && !wdbg_env_terminating(caller)) { // else another one has said how it ends
        // Too little stack is found before the code begins.
        const bool is_debugged = wdbg_hooks_enabled || wdbg_aot_gate_open;
        pass_exception(env, caller, seen_by_engines() != before || !is_debugged);
    }
    return done;
}

/// WAMR's raw convention: a parameter in 8 bytes each, the result in their place.
void MixedImports::Function::call(wasm_exec_env_t env, std::uint64_t* values) {
    const auto& self = *static_cast<Function*>(wasm_runtime_get_function_attachment(env));
    auto* caller = reinterpret_cast<WASMExecEnv*>(env);
    if (Engine::instance().is_calling() || is_calling_compiled()) {
        wdbg_env_set_exception(caller, "a function that is called by the debugger cannot call one "
                                       "of an interpreted module from a compiled one, or the other "
                                       "way round");
        return;
    }
    std::vector<std::uint32_t> cells(std::max<std::size_t>(2, 2 * self.type.params.size()));
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < self.type.params.size(); ++i) {
        const std::uint32_t size = cells_of(self.type.params[i]);
        std::memcpy(&cells[count], &values[i], size * sizeof(std::uint32_t));
        count += size;
    }
    if (self.callee->call(caller, self.function, count, cells.data()) &&
        !self.type.results.empty()) {
        std::memcpy(values, cells.data(),
                    cells_of(self.type.results.front()) * sizeof(std::uint32_t));
    }
}

std::vector<WASMExecEnv*> called_by(const WASMExecEnv* caller) {
    const std::lock_guard lock(active_mutex);
    std::vector<WASMExecEnv*> callees;
    for (const ActiveCall& call : active_calls) {
        if (call.caller == caller) {
            callees.push_back(call.callee);
        }
    }
    return callees;
}

MixedImports::MixedImports() = default;

MixedImports::~MixedImports() {
    for (const auto& natives : natives_) {
        wasm_runtime_unregister_natives(natives->module.c_str(), natives->symbols.data());
    }
}

void MixedImports::note(const std::string& name) {
    if (std::ranges::find(names_, name) == names_.end()) {
        names_.push_back(name);
    }
}

std::string MixedImports::hint() const {
    std::string text;
    for (const std::string& name : names_) {
        text += (text.empty() ? "'" : ", '") + name + "'";
    }
    return text.empty() ? text
                        : " (" + text +
                              " is there in the other kind only: interpreted and compiled modules "
                              "can share functions, but no memory, table or global)";
}

MixedImports::Callee& MixedImports::callee_of(wasm_module_inst_t instance) {
    const auto known =
        std::ranges::find(callees_, instance, [](const auto& each) { return each->instance; });
    if (known != callees_.end()) {
        return **known;
    }
    Callee& added = *callees_.emplace_back(std::make_unique<Callee>());
    added.instance = instance;
    added.env = reinterpret_cast<WASMExecEnv*>(wasm_runtime_get_exec_env_singleton(instance));
    return added;
}

/// The instance that `name` is, among those found for the same importing module.
Result<MixedImports::Natives*> MixedImports::natives_of(const std::string& name, bool compiled,
                                                        const FindInstance& find,
                                                        NativesList& found) {
    const auto known =
        std::ranges::find(found, name, [](const auto& each) { return each->module; });
    if (known != found.end()) {
        return known->get();
    }
    auto instance = find(name, compiled);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    Natives& added = *found.emplace_back(std::make_unique<Natives>());
    added.module = name;
    added.callee = &callee_of(*instance);
    return &added;
}

Result<void> MixedImports::add_function(const wasm_import_t& import, Natives& into) {
    const std::string full_name = into.module + "." + import.name;
    const wasm_function_inst_t function =
        wasm_runtime_lookup_function(into.callee->instance, import.name);
    if (function == nullptr) {
        return fail(ErrorCode::NotFound, "nothing provides the import " + full_name);
    }
    const FunctionType type = type_of(import.u.func_type);
    if (type != type_of(function, into.callee->instance)) {
        return fail(ErrorCode::Malformed,
                    "the import " + full_name + " has another type than the function");
    }
    if (!can_cross(type)) {
        return fail(ErrorCode::Unsupported,
                    "the import " + full_name +
                        " has parameters or results that cannot be passed between "
                        "interpreted and compiled code: only numbers, and one result");
    }
    into.functions.push_back(
        {.name = import.name, .type = type, .callee = into.callee, .function = function});
    return {};
}

Result<void> MixedImports::publish(NativesList& found) {
    for (auto& natives : found) {
        for (Function& function : natives->functions) {
            natives->symbols.push_back({.symbol = function.name.c_str(),
                                        .func_ptr = reinterpret_cast<void*>(&Function::call),
                                        .signature = nullptr,
                                        .attachment = &function});
        }
        const auto count = static_cast<std::uint32_t>(natives->symbols.size());
        if (!wasm_runtime_register_natives_raw(natives->module.c_str(), natives->symbols.data(),
                                               count)) {
            return fail(ErrorCode::Internal, "WAMR takes no more host functions");
        }
        natives_.push_back(std::move(natives));
    }
    return {};
}

Result<void> MixedImports::link(wasm_module_t module, const FindInstance& find) {
    const bool compiled = wdbg_module_is_aot(reinterpret_cast<WASMModule*>(module));
    NativesList found;
    const std::int32_t count = wasm_runtime_get_import_count(module);
    for (std::int32_t i = 0; i < count; ++i) {
        wasm_import_t import{};
        wasm_runtime_get_import_type(module, i, &import);
        if (import.linked || std::ranges::find(names_, import.module_name) == names_.end()) {
            continue;
        }
        if (import.kind != WASM_IMPORT_EXPORT_KIND_FUNC) {
            return fail(ErrorCode::Unsupported, std::string("the import ") + import.module_name +
                                                    "." + import.name + " is no function" + hint());
        }
        const auto natives = natives_of(import.module_name, compiled, find, found);
        if (!natives) {
            return std::unexpected(natives.error());
        }
        if (auto added = add_function(import, **natives); !added) {
            return added;
        }
    }
    const bool any = !found.empty();
    auto done = publish(found);
    if (done && any) {
        wasm_runtime_resolve_symbols(module);
    }
    return done;
}

} // namespace wdbg::wamr
