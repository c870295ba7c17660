// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

/// Makes wasm modules byte by byte for tests.
namespace wdbg::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes leb(std::uint64_t value) {
    Bytes bytes;
    do {
        const auto low = static_cast<std::uint8_t>(value & 0x7FU);
        value >>= 7U;
        bytes.push_back(static_cast<std::uint8_t>(low | (value != 0 ? 0x80U : 0U)));
    } while (value != 0);
    return bytes;
}

inline Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

inline Bytes sized(const Bytes& bytes) {
    return leb(bytes.size()) + bytes;
}

inline Bytes name(std::string_view text) {
    return sized(Bytes(text.begin(), text.end()));
}

/// A vector of the binary format: count and elements.
inline Bytes vec(const std::vector<Bytes>& elements) {
    Bytes bytes = leb(elements.size());
    for (const Bytes& element : elements) {
        bytes = bytes + element;
    }
    return bytes;
}

inline Bytes func_type(const Bytes& params, const Bytes& results) {
    return Bytes{0x60} + sized(params) + sized(results);
}

/// A function body with its size; `locals` is e.g. {2, 0x7F} for two i32.
inline Bytes body(const std::vector<Bytes>& locals, const Bytes& code) {
    return sized(vec(locals) + code);
}

class WasmBuilder {
  public:
    WasmBuilder& section(std::uint8_t id, const Bytes& contents) {
        bytes_ = bytes_ + Bytes{id} + sized(contents);
        return *this;
    }

    WasmBuilder& custom(std::string_view section_name, const Bytes& payload) {
        return section(0, name(section_name) + payload);
    }

    WasmBuilder& types(const std::vector<Bytes>& types) { return section(1, vec(types)); }

    /// Type indices of the defined functions (below 128).
    WasmBuilder& functions(const Bytes& type_indices) { return section(3, sized(type_indices)); }

    WasmBuilder& code(const std::vector<Bytes>& bodies) { return section(10, vec(bodies)); }

    [[nodiscard]] std::vector<std::byte> build() const {
        std::vector<std::byte> result;
        for (const std::uint8_t byte : bytes_) {
            result.push_back(std::byte{byte});
        }
        return result;
    }

    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(bytes_.size()); }

  private:
    Bytes bytes_{0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00};
};

/// A module with one function and one memory: parameters and results of type 0, its code.
inline WasmBuilder one_function(const Bytes& params, const Bytes& results,
                                const std::vector<Bytes>& locals, const Bytes& code) {
    return WasmBuilder()
        .types({func_type(params, results)})
        .functions({0})
        .section(5, {1, 0, 1})
        .code({body(locals, code)});
}

inline constexpr std::uint8_t i32 = 0x7F;
inline constexpr std::uint8_t i64 = 0x7E;
inline constexpr std::uint8_t f32 = 0x7D;
inline constexpr std::uint8_t f64 = 0x7C;
inline constexpr std::uint8_t v128 = 0x7B;

} // namespace wdbg::test
