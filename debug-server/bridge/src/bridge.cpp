// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host_frames.h"
#include "module_finder.h"
#include "table_modules.h"
#include "trap_function.h"

#include <wdbg/aot/aot_debuggee.h>
#include <wdbg/bridge/bridge.h>
#include <wdbg/dwarf/loader.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace wdbg::bridge {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Functions of the runtime that are called with a module loaded and none of its code run yet.
constexpr std::array loaded_functions{"wasm_runtime_instantiate", "wasm_runtime_instantiate_ex",
                                      "wasm_instance_new_with_args"};

class BridgeImpl final : public Bridge {
  public:
    BridgeImpl(boost::asio::io_context& loop, BridgeOptions options)
        : loop_(loop)
        , options_(std::move(options)) {}

    BridgeImpl(const BridgeImpl&) = delete;
    BridgeImpl& operator=(const BridgeImpl&) = delete;

    ~BridgeImpl() override { debuggee_.reset(); } // before what it stands on

    Result<void> open();
    Result<void> plant_hooks();

    Debuggee& debuggee() override { return *debuggee_; }

    void start() override { target_->start(); }

    void release() override { target_->release(); }

    [[nodiscard]] remote::LinkFigures figures() const override { return target_->figures(); }

    [[nodiscard]] std::string lost() const override { return target_->lost(); }

  private:
    Result<void> connect();
    Result<void> find_modules();
    Result<bool> find_missing();
    void find_table();
    Result<bool> look_for_modules();
    [[nodiscard]] Result<void> why_missing();
    Result<void> run_until_loaded(Clock::time_point end);
    [[nodiscard]] std::vector<NativeAddress> loading_functions();
    void on_end(const remote::NativeEnd& end);
    void warn(const std::string& text) const;

    boost::asio::io_context& loop_;
    BridgeOptions options_;
    std::vector<KnownModule> known_;
    std::vector<const KnownModule*> missing_; ///< of those that the table does not tell
    std::uint32_t next_id_ = 0;
    std::optional<TableModules> table_;
    Machine machine_ = Machine::X86_64;
    bool thumb_ = false;                  ///< Arm's Thumb instructions
    std::optional<NativeAddress> loaded_; ///< the runtime's handle of what it has loaded last
    bool stopped_anywhere_ = false;       ///< perhaps where the runtime has loaded half of a module
    std::unique_ptr<InstructionDecoder> decoder_;
    std::unique_ptr<remote::RemoteNativeTarget> target_;
    std::unique_ptr<HostFrames> host_;
    std::unique_ptr<aot::AotDebuggee> debuggee_;
};

Result<void> BridgeImpl::open() {
    for (ModuleFiles& files : options_.modules) {
        auto module = open_module(std::move(files));
        if (!module) {
            return std::unexpected(module.error());
        }
        known_.push_back(std::move(*module));
    }
    if (known_.empty()) {
        return fail(ErrorCode::InvalidArgument, "no module given");
    }
    machine_ = known_.front().machine;
    thumb_ = known_.front().thumb;
    if (auto connected = connect(); !connected) {
        return connected;
    }
    if (auto found = find_modules(); !found) {
        return found;
    }
    if (auto planted = plant_hooks(); !planted) {
        return planted;
    }
    debuggee_ = aot::AotDebuggee::create(
        *target_,
        {.load_debug_info =
             [](const dwarf::AotDebugSource& source) { return dwarf::load_aot_debug_info(source); },
         .post = [&loop = loop_](
                     std::function<void()> task) { boost::asio::post(loop, std::move(task)); },
         .warn = options_.warn,
         .modules_return = true,
         .reads_are_slow = true,
         .load_printer = [machine = machine_,
                          thumb =
                              thumb_] { return dwarf::load_instruction_printer(machine, thumb); },
         .decoder = decoder_.get()});
    target_->set_end_handler([this](const remote::NativeEnd& end) { on_end(end); });
    return {};
}

Result<void> BridgeImpl::connect() {
    auto target =
        remote::RemoteNativeTarget::connect(loop_, {.host = options_.host,
                                                    .port = options_.port,
                                                    .timeout = options_.timeout,
                                                    .reconnect_limit = options_.reconnect_limit,
                                                    .machine = machine_,
                                                    .trace = options_.trace,
                                                    .warn = options_.warn});
    if (!target) {
        return std::unexpected(target.error());
    }
    target_ = std::move(*target);
    auto decoder = dwarf::load_instruction_decoder(machine_, thumb_);
    if (!decoder) {
        return std::unexpected(decoder.error());
    }
    target_->set_decoder(std::move(*decoder));
    if (auto own = dwarf::load_instruction_decoder(machine_, thumb_)) {
        decoder_ = std::move(*own);
    }
    host_ = std::make_unique<HostFrames>(*target_);
    if (!options_.host_file.empty()) {
        if (auto read = host_->set_program(options_.host_file.string()); !read) {
            return read;
        }
    }
    target_->set_host_unwinder([this](const NativeRegisters& registers, bool is_caller) {
        return host_->caller_of(registers, is_caller);
    });
    return {};
}

/// Where the runtime's symbols or a search say.
void BridgeImpl::find_table() {
    if (table_->has_address()) {
        return;
    }
    if (const auto address = host_->symbol(table_symbol)) {
        table_->set_address(*address);
    } else if (const auto found = find_table_in(*target_, options_.search)) {
        table_->set_address(*found);
    }
}

/// True once there is something to debug, or all of it where no table tells of the rest.
Result<bool> BridgeImpl::look_for_modules() {
    find_table();
    if (table_->has_address()) {
        const Result<bool> updated = table_->update(false);
        if (!updated) {
            return updated;
        }
        std::erase_if(missing_, [](const KnownModule* module) {
            return !module->files.load_address.has_value();
        });
        if (missing_.empty()) {
            return table_->any_loaded();
        }
    }
    return find_missing();
}

/// Without the table. True once there is none any more.
Result<bool> BridgeImpl::find_missing() {
    for (auto module = missing_.begin(); module != missing_.end();) {
        auto text = find_module(*target_, **module, options_.search, loaded_);
        const bool may_come = !text && (text.error().code == ErrorCode::NotFound ||
                                        (*module)->files.load_address || stopped_anywhere_);
        if (may_come) {
            ++module;
            continue;
        }
        if (!text) {
            return std::unexpected(text.error());
        }
        target_->add_code(code_range(**module, text->address, ModuleId{next_id_++}),
                          std::move(text->bytes), (*module)->thumb);
        module = missing_.erase(module);
    }
    return missing_.empty();
}

/// The modules of a table may come at any time.
Result<void> BridgeImpl::why_missing() {
    if (missing_.empty()) {
        warn("the target has not loaded the modules yet");
        return {};
    }
    const Result<FoundText> text =
        find_module(*target_, *missing_.front(), options_.search, loaded_);
    return text ? Result<void>() : std::unexpected(text.error());
}

Result<void> BridgeImpl::find_modules() {
    std::ranges::transform(known_, std::back_inserter(missing_),
                           [](const KnownModule& module) { return &module; });
    table_.emplace(*target_, known_, next_id_, [this](const std::string& text) { warn(text); });
    const Clock::time_point end = Clock::now() + options_.load_limit;
    while (true) {
        const Result<bool> found = look_for_modules();
        if (!found) {
            return std::unexpected(found.error());
        }
        if (*found) {
            return {};
        }
        if (Clock::now() >= end) {
            return why_missing();
        }
        if (auto ran = run_until_loaded(end); !ran) {
            return ran;
        }
    }
}

/// Those that say that there is a new module, before any of its code runs.
std::vector<NativeAddress> BridgeImpl::loading_functions() {
    std::vector<NativeAddress> addresses;
    if (table_->has_address()) {
        if (const auto told = table_->changed_function()) {
            return {*told};
        }
        if (const auto changed = host_->symbol(table_changed_symbol)) {
            return {*changed};
        }
    }
    for (const char* name : loaded_functions) {
        if (const auto address = host_->symbol(name)) {
            addresses.push_back(*address);
        }
    }
    return addresses;
}

/// To where the runtime has loaded something; without its symbols, for a moment.
Result<void> BridgeImpl::run_until_loaded(Clock::time_point end) {
    constexpr milliseconds moment{20};
    host_->forget_map();
    const std::vector<NativeAddress> addresses = loading_functions();
    stopped_anywhere_ = addresses.empty();
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    const auto ran =
        target_->run_until(addresses, addresses.empty() ? std::min(moment, left) : left);
    if (!ran) {
        return std::unexpected(ran.error());
    }
    loaded_ = *ran && !addresses.empty() ? target_->first_argument() : std::nullopt;
    return {};
}

/// Where the runtime tells of traps, and of modules that come and go.
Result<void> BridgeImpl::plant_hooks() {
    if (const auto function = host_->symbol(trap_function)) {
        [[maybe_unused]] const auto planted = target_->stop_at_traps(*function, describe_trap);
    }
    const auto functions = loading_functions();
    if (!table_->has_address() || functions.empty()) {
        return {};
    }
    return target_->stop_at_changes(functions.front(),
                                    [this](bool told) { return table_->look(told); });
}

void BridgeImpl::warn(const std::string& text) const {
    if (options_.warn) {
        options_.warn(text);
    }
}

void BridgeImpl::on_end(const remote::NativeEnd& end) {
    if (const auto* exited = std::get_if<remote::NativeExited>(&end)) {
        debuggee_->guest_exited(exited->exit_code);
        return;
    }
    if (const auto* lost = std::get_if<remote::NativeLost>(&end)) {
        warn("the native debug server: " + lost->reason);
    }
    debuggee_->kill();
}

} // namespace

Result<std::unique_ptr<Bridge>> Bridge::open(boost::asio::io_context& loop, BridgeOptions options) {
    auto bridge = std::make_unique<BridgeImpl>(loop, std::move(options));
    if (auto opened = bridge->open(); !opened) {
        return std::unexpected(opened.error());
    }
    return bridge;
}

} // namespace wdbg::bridge
