// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "value_types.h"

#include "wamr_headers.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DIBuilder.h>

#include <algorithm>
#include <iterator>

namespace wdbg::compile {
namespace {

struct TypeRow {
    std::uint8_t wamr;
    const char* name;
    std::uint64_t bits;
    unsigned encoding;
};

constexpr TypeRow type_rows[] = {
    {VALUE_TYPE_I32, "i32", 32, llvm::dwarf::DW_ATE_signed},
    {VALUE_TYPE_I64, "i64", 64, llvm::dwarf::DW_ATE_signed},
    {VALUE_TYPE_F32, "f32", 32, llvm::dwarf::DW_ATE_float},
    {VALUE_TYPE_F64, "f64", 64, llvm::dwarf::DW_ATE_float},
    {VALUE_TYPE_V128, "v128", 128, llvm::dwarf::DW_ATE_unsigned},
    {VALUE_TYPE_FUNCREF, "funcref", 32, llvm::dwarf::DW_ATE_unsigned},
    {VALUE_TYPE_EXTERNREF, "externref", 32, llvm::dwarf::DW_ATE_unsigned},
};

} // namespace

llvm::DIType* debug_type(llvm::DIBuilder& builder, std::uint8_t wamr_type) {
    const auto* const row = std::ranges::find(type_rows, wamr_type, &TypeRow::wamr);
    return row == std::end(type_rows)
               ? nullptr
               : builder.createBasicType(row->name, row->bits, row->encoding);
}

} // namespace wdbg::compile
