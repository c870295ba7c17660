// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "relocation_types.h"

#include <llvm/BinaryFormat/ELF.h>

namespace wdbg::compile {
namespace {

/// How many bytes a relocation of the text changes, by machine and type; 4 for all others.
struct WideRelocation {
    std::uint16_t machine;
    std::uint64_t type;
    std::uint32_t size;
};

constexpr WideRelocation wide_relocations[] = {
    {llvm::ELF::EM_X86_64, llvm::ELF::R_X86_64_64, 8},
    {llvm::ELF::EM_X86_64, llvm::ELF::R_X86_64_PC64, 8},
    {llvm::ELF::EM_X86_64, llvm::ELF::R_X86_64_GOTOFF64, 8},
    {llvm::ELF::EM_AARCH64, llvm::ELF::R_AARCH64_ABS64, 8},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_CALL, 8},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_CALL_PLT, 8},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_RELAX, 0},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_RVC_BRANCH, 2},
    {llvm::ELF::EM_RISCV, llvm::ELF::R_RISCV_RVC_JUMP, 2},
};

} // namespace

std::uint32_t relocation_size(std::uint16_t machine, std::uint64_t type) {
    for (const WideRelocation& row : wide_relocations) {
        if (row.machine == machine && row.type == type) {
            return row.size;
        }
    }
    constexpr std::uint32_t usual = 4;
    return usual;
}

std::size_t relocation_width(std::uint16_t machine, std::uint64_t type) {
    using namespace llvm::ELF;

    struct Row {
        std::uint16_t machine;
        std::uint64_t type;
        std::size_t width;
    };

    static constexpr Row rows[] = {
        {EM_X86_64, R_X86_64_64, 8},      {EM_X86_64, R_X86_64_PC64, 8},
        {EM_AARCH64, R_AARCH64_ABS64, 8}, {EM_AARCH64, R_AARCH64_PREL64, 8},
        {EM_RISCV, R_RISCV_64, 8},        {EM_RISCV, R_RISCV_ADD64, 8},
        {EM_RISCV, R_RISCV_SUB64, 8},     {EM_RISCV, R_RISCV_ADD16, 2},
        {EM_RISCV, R_RISCV_SUB16, 2},     {EM_RISCV, R_RISCV_SET16, 2},
        {EM_RISCV, R_RISCV_ADD8, 1},      {EM_RISCV, R_RISCV_SUB8, 1},
        {EM_RISCV, R_RISCV_SET8, 1},      {EM_RISCV, R_RISCV_SET6, 1},
        {EM_RISCV, R_RISCV_SUB6, 1},
    };
    for (const Row& row : rows) {
        if (row.machine == machine && row.type == type) {
            return row.width;
        }
    }
    return 4;
}

bool is_relative_relocation(std::uint16_t machine, std::uint64_t type) {
    using namespace llvm::ELF;
    switch (machine) {
    case EM_X86_64:
        return type == R_X86_64_PC32 || type == R_X86_64_PC64;
    case EM_386:
        return type == R_386_PC32;
    case EM_AARCH64:
        return type == R_AARCH64_PREL32 || type == R_AARCH64_PREL64;
    case EM_RISCV:
        return type == R_RISCV_32_PCREL;
    default:
        return false;
    }
}

} // namespace wdbg::compile
