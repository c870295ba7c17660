// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Instructions behind 0xFB (wasm core 3.0 §5.4.3, garbage collection).
// clang-format off
#include "opcode_tables.h"

namespace wdbg::wasm {

constexpr OpcodeInfo gc_rows[] = {
    {Opcode{0xFB0000}, "struct.new", Immediates::Index, "-"},
    {Opcode{0xFB0001}, "struct.new_default", Immediates::Index, "-"},
    {Opcode{0xFB0002}, "struct.get", Immediates::IndexPair, "-"},
    {Opcode{0xFB0003}, "struct.get_s", Immediates::IndexPair, "-"},
    {Opcode{0xFB0004}, "struct.get_u", Immediates::IndexPair, "-"},
    {Opcode{0xFB0005}, "struct.set", Immediates::IndexPair, "-"},
    {Opcode{0xFB0006}, "array.new", Immediates::Index, "-"},
    {Opcode{0xFB0007}, "array.new_default", Immediates::Index, "-"},
    {Opcode{0xFB0008}, "array.new_fixed", Immediates::IndexPair, "-"},
    {Opcode{0xFB0009}, "array.new_data", Immediates::IndexPair, "-"},
    {Opcode{0xFB000A}, "array.new_elem", Immediates::IndexPair, "-"},
    {Opcode{0xFB000B}, "array.get", Immediates::Index, "-"},
    {Opcode{0xFB000C}, "array.get_s", Immediates::Index, "-"},
    {Opcode{0xFB000D}, "array.get_u", Immediates::Index, "-"},
    {Opcode{0xFB000E}, "array.set", Immediates::Index, "-"},
    {Opcode{0xFB000F}, "array.len", Immediates::None, "-"},
    {Opcode{0xFB0010}, "array.fill", Immediates::Index, "-"},
    {Opcode{0xFB0011}, "array.copy", Immediates::IndexPair, "-"},
    {Opcode{0xFB0012}, "array.init_data", Immediates::IndexPair, "-"},
    {Opcode{0xFB0013}, "array.init_elem", Immediates::IndexPair, "-"},
    {Opcode{0xFB0014}, "ref.test", Immediates::HeapType, "-"},
    {Opcode{0xFB0015}, "ref.test null", Immediates::HeapType, "-"},
    {Opcode{0xFB0016}, "ref.cast", Immediates::HeapType, "-"},
    {Opcode{0xFB0017}, "ref.cast null", Immediates::HeapType, "-"},
    {Opcode{0xFB0018}, "br_on_cast", Immediates::BrOnCast, "-"},
    {Opcode{0xFB0019}, "br_on_cast_fail", Immediates::BrOnCast, "-"},
    {Opcode{0xFB001A}, "any.convert_extern", Immediates::None, "-"},
    {Opcode{0xFB001B}, "extern.convert_any", Immediates::None, "-"},
    {Opcode{0xFB001C}, "ref.i31", Immediates::None, "-"},
    {Opcode{0xFB001D}, "i31.get_s", Immediates::None, "-"},
    {Opcode{0xFB001E}, "i31.get_u", Immediates::None, "-"},
};
const std::span<const OpcodeInfo> gc_opcodes{gc_rows};

} // namespace wdbg::wasm
