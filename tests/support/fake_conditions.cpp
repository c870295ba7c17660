// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fake_debuggee.h"

#include <iomanip>
#include <sstream>

namespace wdbg::test {

Result<void> FakeDebuggee::set_conditions(CodeAddress address,
                                          std::vector<std::vector<std::uint8_t>> any_of) {
    if (!planted_.contains(address)) {
        return fail(ErrorCode::NotFound, "not planted");
    }
    std::ostringstream text;
    text << "conditions " << address.instance.value << ":" << std::hex << address.offset.value
         << std::setfill('0');
    for (const auto& program : any_of) {
        text << " ";
        for (const std::uint8_t byte : program) {
            text << std::setw(2) << unsigned{byte};
        }
    }
    note(text.str());
    return {};
}

Result<std::int64_t> FakeDebuggee::condition_variable(std::uint16_t number) const {
    const auto found = variables_.find(number);
    return found == variables_.end() ? 0 : found->second;
}

Result<void> FakeDebuggee::set_condition_variable(std::uint16_t number, std::int64_t value) {
    if (number > 255) {
        return fail(ErrorCode::OutOfRange, "no such variable");
    }
    variables_[number] = value;
    return {};
}

} // namespace wdbg::test
