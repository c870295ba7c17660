// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/cli/unseen_exits.h>
#include <wdbg/wasm/control_flow.h>
#include <wdbg/wasm/module.h>

#include <optional>
#include <utility>

namespace wdbg::cli {

namespace {

/// LLDB's last line of a function ends where the next function's header does at most.
bool ends_in_function(const wasm::Module& module, const wasm::FunctionBody& body, CodeOffset end) {
    const wasm::FunctionBody* const next = module.body(body.index + 1);
    return end <= (next != nullptr ? next->first_instruction : body.end);
}

} // namespace

struct UnseenExits::Known {
    InstanceId instance;
    std::optional<wasm::Module> module;
    CodeOffset body; ///< where the body begins that `flow` is of
    std::optional<wasm::ControlFlow> flow;
};

UnseenExits::UnseenExits(const Debuggee& debuggee)
    : debuggee_(&debuggee)
    , known_(std::make_shared<Known>()) {
}

bool UnseenExits::operator()(const CodeAddressRange& range) const {
    const auto bytes = debuggee_->code(range.instance);
    if (!bytes) {
        return false;
    }
    if (!known_->module || known_->instance != range.instance) {
        auto module = wasm::Module::parse(*bytes);
        if (!module) {
            return false;
        }
        known_->instance = range.instance;
        known_->module = std::move(*module);
        known_->flow.reset();
    }
    const wasm::FunctionBody* const body = known_->module->function_containing(range.begin);
    if (body == nullptr || !ends_in_function(*known_->module, *body, range.end)) {
        return false;
    }
    if (!known_->flow || known_->body != body->begin) {
        known_->body = body->begin;
        known_->flow.emplace(*bytes, *body);
    }
    return known_->flow->is_left_unseen(range.begin, range.end);
}

} // namespace wdbg::cli
