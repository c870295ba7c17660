// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host_frames.h"
#include "module_finder.h"
#include "trap_function.h"

#include <wdbg/aot/aot_debuggee.h>
#include <wdbg/bridge/bridge.h>
#include <wdbg/dwarf/loader.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <array>
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

    Debuggee& debuggee() override { return *debuggee_; }

    void start() override { target_->start(); }

    void release() override { target_->release(); }

    [[nodiscard]] remote::LinkFigures figures() const override { return target_->figures(); }

    [[nodiscard]] std::string lost() const override { return target_->lost(); }

  private:
    Result<void> connect();
    Result<void> find_modules();
    Result<bool> find_missing();
    [[nodiscard]] Result<void> why_missing() const;
    Result<void> run_until_loaded(Clock::time_point end);
    void on_end(const remote::NativeEnd& end);
    [[nodiscard]] CodeRange code_range(const KnownModule& module, const FoundText& text) const;

    boost::asio::io_context& loop_;
    BridgeOptions options_;
    std::vector<KnownModule> missing_;
    Machine machine_ = Machine::X86_64;
    bool thumb_ = false; ///< Arm's Thumb instructions
    std::uint32_t found_ = 0;
    std::optional<NativeAddress> loaded_; ///< the runtime's handle of what it has loaded last
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
        missing_.push_back(std::move(*module));
    }
    if (missing_.empty()) {
        return fail(ErrorCode::InvalidArgument, "no module given");
    }
    machine_ = missing_.front().machine;
    thumb_ = missing_.front().thumb;
    if (auto connected = connect(); !connected) {
        return connected;
    }
    if (auto found = find_modules(); !found) {
        return found;
    }
    if (const auto function = host_->symbol(trap_function)) {
        [[maybe_unused]] const auto planted = target_->stop_at_traps(*function, describe_trap);
    }
    debuggee_ = aot::AotDebuggee::create(
        *target_,
        {.load_debug_info =
             [](const dwarf::AotDebugSource& source) { return dwarf::load_aot_debug_info(source); },
         .post = [&loop = loop_](
                     std::function<void()> task) { boost::asio::post(loop, std::move(task)); },
         .warn = options_.warn,
         .load_printer = [machine = machine_,
                          thumb =
                              thumb_] { return dwarf::load_instruction_printer(machine, thumb); }});
    target_->set_end_handler([this](const remote::NativeEnd& end) { on_end(end); });
    return {};
}

Result<void> BridgeImpl::connect() {
    auto target = remote::RemoteNativeTarget::connect(loop_, {.host = options_.host,
                                                              .port = options_.port,
                                                              .timeout = options_.timeout,
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

CodeRange BridgeImpl::code_range(const KnownModule& module, const FoundText& text) const {
    const bool is_wasm = module.files.module.extension() == ".wasm";
    CodeRange code{.range = {.begin = text.address,
                             .end = {text.address.value + module.info->file().text_size()}},
                   .module = ModuleId{found_}};
    code.debug_file = module.files.debug_file.string();
    code.module_file = module.files.module.string();
    code.wasm_file = is_wasm ? module.files.module.string() : std::string();
    return code;
}

/// True once there is none any more.
Result<bool> BridgeImpl::find_missing() {
    for (auto module = missing_.begin(); module != missing_.end();) {
        auto text = find_module(*target_, *module, options_.search, loaded_);
        if (!text && text.error().code == ErrorCode::NotFound) {
            ++module;
            continue;
        }
        if (!text) {
            return std::unexpected(text.error());
        }
        CodeRange code = code_range(*module, *text);
        target_->add_code(std::move(code), std::move(text->bytes), module->thumb);
        ++found_;
        module = missing_.erase(module);
    }
    return missing_.empty();
}

Result<void> BridgeImpl::why_missing() const {
    const Result<FoundText> text =
        find_module(*target_, missing_.front(), options_.search, loaded_);
    return text ? Result<void>() : std::unexpected(text.error());
}

Result<void> BridgeImpl::find_modules() {
    const Clock::time_point end = Clock::now() + options_.load_limit;
    while (true) {
        const Result<bool> all = find_missing();
        if (!all) {
            return std::unexpected(all.error());
        }
        if (*all) {
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

/// To where the runtime has loaded something; without its symbols, for a moment.
Result<void> BridgeImpl::run_until_loaded(Clock::time_point end) {
    constexpr milliseconds moment{20};
    host_->forget_map();
    std::vector<NativeAddress> addresses;
    for (const char* name : loaded_functions) {
        if (const auto address = host_->symbol(name)) {
            addresses.push_back(*address);
        }
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    const auto ran =
        target_->run_until(addresses, addresses.empty() ? std::min(moment, left) : left);
    if (!ran) {
        return std::unexpected(ran.error());
    }
    loaded_ = *ran && !addresses.empty() ? target_->first_argument() : std::nullopt;
    return {};
}

void BridgeImpl::on_end(const remote::NativeEnd& end) {
    if (const auto* exited = std::get_if<remote::NativeExited>(&end)) {
        debuggee_->guest_exited(exited->exit_code);
        return;
    }
    if (const auto* lost = std::get_if<remote::NativeLost>(&end);
        lost != nullptr && options_.warn) {
        options_.warn("the native debug server: " + lost->reason);
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
