// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "debug_info.h"

#include "wamr_headers.h"

#include <wdbg/dwarf/debug_file.h>
#include <wdbg/version.h>

#include <llvm/Config/llvm-config.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Module.h>

#include <filesystem>

namespace wdbg::compile {

DebugInfo::DebugInfo(const wasm::Module& module, AOTCompData& data, std::string path,
                     bool optimised)
    : module_(module)
    , data_(data)
    , path_(std::move(path))
    , optimised_(optimised)
    , code_start_(module.code_section_start().value_or(CodeOffset{}).value) {
    data_.extractor = this;
}

DebugInfo::~DebugInfo() {
    data_.extractor = nullptr;
}

llvm::DIFile* DebugInfo::make_file(llvm::DIBuilder& builder) {
    const std::filesystem::path path(path_);
    file_ = builder.createFile(path.filename().string(), path.parent_path().string());
    return file_;
}

llvm::DICompileUnit* DebugInfo::make_unit(llvm::DIBuilder& builder, llvm::DIFile* file) const {
    const std::string producer =
        "wdbg-compile " + std::string(version) + ", LLVM " LLVM_VERSION_STRING;
    constexpr auto language = llvm::dwarf::DW_LANG_C11;
#if LLVM_VERSION_MAJOR >= 22
    const llvm::DISourceLanguageName name(language);
#else
    const auto name = language;
#endif
    return builder.createCompileUnit(name, file, producer, optimised_, "", 0, "",
                                     llvm::DICompileUnit::FullDebug, 0, false, false,
                                     llvm::DICompileUnit::DebugNameTableKind::None);
}

const wasm::FunctionBody* DebugInfo::body_of(const AOTFuncContext& function) const {
    const auto offset =
        static_cast<std::uint64_t>(function.aot_func->code - data_.wasm_module->buf_code);
    return module_.function_containing(
        CodeOffset{static_cast<std::uint32_t>(code_start_ + offset)});
}

llvm::DISubprogram* DebugInfo::make_function(llvm::DIBuilder& builder,
                                             const AOTFuncContext& function) const {
    const wasm::FunctionBody* const body = body_of(function);
    if (body == nullptr) {
        return nullptr;
    }
    llvm::DISubroutineType* const type =
        builder.createSubroutineType(builder.getOrCreateTypeArray({}));
    auto flags = llvm::DISubprogram::SPFlagDefinition;
    if (optimised_) {
        flags |= llvm::DISubprogram::SPFlagOptimized;
    }
    auto* const native = llvm::unwrap<llvm::Function>(function.func);
    llvm::DISubprogram* const subprogram = builder.createFunction(
        file_, module_.function_name(body->index), native->getName(), file_, body->begin.value,
        type, body->begin.value, llvm::DINode::FlagZero, flags);
    native->setSubprogram(subprogram);
    return subprogram;
}

llvm::DILocation* DebugInfo::make_location(const AOTFuncContext& function,
                                           std::uint64_t offset) const {
    auto* const subprogram = llvm::unwrap<llvm::DISubprogram>(function.debug_func);
    return llvm::DILocation::get(subprogram->getContext(),
                                 static_cast<unsigned>(code_start_ + offset), 0, subprogram);
}

void DebugInfo::note_operands(std::span<const dwarf::GuestVariable> variables, bool with_slots) {
    operands_.note(variables, with_slots);
}

void DebugInfo::visit(const AOTCompContext& context, const AOTFuncContext& function,
                      llvm::DILocation& location) {
    // Where the body begins: make_function().
    const std::uint32_t body = llvm::unwrap<llvm::DISubprogram>(function.debug_func)->getLine();
    operands_.visit(context, function, body, location);
    hold_place(*llvm::unwrap(context.builder), location);
}

void DebugInfo::hold_places(std::span<const dwarf::StatementRow> rows) {
    for (const dwarf::StatementRow& row : rows) {
        held_.insert(row.begin);
    }
}

void DebugInfo::hold_place(llvm::IRBuilderBase& builder, llvm::DILocation& location) {
    llvm::BasicBlock* const block = builder.GetInsertBlock();
    // WAMR asks twice for some instructions, the second time at the end of a block.
    if (!held_.contains(location.getLine()) || last_held_ == location.getLine() ||
        block == nullptr || block->getTerminator() != nullptr) {
        return;
    }
    last_held_ = location.getLine();
    // The operand makes each of them differ: LLVM merges equal ones of several branches into one.
    llvm::Constant* const which = builder.getInt32(location.getLine());
    auto* const type = llvm::FunctionType::get(builder.getVoidTy(), {which->getType()}, false);
    llvm::CallInst* const place =
        builder.CreateCall(llvm::InlineAsm::get(type, "", "i", true), {which});
    place->addFnAttr(llvm::Attribute::NoUnwind);
    place->setDebugLoc(llvm::DILocation::get(location.getContext(), location.getLine(),
                                             dwarf::begins_here, location.getScope()));
}

namespace {

DebugInfo& debug_info(const AOTCompContext* context) {
    return *static_cast<DebugInfo*>(context->comp_data->extractor);
}

} // namespace
} // namespace wdbg::compile

// WAMR's debug/dwarf_extractor.h. Names and parameters are WAMR's.
extern "C" {

dwarf_extractor_handle_t create_dwarf_extractor(aot_comp_data_t /*data*/, char* /*file_name*/) {
    return nullptr; // DebugInfo's constructor does this
}

LLVMMetadataRef dwarf_gen_file_info(const AOTCompContext* context) {
    llvm::Module* const module = llvm::unwrap(context->module);
    constexpr unsigned dwarf_version = 5;
    module->addModuleFlag(llvm::Module::Max, "Dwarf Version", dwarf_version);
    return llvm::wrap(
        wdbg::compile::debug_info(context).make_file(*llvm::unwrap(context->debug_builder)));
}

LLVMMetadataRef dwarf_gen_comp_unit_info(const AOTCompContext* context) {
    return llvm::wrap(wdbg::compile::debug_info(context).make_unit(
        *llvm::unwrap(context->debug_builder), llvm::unwrap<llvm::DIFile>(context->debug_file)));
}

LLVMMetadataRef dwarf_gen_func_info(const AOTCompContext* context, const AOTFuncContext* function) {
    return llvm::wrap(wdbg::compile::debug_info(context).make_function(
        *llvm::unwrap(context->debug_builder), *function));
}

LLVMMetadataRef dwarf_gen_location(const AOTCompContext* context, const AOTFuncContext* function,
                                   uint64_t offset) {
    if (function->debug_func == nullptr) {
        return nullptr;
    }
    wdbg::compile::DebugInfo& info = wdbg::compile::debug_info(context);
    llvm::DILocation* const location = info.make_location(*function, offset);
    info.visit(*context, *function, *location);
    return llvm::wrap(location);
}

LLVMMetadataRef dwarf_gen_func_ret_location(const AOTCompContext* context,
                                            const AOTFuncContext* function) {
    const AOTFunc* const body = function->aot_func;
    const auto last = body->code + body->code_size - 1 - context->comp_data->wasm_module->buf_code;
    if (function->debug_func == nullptr) {
        return nullptr;
    }
    // WAMR asks from anywhere in the function: what is on the stack now does not belong there.
    wdbg::compile::DebugInfo& info = wdbg::compile::debug_info(context);
    llvm::DILocation* const location = info.make_location(*function, static_cast<uint64_t>(last));
    info.hold_place(*llvm::unwrap(context->builder), *location);
    return llvm::wrap(location);
}

void dwarf_get_func_name(const AOTCompContext* context, const AOTFuncContext* function, char* name,
                         int length) {
    const wdbg::compile::DebugInfo& info = wdbg::compile::debug_info(context);
    const wdbg::wasm::FunctionBody* const body = info.body_of(*function);
    const std::string text = body == nullptr ? "" : info.module().function_name(body->index);
    snprintf(name, static_cast<std::size_t>(length), "%s", text.c_str());
}
}
