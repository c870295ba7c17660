// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ir_passes.h"

#include "value_types.h"
#include "wamr_headers.h"

#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/DebugInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/OptBisect.h>
#include <llvm/TargetParser/Triple.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <string>

namespace wdbg::compile {
namespace {

PassOptions pass_options;

/// The block that WAMR gives each function for all of its traps: it begins with the phi of the
/// exception's number. nullptr if there is none.
llvm::BasicBlock* trap_block(const AOTFuncContext& function) {
    return function.got_exception_block == nullptr ? nullptr
                                                   : llvm::unwrap(function.got_exception_block);
}

/// Points one edge of `branch` to a copy of the trap block that has this edge's values in place of
/// the phis and the branch's location.
void split_trap_edge(llvm::BasicBlock& shared, llvm::BasicBlock& predecessor) {
    llvm::ValueToValueMapTy values;
    llvm::BasicBlock* const copy =
        llvm::CloneBasicBlock(&shared, values, ".site", shared.getParent());
    llvm::Instruction* const branch = predecessor.getTerminator();
    for (auto each = copy->begin(); each != copy->end();) {
        llvm::Instruction& instruction = *each++;
        if (auto* const phi = llvm::dyn_cast<llvm::PHINode>(&instruction)) {
            phi->replaceAllUsesWith(phi->getIncomingValueForBlock(&predecessor));
            phi->eraseFromParent();
            continue;
        }
        for (llvm::Use& use : instruction.operands()) {
            const auto mapped = values.find(use.get());
            if (mapped != values.end() && mapped->second != nullptr) {
                use.set(mapped->second);
            }
        }
        instruction.setDebugLoc(branch->getDebugLoc());
        if (auto* const call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
            call->addFnAttr(llvm::Attribute::NoMerge);
        }
    }
    branch->replaceSuccessorWith(&shared, copy);
    shared.removePredecessor(&predecessor, true);
}

/// WAMR's function that a trap block calls; nullptr where it is called through a table.
llvm::Function* thrower(llvm::Module& module) {
    llvm::Function* const named = module.getFunction(outside_thrower);
    return named != nullptr && named->isDeclaration() ? named : nullptr;
}

/// One function of the module's own, which all trap blocks call, jumps on to WAMR's: a call of that
/// one costs an entry of 16 bytes and more in the .aot's relocations for each site.
void share_thrower(llvm::Module& module) {
    llvm::Function* const outside = thrower(module);
    if (outside == nullptr || outside->use_empty()) {
        return;
    }
    auto* const inside = llvm::Function::Create(
        outside->getFunctionType(), llvm::GlobalValue::InternalLinkage, shared_thrower, module);
    inside->addFnAttr(llvm::Attribute::NoInline);
    inside->addFnAttr(llvm::Attribute::NoUnwind);
    outside->replaceAllUsesWith(inside);
    llvm::IRBuilder<> code(llvm::BasicBlock::Create(module.getContext(), "entry", inside));
    llvm::SmallVector<llvm::Value*> arguments;
    for (llvm::Argument& argument : inside->args()) {
        arguments.push_back(&argument);
    }
    llvm::CallInst* const call = code.CreateCall(outside, arguments);
    call->setTailCallKind(llvm::CallInst::TCK_MustTail);
    code.CreateRetVoid();
}

void split_trap_block(const AOTFuncContext& function) {
    llvm::BasicBlock* const shared = trap_block(function);
    if (shared == nullptr) {
        return;
    }
    llvm::SmallVector<llvm::BasicBlock*> predecessors(llvm::predecessors(shared));
    for (llvm::BasicBlock* const predecessor : predecessors) {
        split_trap_edge(*shared, *predecessor);
    }
    shared->eraseFromParent();
}

/// Bytes for a near jump on x86, instructions elsewhere; "" where LLVM cannot.
std::string patchable_room(const llvm::Triple& triple) {
    switch (triple.getArch()) {
    case llvm::Triple::x86:
    case llvm::Triple::x86_64:
        return "5";
    case llvm::Triple::aarch64:
        return "1";
    default:
        return "";
    }
}

/// Whether LLVM's assembler leaves no relocation for a call within the text. Where each function's
/// use of the stack is read from a file, WAMR wants no function there that it does not know.
bool may_share_thrower(const AOTCompContext& context, const llvm::Triple& triple) {
    const bool reads_usage = context.enable_stack_bound_check || context.enable_stack_estimation;
    return pass_options.trap_blocks && !reads_usage &&
           (triple.getArch() == llvm::Triple::x86_64 || triple.getArch() == llvm::Triple::aarch64);
}

std::uint32_t local_count(const AOTFuncContext& function) {
    return function.aot_func->func_type->param_count + function.aot_func->local_count;
}

std::uint8_t local_type(const AOTFuncContext& function, std::uint32_t local) {
    const std::uint32_t params = function.aot_func->func_type->param_count;
    return local < params ? function.aot_func->func_type->types[local]
                          : function.aot_func->local_types_wp[local - params];
}

/// All of what one function gets.
class FunctionPass {
  public:
    FunctionPass(AOTCompContext& context, AOTFuncContext& function, llvm::DIBuilder& builder)
        : context_(context)
        , function_(function)
        , builder_(builder)
        , native_(*llvm::unwrap<llvm::Function>(function.func))
        , subprogram_(native_.getSubprogram()) {}

    void run() {
        if (pass_options.trap_blocks) {
            split_trap_block(function_);
        }
        if (subprogram_ == nullptr) {
            return;
        }
        body_ = pass_options.info->body_of(function_);
        entry_ =
            llvm::DILocation::get(native_.getContext(), subprogram_->getLine(), 0, subprogram_);
        // Behind the allocas and what initialises them.
        llvm::Instruction* const end = native_.getEntryBlock().getTerminator();
        for (std::uint32_t local = 0; local < local_count(function_); ++local) {
            declare_local(local, end);
        }
        declare_environment(end);
    }

  private:
    [[nodiscard]] bool wants_slot(std::uint32_t local) const {
        using Slots = PassOptions::Slots;
        if (pass_options.slots == Slots::None || pass_options.slots == Slots::All ||
            pass_options.guest == nullptr || body_ == nullptr) {
            return pass_options.slots == Slots::All;
        }
        const auto& locals = pass_options.slots == Slots::Frame ? pass_options.guest->frame_locals
                                                                : pass_options.guest->named_locals;
        const auto found = locals.find(body_->begin.value);
        return found != locals.end() && found->second.contains(local);
    }

    /// A second home of a local that only debuggers read: written, volatile, behind each write of
    /// the first.
    llvm::AllocaInst* add_slot(llvm::AllocaInst& home) {
        auto* const slot = llvm::cast<llvm::AllocaInst>(home.clone());
        slot->insertAfter(home.getIterator());
        slot->setName("slot");
        llvm::SmallVector<llvm::StoreInst*> stores;
        for (llvm::User* const user : home.users()) {
            if (auto* const store = llvm::dyn_cast<llvm::StoreInst>(user)) {
                stores.push_back(store);
            }
        }
        for (llvm::StoreInst* const store : stores) {
            auto* const second = llvm::cast<llvm::StoreInst>(store->clone());
            second->insertAfter(store->getIterator());
            second->setOperand(llvm::StoreInst::getPointerOperandIndex(), slot);
            second->setVolatile(true);
        }
        return slot;
    }

    void declare_local(std::uint32_t local, llvm::Instruction* before) {
        auto* home =
            llvm::dyn_cast_or_null<llvm::AllocaInst>(llvm::unwrap(function_.locals[local]));
        llvm::DIType* const type = debug_type(builder_, local_type(function_, local));
        if (home == nullptr || type == nullptr) {
            return;
        }
        if (wants_slot(local)) {
            home = add_slot(*home);
        }
        const std::string name = "local" + std::to_string(local);
        llvm::DILocalVariable* const variable =
            local < function_.aot_func->func_type->param_count
                ? builder_.createParameterVariable(subprogram_, name, local + 2,
                                                   subprogram_->getFile(), 0, type)
                : builder_.createAutoVariable(subprogram_, name, subprogram_->getFile(), 0, type);
        builder_.insertDeclare(home, variable, builder_.createExpression(), entry_,
                               before->getIterator());
    }

    /// WAMR's exec_env, the first argument of every function.
    void declare_environment(llvm::Instruction* before) {
        llvm::DIType* const type = builder_.createPointerType(
            builder_.createUnspecifiedType("WASMExecEnv"), context_.pointer_size * 8ULL);
        llvm::DILocalVariable* const variable = builder_.createParameterVariable(
            subprogram_, "exec_env", 1, subprogram_->getFile(), 0, type);
        llvm::Value* const environment = native_.getArg(0);
        llvm::DIExpression* const plain = builder_.createExpression();
        if (!pass_options.keep_environment) {
            builder_.insertDbgValueIntrinsic(environment, variable, plain, entry_,
                                             before->getIterator());
            return;
        }
        llvm::IRBuilder<> code(&*native_.getEntryBlock().getFirstInsertionPt());
        llvm::AllocaInst* const slot = code.CreateAlloca(environment->getType());
        code.CreateStore(environment, slot, true);
        builder_.insertDeclare(slot, variable, plain, entry_, before->getIterator());
    }

    AOTCompContext& context_;
    AOTFuncContext& function_;
    llvm::DIBuilder& builder_;
    llvm::Function& native_;
    llvm::DISubprogram* subprogram_;
    const wasm::FunctionBody* body_ = nullptr;
    llvm::DILocation* entry_ = nullptr;
};

/// Each call of the guest has a frame and a line of its own. What the guest's own tail calls demand
/// stays.
void keep_frames(const AOTFuncContext& function) {
    for (const LLVMValueRef part : {function.func, function.precheck_func}) {
        llvm::unwrap<llvm::Function>(part)->addFnAttr("disable-tail-calls", "true");
    }
    llvm::Function& native = *llvm::unwrap<llvm::Function>(function.func);
    native.addFnAttr(llvm::Attribute::NoInline);
    for (llvm::Instruction& instruction : llvm::instructions(native)) {
        if (auto* const call = llvm::dyn_cast<llvm::CallBase>(&instruction)) {
            call->addFnAttr(llvm::Attribute::NoMerge);
        }
    }
}

/// Keeps LLVM from what WAMR's loader has no relocation for: RISC-V's constants of a function in a
/// table of their own (`.promoted_doubles`, from LLVM 22 on).
class PassGate final : public llvm::OptPassGate {
  public:
    [[nodiscard]] bool shouldRunPass(llvm::StringRef name,
                                     llvm::StringRef /*unit*/) const override {
        return name != "riscv-promote-const";
    }

    [[nodiscard]] bool isEnabled() const override { return true; }
};

void run_passes(AOTCompContext& context, llvm::Module& module) {
    static PassGate gate;
    if (llvm::Triple(module.getTargetTriple()).isRISCV()) {
        module.getContext().setOptPassGate(gate);
    }
    llvm::DIBuilder builder(module, false,
                            llvm::unwrap<llvm::DICompileUnit>(context.debug_comp_unit));
    const std::string room = patchable_room(llvm::Triple(module.getTargetTriple()));
    for (std::uint32_t index = 0; index < context.func_ctx_count; ++index) {
        AOTFuncContext& function = *context.func_ctxes[index];
        FunctionPass(context, function, builder).run();
        if (pass_options.patchable && !room.empty()) {
            llvm::unwrap<llvm::Function>(function.precheck_func)
                ->addFnAttr("patchable-function-entry", room);
        }
        if (pass_options.all_frames) {
            keep_frames(function);
        }
    }
    if (may_share_thrower(context, llvm::Triple(module.getTargetTriple()))) {
        share_thrower(module);
    }
    builder.finalize();
    if (!pass_options.debug_info) {
        llvm::StripDebugInfo(module);
    }
}

} // namespace

void set_pass_options(const PassOptions& options) {
    pass_options = options;
}

} // namespace wdbg::compile

// The linker sends WAMR's call of its pipeline here (--wrap).
extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names
void __real_aot_apply_llvm_new_pass_manager(AOTCompContext* context, LLVMModuleRef module);

void __wrap_aot_apply_llvm_new_pass_manager(AOTCompContext* context, LLVMModuleRef module) {
    wdbg::compile::run_passes(*context, *llvm::unwrap(module));
    __real_aot_apply_llvm_new_pass_manager(context, module);
}

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}
