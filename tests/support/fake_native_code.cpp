// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fake_debuggee.h"

#include <algorithm>
#include <sstream>

namespace wdbg::test {

namespace {

std::string call_text(const char* what, NativeAddress address) {
    std::ostringstream out;
    out << what << std::hex << address.value;
    return out.str();
}

} // namespace

Result<std::vector<NativeInstruction>> FakeDebuggee::native_code(CodeAddress address) const {
    if (!std::ranges::any_of(native,
                             [address](const auto& each) { return each.wasm == address; })) {
        return fail(ErrorCode::NotFound, "nothing there became native code");
    }
    return native;
}

Result<std::vector<NativeInstruction>> FakeDebuggee::native_function(NativeAddress address) const {
    if (address < native.front().address || native.back().address < address) {
        return fail(ErrorCode::NotFound, "no function of a module is at this native address");
    }
    return native;
}

Result<NativeAddress> FakeDebuggee::native_pc(ThreadId /*thread*/, std::uint32_t /*frame*/) const {
    return native_frame;
}

Result<CodeAddress> FakeDebuggee::plant_native(NativeAddress address) {
    calls_.push_back(call_text("plant native ", address));
    const auto found = std::ranges::find(native, address, &NativeInstruction::address);
    if (found == native.end() || !found->wasm) {
        return fail(ErrorCode::NotFound, "no function of a module is at this native address");
    }
    return *found->wasm;
}

Result<void> FakeDebuggee::unplant_native(NativeAddress address) {
    calls_.push_back(call_text("unplant native ", address));
    return {};
}

} // namespace wdbg::test
