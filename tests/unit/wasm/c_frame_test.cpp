// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "support/wasm_builder.h"

#include <wdbg/wasm/c_frame.h>

#include <gtest/gtest.h>

#include <charconv>
#include <string_view>

namespace wdbg::wasm {
namespace {

using namespace wdbg::test;

constexpr std::uint32_t stack_pointer = 0;

/// Of function 1, whose locals and code follow; function 0 takes a pointer. There are two globals.
Result<CFrame> frame_of(const Bytes& locals_and_code, const Bytes& params, const Bytes& results) {
    const Module module =
        *Module::parse_owned(WasmBuilder()
                                 .types({func_type({i32}, {}), func_type(params, results)})
                                 .functions({0, 1})
                                 .section(5, {1, 0, 1})
                                 .section(6, {2, i32, 1, 0x41, 0, 0x0B, i32, 1, 0x41, 0, 0x0B})
                                 .code({body({}, {0x0B}), sized(locals_and_code)})
                                 .build());
    return c_frame(module, 1, stack_pointer);
}

/// Of code with two locals, both parameters.
Result<CFrame> frame_of(const Bytes& code) {
    return frame_of(Bytes{0} + code, {i32, i32}, {});
}

/// What clang 22 makes of one that takes a number.
Result<CFrame> compiled(std::string_view digits, const Bytes& results = {i32}) {
    Bytes bytes(digits.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::from_chars(&digits[2 * i], &digits[2 * i] + 2, bytes[i], 16);
    }
    return frame_of(bytes, {i32}, results);
}

CFrame stored(std::uint32_t size) {
    return {.size = size, .moves_stack_pointer = true};
}

CFrame of_a_leaf(std::uint32_t size) {
    return {.size = size, .moves_stack_pointer = false};
}

bool has_no_size(const Result<CFrame>& frame) {
    return !frame && frame.error().code == ErrorCode::Unsupported;
}

// Compiled with -fno-unroll-loops at the level that the name says.

// volatile char p[n]; for (int i = 0; i < n; ++i) p[i] = i; return p[0];
constexpr std::string_view leaf_o0 =
    "01097f230041106b2101200121022002200036020c200228020c2103200220013602082003410f6a41707121"
    "04200120046b2105200521012002200336020420024100360200024003402002280200200228020c48410171"
    "450d0120022802002106200520022802006a20063a00002002200228020041016a3602000c000b0b20052d00"
    "00210741182108200720087420087521092002280208210120090f0b";
constexpr std::string_view leaf_og =
    "01047f230022011a20012000410f6a4170716b22021a2001210302400240200041014e0d00410021010c010b"
    "4100210103402002200122016a20013a0000200141016a2204210120002004470d000b200021010b20012101"
    "20031a20022c00000b";
constexpr std::string_view leaf_o2 =
    "01027f230022011a20012000410f6a4170716b22021a024020004101480d00410021010340200220016a2001"
    "3a00002000200141016a2201470d000b0b20022c00000b";

// char q[16]; char* p = q; if (n > 16) p = alloca(n); use(p); use(q);
constexpr std::string_view sometimes_o0 =
    "01047f230041306b210120012102200124002002200036022c2002200241106a36020c0240200228022c4110"
    "4a410171450d00200228022c410f6a4170712103200120036b210420042101200124002002200436020c0b20"
    "0228020c1000200241106a1000200241306a24000f0b";
constexpr std::string_view sometimes_og =
    "01037f230041106b22012400200122022103024020004111480d0020012000410f6a4170716b220124002001"
    "21030b2003220110002002100020022d000f210120022d000e210320022d000d1a20022d000c1a20022d000b"
    "1a20022d000a1a20022d00091a20022d00081a20022d00071a20022d00061a20022d00051a20022d00041a20"
    "022d00031a20022d00021a20022d00011a20022d00001a200241106a24000b";
constexpr std::string_view sometimes_o2 =
    "01037f230041106b22012400200122022103024020004111480d0020012000410f6a4170716b220324000b20"
    "03100020021000200241106a24000b";

// volatile char* k = 0; while (n--) { volatile char* p = alloca(24); *p = n; k = p; } return *k;
constexpr std::string_view chain_o0 =
    "01077f230041106b2101200121022002200036020c2002410036020802400340200228020c21032002200341"
    "7f6a36020c2003450d01200141606a21042004210120022004360204200228020c2105200228020420053a00"
    "00200220022802043602080c000b0b20022802082d000021064118210720062007742007750f0b";
constexpr std::string_view chain_og =
    "01047f230022011a2000417f6a21020240024020000d0041002100200221030c010b20022102034020014160"
    "6a220021012000200222023a00002002417f6a2204210220002100417f21032004417f470d000b0b20032101"
    "2000210020002c00000b";
constexpr std::string_view chain_o2 =
    "01027f230022011a024020000d0041002c00000f0b2000417f6a21000340200141606a22022101200220003a"
    "00002000417f6a2200417f470d000b20022c00000b";

// volatile char q[16]; volatile char* p = q; if (n) { p = alloca(4096); p[n] = 3; } return p[n];
constexpr std::string_view once_o0 =
    "01057f230041206b2101200121022002200036021c200220023602180240200228021c450d0020014180606a"
    "210320032101200220033602182002280218200228021c6a41033a00000b2002280218200228021c6a2d0000"
    "21044118210520042005742005750f0b";
constexpr std::string_view once_og =
    "01027f230041106b220121020240024020000d00200221010c010b20014180606a22011a200120006a41033a"
    "0000200121010b20012101200120006a2c00000b";
constexpr std::string_view once_o2 =
    "01027f230041106b220121020240024020000d00200221010c010b20014180606a22011a200120006a41033a"
    "00000b200120006a2c00000b";

// _Alignas(64) char q[100]; q[n] = 3; use(q);
constexpr std::string_view aligned_o2 =
    "01027f230022014180016b41407122022400200220006a41033a000020021000200124000b";

// char b[32]; char* p = b + 32; do *--p = '0' + v % 10; while (v /= 10); use(p); return b + 32 - p;
constexpr std::string_view digits_o0 =
    "01057f230041c0006b2101200124002001200036023c2001200141106a41206a36020c0340200128023c410a"
    "7041306a2102200128020c417f6a21032001200336020c200320023a0000200128023c410a6e210420012004"
    "36023c20040d000b200128020c1000200141106a41206a200128020c6b2105200141c0006a240020050f0b";
constexpr std::string_view digits_o2 =
    "01047f230041206b22012400410021020340200120026a411f6a20002000410a6e2203410a6c6b4130723a00"
    "002002417f6a2102200041094b21042003210020040d000b200120026a41206a1000200141206a2400410020"
    "026b0b";

// volatile int b[8]; for (int i = 0; i < 8; i++) b[i] = i; return b[7 - n];
constexpr std::string_view red_o0 =
    "01057f230041c0006b21012001200036023c2001410036020c02400340200128020c410848410171450d0120"
    "0128020c2102200128020c2103200141106a20034102746a20023602002001200128020c41016a36020c0c00"
    "0b0b200128023c2104410720046b2105200141106a20054102746a2802000f0b";
constexpr std::string_view red_o2 =
    "01037f41002101230041206b22022103034020032001360200200341046a2103200141016a22014108470d00"
    "0b2002410720006b4102746a2802000b";

TEST(CFrame, IsWhatThePrologueTakesOffTheStackPointer) {
    // global.get 0   i32.const 48   i32.sub   local.tee 0   global.set 0   i32.const 500   drop
    EXPECT_EQ(frame_of({0x23, 0, 0x41, 48, 0x6B, 0x22, 0, 0x24, 0, 0x41, 0xF4, 3, 0x1A, 0x0B}),
              stored(48));
    // global.get 0   i32.const -16   i32.add   global.set 0
    EXPECT_EQ(frame_of({0x23, 0, 0x41, 0x70, 0x6A, 0x24, 0, 0x0B}), stored(16));
}

TEST(CFrame, IsLargerWhereItIsAligned) {
    // global.get 0   i32.const 64   i32.sub   i32.const -64   i32.and   global.set 0
    EXPECT_EQ(frame_of({0x23, 0, 0x41, 0xC0, 0, 0x6B, 0x41, 0x40, 0x71, 0x24, 0, 0x0B}),
              stored(128));
    EXPECT_EQ(compiled(aligned_o2, {}), stored(128 + 64));
}

TEST(CFrame, MayGoThroughLocals) {
    // two locals   global.get 0   local.set 2   i32.const 32   local.set 3   local.get 2
    // local.get 3   i32.sub   global.set 0
    EXPECT_EQ(frame_of({1, 2, i32, 0x23, 0, 0x21, 2, 0x41, 32, 0x21, 3, 0x20, 2, 0x20, 3, 0x6B,
                        0x24, 0, 0x0B},
                       {i32, i32}, {}),
              stored(32));
}

TEST(CFrame, IsNothingWhereTheStackPointerStays) {
    EXPECT_EQ(frame_of({0x0B}), of_a_leaf(0));
    // global.get 0   i32.const 16   i32.sub   local.set 0: a leaf's
    EXPECT_EQ(frame_of({0x23, 0, 0x41, 16, 0x6B, 0x21, 0, 0x0B}), of_a_leaf(0));
    // global.set 1: another one
    EXPECT_EQ(frame_of({0x41, 16, 0x24, 1, 0x0B}), of_a_leaf(0));
    EXPECT_EQ(compiled(red_o0), of_a_leaf(0));
    EXPECT_EQ(compiled(red_o2), of_a_leaf(0));
}

TEST(CFrame, HasNoSizeWithAnArrayOfVariableLength) {
    EXPECT_TRUE(has_no_size(compiled(leaf_o0)));
    EXPECT_TRUE(has_no_size(compiled(leaf_og)));
    EXPECT_TRUE(has_no_size(compiled(leaf_o2)));
}

TEST(CFrame, HasNoSizeWithAnAlloca) {
    // global.get 0   i32.const 16   i32.sub   global.set 0, then once more by local 0
    EXPECT_TRUE(has_no_size(
        frame_of({0x23, 0, 0x41, 16, 0x6B, 0x24, 0, 0x23, 0, 0x20, 0, 0x6B, 0x24, 0, 0x0B})));
    // local.get 0   global.set 0: restored only, e.g. by longjmp
    EXPECT_TRUE(has_no_size(frame_of({0x20, 0, 0x24, 0, 0x0B})));
    EXPECT_TRUE(has_no_size(compiled(sometimes_o0, {})));
    EXPECT_TRUE(has_no_size(compiled(sometimes_og, {})));
    EXPECT_TRUE(has_no_size(compiled(sometimes_o2, {})));
}

TEST(CFrame, HasNoSizeWhereALoopLowersIt) {
    EXPECT_TRUE(has_no_size(compiled(chain_o0)));
    EXPECT_TRUE(has_no_size(compiled(chain_og)));
    EXPECT_TRUE(has_no_size(compiled(chain_o2)));
}

/// It could be done in a loop: that is not told apart.
TEST(CFrame, HasNoSizeWithAConditionalAlloca) {
    EXPECT_TRUE(has_no_size(compiled(once_o0)));
    EXPECT_TRUE(has_no_size(compiled(once_og)));
    EXPECT_TRUE(has_no_size(compiled(once_o2)));
}

/// global.get 0   i32.const 4112   i32.sub   local.set 0
TEST(CFrame, OfALeafMayBeLargerThanTheRedZone) {
    EXPECT_EQ(frame_of({0x23, 0, 0x41, 0x90, 0x20, 0x6B, 0x21, 0, 0x0B}), of_a_leaf(4112));
}

TEST(CFrame, IsNotOfVariableSizeForPointersIntoIt) {
    EXPECT_EQ(compiled(digits_o0), stored(64));
    EXPECT_EQ(compiled(digits_o2), stored(32));
}

/// global.get 0   block (result i32)   local.get 0   br 0   end   i32.sub   local.set 1
TEST(CFrame, HasNoSizeWhereTheAllocasSizeComesOutOfABlock) {
    EXPECT_TRUE(
        has_no_size(frame_of({0x23, 0, 0x02, i32, 0x20, 0, 0x0C, 0, 0x0B, 0x6B, 0x21, 1, 0x0B})));
}

/// block (result i32)   global.get 0   br 0   end   local.get 0   i32.sub   local.set 1
TEST(CFrame, HasNoSizeWhereTheStackPointerComesOutOfABlock) {
    EXPECT_TRUE(
        has_no_size(frame_of({0x02, i32, 0x23, 0, 0x0C, 0, 0x0B, 0x20, 0, 0x6B, 0x21, 1, 0x0B})));
}

/// Each reading of the code brings the stack pointer one local further.
TEST(CFrame, HasNoSizeWhereItTakesReadingWithoutEndToFindOut) {
    constexpr std::uint8_t locals = 100;
    Bytes code{1, locals, i32};
    for (std::uint8_t local = locals - 1; local > 0; --local) {
        code = code + Bytes{0x20, static_cast<std::uint8_t>(local - 1), 0x21, local};
    }
    code = code + Bytes{0x23, 0, 0x21, 0, 0x0B}; // global.get 0   local.set 0
    EXPECT_TRUE(has_no_size(frame_of(code, {}, {})));
}

TEST(CFrame, IsNothingForAFunctionOfAnotherModule) {
    const Module module =
        *Module::parse_owned(WasmBuilder()
                                 .types({func_type({}, {})})
                                 .section(2, vec({name("env") + name("host") + Bytes{0, 0}}))
                                 .build());
    EXPECT_EQ(c_frame(module, 0, stack_pointer), of_a_leaf(0));
}

TEST(CFrame, OfWhatDoesNotTypeIsAnError) {
    EXPECT_FALSE(frame_of({0x20, 99, 0x1A, 0x0B}));       // no such local
    EXPECT_FALSE(frame_of({0x24, 0, 0x0B}));              // an operand is missing
    EXPECT_FALSE(frame_of({0, 0x0B}, {i32}, {i32, i32})); // results are missing
}

} // namespace
} // namespace wdbg::wasm
