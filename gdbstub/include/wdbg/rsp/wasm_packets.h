// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <wdbg/rsp/wasm_address.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// The packets that LLDB adds for wasm, and the numbers other packets share with them: parsed and
/// formatted. Freestanding: no heap, no exceptions. `args` is what follows the packet's name and
/// colon; parsers return nothing for what does not follow the form to its end.
namespace wdbg::rsp {

/// `qWasmCallStack:<thread, hex>`
[[nodiscard]] std::optional<std::uint32_t> parse_call_stack(std::string_view args);

/// `qWasmLocal:<frame>;<index>`, `qWasmStackValue:<frame>;<index>`, decimal; a `;` may follow.
struct FrameSlot {
    std::uint32_t frame = 0; ///< 0 is the innermost
    std::uint32_t index = 0;
};

[[nodiscard]] std::optional<FrameSlot> parse_frame_slot(std::string_view args);

/// `qWasmGlobal:<frame>;<index>` (LLDB up to 23) or, from LLDB 24 on and where we announce
/// `qWasmInstance+`, `qWasmGlobal:<index>;instance:<id>;`. All decimal.
struct GlobalQuery {
    bool by_instance = false;
    std::uint32_t frame = 0;    ///< if not by_instance
    std::uint32_t instance = 0; ///< if by_instance
    std::uint32_t index = 0;
};

[[nodiscard]] std::optional<GlobalQuery> parse_global(std::string_view args);

/// `<address, hex>,<length, hex>` at the front of m, M, x, X and the breakpoint packets.
struct AddressRange {
    WasmAddress address{0};
    std::uint64_t length = 0;
    std::string_view rest; ///< what follows, with its delimiter
};

[[nodiscard]] std::optional<AddressRange> parse_address_range(std::string_view args);

/// `Z<type>,<address>,<kind>…`, `z…`: without the first letter. For types 0 and 1 the kind says
/// nothing here; for 2 to 4 it is the length of what is watched.
struct StopPointRequest {
    unsigned type = 0; ///< 0 and 1 breakpoint, 2 write, 3 read, 4 access watchpoint
    WasmAddress address{0};
    std::uint64_t kind = 0;
    /// `X<length>,<expression in hex>…`: GDB's conditions, to be taken apart by take_condition().
    std::string_view conditions{};
};

/// Takes `X<length>,<bytes in hex>` off the front of `text` and gives the digits; nothing if it is
/// malformed.
[[nodiscard]] std::optional<std::string_view> take_condition(std::string_view& text);

[[nodiscard]] std::optional<StopPointRequest> parse_stop_point(std::string_view args);

/// A thread as packets name it: `-1` all, `0` any, else its id in hex. `p<pid>.` may precede it.
struct ThreadSpec {
    enum class Kind : std::uint8_t { All, Any, One } kind = Kind::Any;
    std::uint32_t thread = 0; ///< if One
};

/// Takes it from the front of `text`.
[[nodiscard]] std::optional<ThreadSpec> take_thread_spec(std::string_view& text);

/// Sixteen characters: one frame's address in a reply to qWasmCallStack.
void format_call_stack_entry(WasmAddress pc, char* out);

} // namespace wdbg::rsp
