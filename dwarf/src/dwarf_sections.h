// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <llvm/ADT/StringMap.h>
#include <llvm/ADT/StringRef.h>
#include <llvm/Support/MemoryBuffer.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace wdbg::dwarf {

/// Debug sections under LLVM's names for them (without the dot).
using SectionMap = llvm::StringMap<std::unique_ptr<llvm::MemoryBuffer>>;

inline llvm::StringRef to_string_ref(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A view of the bytes. `name` begins with a dot.
inline void add_section(SectionMap& sections, std::string_view name,
                        std::span<const std::byte> bytes) {
    sections.try_emplace(llvm::StringRef(name.substr(1)),
                         llvm::MemoryBuffer::getMemBuffer(to_string_ref(bytes), "", false));
}

inline llvm::StringRef contents_of(const SectionMap& sections, llvm::StringRef name) {
    const auto found = sections.find(name);
    return found == sections.end() ? llvm::StringRef() : found->second->getBuffer();
}

} // namespace wdbg::dwarf
