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
    const auto programs = agent::Program::verify_all(any_of);
    if (!programs) {
        return std::unexpected(programs.error());
    }
    return breakpoints_.set_conditions(**instance, address, *programs, others_of(**instance));
}

Result<std::int64_t> AotDebuggeeImpl::condition_variable(std::uint16_t number) const {
    return breakpoints_.condition_variables().checked_get(number);
}

Result<void> AotDebuggeeImpl::set_condition_variable(std::uint16_t number, std::int64_t value) {
    return breakpoints_.condition_variables().checked_set(number, value);
}

} // namespace wdbg::aot
