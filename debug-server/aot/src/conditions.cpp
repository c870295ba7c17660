// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conditions that are decided where a breakpoint is hit.
#include "debuggee_impl.h"

namespace wdbg::aot {

Result<void> AotDebuggeeImpl::set_conditions(CodeAddress address,
                                             std::vector<std::vector<std::uint8_t>> any_of) {
    const auto instance = instance_at(address.instance);
    if (!instance) {
        return std::unexpected(instance.error());
    }
    std::vector<agent::Program> programs;
    for (const auto& bytes : any_of) {
        auto program = agent::Program::verify(bytes);
        if (!program) {
            return std::unexpected(program.error());
        }
        programs.push_back(std::move(*program));
    }
    return breakpoints_.set_conditions(**instance, address, programs);
}

Result<std::int64_t> AotDebuggeeImpl::condition_variable(std::uint16_t number) const {
    if (number >= agent::variable_limit) {
        return fail(ErrorCode::OutOfRange, "there is no variable " + std::to_string(number));
    }
    return breakpoints_.condition_variables().get(number);
}

Result<void> AotDebuggeeImpl::set_condition_variable(std::uint16_t number, std::int64_t value) {
    if (number >= agent::variable_limit) {
        return fail(ErrorCode::OutOfRange, "there is no variable " + std::to_string(number));
    }
    breakpoints_.condition_variables().set(number, value);
    return {};
}

} // namespace wdbg::aot
