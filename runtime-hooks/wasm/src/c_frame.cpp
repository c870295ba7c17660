// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/wasm/c_frame.h>
#include <wdbg/wasm/instruction.h>

#include <cstdlib>

namespace wdbg::wasm {

namespace {

/// What lies between the first read of the stack pointer and the first write is the prologue:
///
///     global.get sp   i32.const 64   i32.sub   local.tee 5   global.set sp
///
/// At -O0 the constant goes through a local. A second constant aligns the frame. A second read is
/// that of an alloca().
class PrologueReader {
  public:
    explicit PrologueReader(std::uint32_t stack_pointer) : stack_pointer_(stack_pointer) {}

    void visit(const Instruction& instruction) {
        const bool of_global = instruction.index == stack_pointer_;
        if (instruction.opcode == Opcode::GlobalGet && of_global) {
            ++reads_;
        } else if (instruction.opcode == Opcode::GlobalSet && of_global) {
            written_ = true;
        } else if (instruction.opcode == Opcode::I32Const && reads_ != 0 && !written_) {
            size_ += std::abs(static_cast<std::int64_t>(instruction.bits));
        }
    }

    [[nodiscard]] Result<std::uint32_t> size() const {
        if (!written_) {
            return 0U; // reads it only: a red zone's
        }
        if (reads_ != 1 || size_ == 0 || size_ > INT32_MAX) {
            return fail(ErrorCode::Unsupported, "its stack frame has no fixed size");
        }
        return static_cast<std::uint32_t>(size_);
    }

  private:
    std::uint32_t stack_pointer_;
    std::uint32_t reads_ = 0;
    bool written_ = false;
    std::int64_t size_ = 0;
};

} // namespace

Result<std::uint32_t> c_frame_size(const Module& module, const FunctionBody& body,
                                   std::uint32_t stack_pointer) {
    const auto bytes = module.bytes().first(body.end.value);
    PrologueReader reader(stack_pointer);
    for (CodeOffset at = body.first_instruction; at < body.end;) {
        const auto instruction = decode(bytes, at);
        if (!instruction) {
            return std::unexpected(instruction.error());
        }
        reader.visit(*instruction);
        at = instruction->end();
    }
    return reader.size();
}

} // namespace wdbg::wasm
