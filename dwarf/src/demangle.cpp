// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "demangle.h"

#include <llvm/Demangle/Demangle.h>

#include <array>
#include <string_view>

namespace wdbg::dwarf {

namespace {

struct Escape {
    std::string_view encoded;
    std::string_view text;
};

/// What rustc's legacy mangling writes for characters that Itanium names cannot have.
constexpr std::array rust_escapes{
    Escape{"$LT$", "<"},  Escape{"$GT$", ">"},   Escape{"$RF$", "&"},  Escape{"$BP$", "*"},
    Escape{"$LP$", "("},  Escape{"$RP$", ")"},   Escape{"$C$", ","},   Escape{"$SP$", "@"},
    Escape{"..", "::"},   Escape{"$u20$", " "},  Escape{"$u27$", "'"}, Escape{"$u5b$", "["},
    Escape{"$u5d$", "]"}, Escape{"$u7b$", "{"},  Escape{"$u7d$", "}"}, Escape{"$u3b$", ";"},
    Escape{"$u2b$", "+"}, Escape{"$u22$", "\""}, Escape{"$u7e$", "~"},
};

const Escape* escape_at(std::string_view text) {
    for (const Escape& escape : rust_escapes) {
        if (text.starts_with(escape.encoded)) {
            return &escape;
        }
    }
    return nullptr;
}

/// Legacy Rust names end in "::h" and 16 digits, which LLVM keeps.
bool has_rust_hash(std::string_view function, std::size_t hash_size) {
    if (function.size() <= hash_size) {
        return false;
    }
    const std::string_view end = function.substr(function.size() - hash_size);
    return end.starts_with("::h") &&
           end.substr(3).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string decode_rust(std::string_view function) {
    std::string decoded;
    while (!function.empty()) {
        // An underscore keeps an element from beginning with an escape.
        if (function.starts_with("_$")) {
            function.remove_prefix(1);
        }
        const Escape* escape = escape_at(function);
        decoded += escape != nullptr ? escape->text : function.substr(0, 1);
        function.remove_prefix(escape != nullptr ? escape->encoded.size() : 1);
    }
    return decoded;
}

} // namespace

std::string demangled(const std::string& linkage_name) {
    constexpr std::size_t hash_size = 19;
    std::string function = llvm::demangle(linkage_name);
    if (has_rust_hash(function, hash_size)) {
        function.resize(function.size() - hash_size);
        return decode_rust(function);
    }
    return function;
}

} // namespace wdbg::dwarf
