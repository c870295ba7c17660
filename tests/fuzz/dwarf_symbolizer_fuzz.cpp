// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as a module with debug information: an answer or an error for every function.
#include <wdbg/dwarf/llvm_symbolizer.h>
#include <wdbg/wasm/module.h>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wdbg;
    const auto bytes = std::as_bytes(std::span(data, size));
    // No folder: nothing outside of the input is read.
    const auto symbolizer = dwarf::make_symbolizer({.bytes = bytes, .path = "/nonexistent/app"});
    if (!symbolizer) {
        return 0;
    }
    const auto module = wasm::Module::parse(bytes);
    for (const wasm::FunctionBody& body : module->bodies()) {
        static_cast<void>((*symbolizer)->lookup(body.begin));
        static_cast<void>((*symbolizer)->lookup(body.end, dwarf::AddressKind::ReturnAddress));
    }
    return 0;
}
