// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "guest.h"

#include "aot_gate.h"
#include "aot_traps.h"
#include "engine.h"
#include "wamr_access.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace wdbg::wamr {

namespace {

constexpr std::size_t error_size = 256;
constexpr int trap_exit_code = 134; // as a shell shows SIGABRT
constexpr std::array entry_names{"main", "__main_argc_argv", "_main"};

/// Reads `text` as a value of the type; false if it is none.
bool parse_value(const std::string& text, wasm_val_t& value) {
    char* end = nullptr;
    switch (value.kind) {
    case WASM_I32:
        value.of.i32 = static_cast<std::int32_t>(std::strtoll(text.c_str(), &end, 0));
        break;
    case WASM_I64:
        value.of.i64 = static_cast<std::int64_t>(std::strtoull(text.c_str(), &end, 0));
        break;
    case WASM_F32:
        value.of.f32 = std::strtof(text.c_str(), &end);
        break;
    case WASM_F64:
        value.of.f64 = std::strtod(text.c_str(), &end);
        break;
    default:
        return false;
    }
    return !text.empty() && *end == '\0';
}

std::string format_value(const wasm_val_t& value) {
    std::array<char, 64> text{};
    switch (value.kind) {
    case WASM_I32:
        return std::to_string(value.of.i32) + ":i32";
    case WASM_I64:
        return std::to_string(value.of.i64) + ":i64";
    case WASM_F32:
        std::snprintf(text.data(), text.size(), "%.9g:f32", static_cast<double>(value.of.f32));
        return text.data();
    case WASM_F64:
        std::snprintf(text.data(), text.size(), "%.17g:f64", value.of.f64);
        return text.data();
    default:
        return "a reference";
    }
}

/// WAMR needs to know of each thread that runs guests.
class ThreadEnvironment {
  public:
    ThreadEnvironment() : is_ours_(!wasm_runtime_thread_env_inited()) {
        is_ours_ = is_ours_ && wasm_runtime_init_thread_env();
    }

    ThreadEnvironment(const ThreadEnvironment&) = delete;
    ThreadEnvironment& operator=(const ThreadEnvironment&) = delete;

    ~ThreadEnvironment() {
        if (is_ours_) {
            wasm_runtime_destroy_thread_env();
        }
    }

  private:
    bool is_ours_;
};

} // namespace

WamrGuest::WamrGuest(wasm_module_t module, std::string name, GuestOptions options,
                     std::vector<CodeRangeId> codes)
    : module_(module)
    , name_(std::move(name))
    , codes_(std::move(codes))
    , options_(std::move(options)) {
}

WamrGuest::~WamrGuest() {
    if (instance_ != nullptr) {
        wasm_runtime_deinstantiate(instance_);
    }
    for (const CodeRangeId code : codes_) {
        remove_aot_code(code);
    }
    Engine::instance().remove_module(reinterpret_cast<WASMModule*>(module_));
    wasm_runtime_unload(module_);
}

void WamrGuest::announce_instance() const {
    auto* instance = reinterpret_cast<WASMModuleInstance*>(instance_);
    if (!wdbg_module_is_aot(reinterpret_cast<WASMModule*>(module_))) {
        Engine::instance().add_instance(instance);
    }
}

Result<std::unique_ptr<Guest>> WamrGuest::create(wasm_module_t module, const std::string& name,
                                                 const GuestOptions& options,
                                                 std::vector<CodeRangeId> codes) {
    auto guest = create_library(module, name, options, std::move(codes));
    if (!guest) {
        return std::unexpected(guest.error());
    }
    if (auto entry = (*guest)->check_entry(); !entry) {
        return std::unexpected(entry.error());
    }
    return std::move(*guest);
}

Result<std::unique_ptr<WamrGuest>> WamrGuest::create_library(wasm_module_t module,
                                                             const std::string& name,
                                                             const GuestOptions& options,
                                                             std::vector<CodeRangeId> codes) {
    std::unique_ptr<WamrGuest> guest(new WamrGuest(module, name, options, std::move(codes)));
    guest->set_wasi_arguments();
    if (auto ready = guest->instantiate(); !ready) {
        return std::unexpected(ready.error());
    }
    return guest;
}

void WamrGuest::set_wasi_arguments() {
    if (options_.program.empty()) {
        options_.program = name_;
    }
    arguments_.push_back(options_.program.data());
    if (options_.invoke.empty()) {
        for (std::string& argument : options_.args) {
            arguments_.push_back(argument.data());
        }
    }
    for (const std::string& variable : options_.env) {
        environment_.push_back(variable.c_str());
    }
    for (const auto& [host, guest] : options_.preopens) {
        std::string mapping = guest;
        mapping.append("::").append(host);
        mappings_.push_back(std::move(mapping));
    }
    for (const std::string& mapping : mappings_) {
        mapping_pointers_.push_back(mapping.c_str());
    }
    wasm_runtime_set_wasi_args(module_, nullptr, 0, mapping_pointers_.data(),
                               static_cast<std::uint32_t>(mapping_pointers_.size()),
                               environment_.data(), static_cast<std::uint32_t>(environment_.size()),
                               arguments_.data(), static_cast<int>(arguments_.size()));
}

Result<void> WamrGuest::instantiate() {
    std::array<char, error_size> error{};
    instance_ = wasm_runtime_instantiate(module_, options_.stack_size, options_.heap_size,
                                         error.data(), static_cast<std::uint32_t>(error.size()));
    if (instance_ == nullptr) {
        return fail(ErrorCode::Malformed, name_ + ": " + error.data());
    }
    announce_instance();
    return {};
}

Result<void> WamrGuest::check_entry() const {
    if (!options_.invoke.empty()) {
        if (wasm_runtime_lookup_function(instance_, options_.invoke.c_str()) == nullptr) {
            return fail(ErrorCode::NotFound,
                        name_ + ": exports no function '" + options_.invoke + "'");
        }
        return {};
    }
    bool found = wasm_runtime_lookup_wasi_start_function(instance_) != nullptr;
    for (const char* entry : entry_names) {
        found = found || wasm_runtime_lookup_function(instance_, entry) != nullptr;
    }
    if (!found) {
        return fail(ErrorCode::NotFound,
                    name_ + ": exports neither _start nor main; name a function by --invoke=");
    }
    return {};
}

Outcome WamrGuest::run() {
    Outcome outcome;
    const ThreadEnvironment environment;
    static_cast<void>(Engine::instance().take_exception_pc());
    wdbg_aot_trap_pc = 0;
    if (options_.invoke.empty()) {
        run_main(outcome);
    } else {
        run_export(outcome);
    }
    finish(outcome);
    Engine::instance().guest_exited(outcome.exit_code); // lets go who is held
    leave_aot_gate();
    return outcome;
}

void WamrGuest::run_main(Outcome& outcome) {
    // Without WASI, WAMR writes main's result over argv[0].
    std::vector<char*> arguments = arguments_;
    const bool is_wasi = wasm_runtime_lookup_wasi_start_function(instance_) != nullptr;
    const bool done = wasm_application_execute_main(
        instance_, static_cast<std::int32_t>(arguments.size()), arguments.data());
    if (done && !is_wasi && arguments.front() != arguments_.front()) {
        std::memcpy(&outcome.exit_code, static_cast<const void*>(arguments.data()), sizeof(int));
        outcome.exit_code &= 0xFF;
    }
}

void WamrGuest::run_export(Outcome& outcome) {
    const wasm_function_inst_t function =
        wasm_runtime_lookup_function(instance_, options_.invoke.c_str());
    const std::uint32_t count = wasm_func_get_param_count(function, instance_);
    if (options_.args.size() != count) {
        outcome.trap = "'" + options_.invoke + "' takes " + std::to_string(count) + " arguments";
        return;
    }
    std::vector<wasm_valkind_t> kinds(count);
    wasm_func_get_param_types(function, instance_, kinds.data());
    std::vector<wasm_val_t> values(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        values[i].kind = kinds[i];
        if (!parse_value(options_.args[i], values[i])) {
            outcome.trap = "'" + options_.args[i] + "' is no value for argument " +
                           std::to_string(i + 1) + " of '" + options_.invoke + "'";
            return;
        }
    }
    std::vector<wasm_val_t> results(wasm_func_get_result_count(function, instance_));
    const wasm_exec_env_t env = wasm_runtime_get_exec_env_singleton(instance_);
    if (env != nullptr &&
        wasm_runtime_call_wasm_a(env, function, static_cast<std::uint32_t>(results.size()),
                                 results.data(), count, values.data())) {
        for (const wasm_val_t& result : results) {
            outcome.results.push_back(format_value(result));
        }
    }
}

std::optional<std::uint32_t> WamrGuest::trap_text_offset() const {
    auto* module = reinterpret_cast<WASMModule*>(module_);
    if (!wdbg_module_is_aot(module)) {
        return std::nullopt;
    }
    const void* code = nullptr;
    std::uint64_t size = 0;
    wdbg_module_aot_code(module, &code, &size);
    const std::uint64_t offset = wdbg_aot_trap_pc - reinterpret_cast<std::uint64_t>(code);
    return offset < size ? std::optional(static_cast<std::uint32_t>(offset)) : std::nullopt;
}

void WamrGuest::finish(Outcome& outcome) const {
    static constexpr std::string_view prefix = "Exception: ";
    // One of them may still trap or name another exit code.
    wdbg_wait_for_threads(reinterpret_cast<WASMModuleInstance*>(instance_));
    auto* ended = reinterpret_cast<wasm_module_inst_t>(
        wdbg_instance_with_exception(reinterpret_cast<WASMModuleInstance*>(instance_)));
    if (const char* exception = ended != nullptr ? wasm_runtime_get_exception(ended) : nullptr) {
        std::string_view text(exception);
        if (text.starts_with(prefix)) {
            text.remove_prefix(prefix.size());
        }
        if (trap_kind(text)) {
            outcome.trap = text;
        }
    }
    if (!outcome.trap.empty()) {
        outcome.exit_code = trap_exit_code;
        outcome.trap_pc = Engine::instance().take_exception_pc();
        if (outcome.trap_pc) {
            outcome.trap_file = Engine::instance().file_of(outcome.trap_pc->instance);
        }
        outcome.trap_text_offset = trap_text_offset();
    } else if (auto* of = ended != nullptr ? ended : instance_; wasm_runtime_is_wasi_mode(of)) {
        outcome.exit_code = static_cast<int>(wasm_runtime_get_wasi_exit_code(of) & 0xFFU);
    }
}

} // namespace wdbg::wamr
