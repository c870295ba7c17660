// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "stack.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace wdbg::aot {

namespace {

/// DWARF number of the stack pointer.
std::size_t stack_register(Machine machine) {
    switch (machine) {
    case Machine::X86_64:
        return 7;
    case Machine::AArch64:
        return 31;
    case Machine::Arm:
        return 13;
    default:
        return 2;
    }
}

/// The native function around a place of a frame; nullptr in what belongs to none.
const dwarf::NativeFunction* function_of(const NativeFrame& frame) {
    const auto functions = frame.module->info->file().functions();
    const bool behind_call = frame.kind == dwarf::AddressKind::ReturnAddress;
    const std::uint32_t at = frame.pc.value - (behind_call ? 1 : 0);
    const auto next = std::ranges::upper_bound(functions, at, {}, &dwarf::NativeFunction::offset);
    if (next == functions.begin() || at - std::prev(next)->offset >= std::prev(next)->size) {
        return nullptr;
    }
    return &*std::prev(next);
}

/// Where the stack is checked by code, a function has an entry that does it and calls the body:
/// one activation of the wasm function.
bool is_entry_of(const NativeFrame& outer, const NativeFrame& inner) {
    const dwarf::NativeFunction* entry = function_of(outer);
    const dwarf::NativeFunction* body = function_of(inner);
    return outer.module == inner.module && entry != nullptr && body != nullptr &&
           !entry->internal && body->internal && entry->function == body->function;
}

bool are_equal(const NativeRegisters& a, const NativeRegisters& b) {
    if (a.pc != b.pc || a.known != b.known) {
        return false;
    }
    for (std::size_t i = 0; i < a.general.size(); ++i) {
        if (((a.known >> i) & 1U) != 0 && a.general.at(i) != b.general.at(i)) {
            return false;
        }
    }
    return true;
}

class StackWalker {
  public:
    StackWalker(const NativeTarget& target, const CodeModules& modules, ThreadId thread,
                const ThreadStack* before, dwarf::NativeMemoryReader memory)
        : target_(target)
        , modules_(modules)
        , thread_(thread)
        , before_(before)
        , reader_(std::move(memory)) {}

    ThreadStack walk(NativeRegisters registers, bool in_host_call) {
        registers_ = registers;
        in_host_call_ = in_host_call;
        kind_ = in_host_call ? dwarf::AddressKind::ReturnAddress : dwarf::AddressKind::Instruction;
        while (step()) {
        }
        return std::move(stack_);
    }

  private:
    /// False at the outermost frame.
    bool step() {
        CodeModule* module = modules_.at(address_to_look_at());
        const auto offset =
            module != nullptr && module->info ? module->text_offset(registers_.pc) : std::nullopt;
        if (!offset) {
            return leave_host_frames();
        }
        stack_.native.push_back(
            {.module = module, .registers = registers_, .pc = *offset, .kind = kind_});
        add_wasm_frames(*module);
        return !take_rest_from_before() && go_to_caller(*module);
    }

    /// A caller that was there before has the callers that it had.
    bool take_rest_from_before() {
        if (before_ == nullptr || stack_.native.size() < 2) {
            return false;
        }
        NativeFrame& here = stack_.native.back();
        const auto same = std::ranges::find_if(before_->native, [&here](const NativeFrame& frame) {
            return frame.kind == dwarf::AddressKind::ReturnAddress &&
                   are_equal(frame.registers, here.registers);
        });
        if (same == before_->native.end()) {
            return false;
        }
        here = *same;
        const auto index = static_cast<std::size_t>(same - before_->native.begin());
        const std::size_t shift = stack_.native.size() - 1 - index; // may wrap around
        stack_.native.insert(stack_.native.end(), std::next(same), before_->native.end());
        for (const WasmFrame& frame : before_->frames) {
            if (frame.native > index) {
                stack_.frames.push_back(frame);
                stack_.frames.back().native += shift;
            }
        }
        return true;
    }

    [[nodiscard]] NativeAddress address_to_look_at() const {
        const bool behind_call = kind_ == dwarf::AddressKind::ReturnAddress;
        return {registers_.pc.value - (behind_call ? 1 : 0)};
    }

    void add_wasm_frames(const CodeModule& module) {
        const NativeFrame& native = stack_.native.back();
        const std::size_t count = stack_.native.size();
        if (count > 1 && !in_host_call_ && is_entry_of(native, stack_.native[count - 2])) {
            return;
        }
        const auto positions = module.info->positions(native.pc, native.kind);
        for (std::uint32_t depth = 0; depth < positions.size(); ++depth) {
            add_wasm_frame(module, positions[depth], depth);
        }
        if (!positions.empty()) {
            in_host_call_ = false;
        }
    }

    /// A caller's pc is the instruction behind the call; the innermost frame's is its own, also
    /// while it is in a host call.
    void add_wasm_frame(const CodeModule& module, const dwarf::WasmPosition& position,
                        std::uint32_t depth) {
        const bool is_caller = !stack_.frames.empty();
        WasmFrame frame{.native = stack_.native.size() - 1, .depth = depth, .position = position};
        if (is_caller && (depth > 0 || !in_host_call_)) {
            frame.position.offset = module.call_near(position.offset, position.function,
                                                     stack_.frames.back().position.function);
        }
        frame.pc_is_return_address = is_caller;
        frame.pc = is_caller ? module.behind(frame.position.offset) : position.offset;
        if (in_host_call_ && depth == 0) {
            frame.host_call = module.host_function_called_at(position.offset);
            if (frame.host_call.empty()) {
                frame.host_call = "the runtime";
            }
        }
        stack_.frames.push_back(std::move(frame));
    }

    bool go_to_caller(const CodeModule& module) {
        const auto caller = module.info->unwind(activation_of(stack_.native.back(), reader_));
        // Where calls push nothing, a function may have no frame until it makes one.
        const bool may_be_equal =
            kind_ == dwarf::AddressKind::Instruction && registers_.machine != Machine::X86_64;
        if (!caller || stack_pointer(*caller) < stack_pointer(registers_) ||
            (stack_pointer(*caller) == stack_pointer(registers_) && !may_be_equal)) {
            return false; // unknown, or damaged: nothing is invented
        }
        registers_ = *caller;
        kind_ = dwarf::AddressKind::ReturnAddress;
        return true;
    }

    bool leave_host_frames() {
        const auto outer = target_.outer_guest_registers(thread_, registers_);
        if (!outer || stack_pointer(*outer) <= stack_pointer(registers_)) {
            return false;
        }
        registers_ = *outer;
        kind_ = dwarf::AddressKind::ReturnAddress;
        in_host_call_ = true;
        return true;
    }

    const NativeTarget& target_;
    const CodeModules& modules_;
    ThreadId thread_;
    const ThreadStack* before_;
    dwarf::NativeMemoryReader reader_;
    ThreadStack stack_;
    NativeRegisters registers_;
    dwarf::AddressKind kind_ = dwarf::AddressKind::Instruction;
    bool in_host_call_ = false;
};

/// The register of a call's first argument: exec_env.
std::size_t first_argument(Machine machine) {
    switch (machine) {
    case Machine::X86_64:
        return 5;
    case Machine::AArch64:
    case Machine::Arm:
        return 0;
    default:
        return 10;
    }
}

/// At the first instruction of a function it is where the caller has put it.
Result<NativeAddress> exec_env_of(const NativeFrame& frame,
                                  const dwarf::NativeMemoryReader& reader) {
    const dwarf::NativeFunction* function = function_of(frame);
    if (frame.kind == dwarf::AddressKind::Instruction && function != nullptr &&
        function->offset == frame.pc.value) {
        return NativeAddress{frame.registers.general.at(first_argument(frame.registers.machine))};
    }
    return frame.module->info->exec_env(activation_of(frame, reader));
}

/// What `exec_env` belongs to, where another frame has told.
NativeAddress known_instance(const ThreadStack& stack, NativeAddress exec_env) {
    const auto known = std::ranges::find_if(stack.native, [exec_env](const NativeFrame& frame) {
        return frame.exec_env == exec_env && frame.instance_address.value != 0;
    });
    return known == stack.native.end() ? NativeAddress{} : known->instance_address;
}

void find_instance(ThreadStack& stack, NativeFrame& frame, const dwarf::NativeMemoryReader& reader,
                   const AotInstances& instances) {
    const auto exec_env = exec_env_of(frame, reader);
    if (!exec_env) {
        return;
    }
    frame.instance_address = known_instance(stack, *exec_env);
    if (frame.instance_address.value == 0) {
        frame.instance_address = instances.of_exec_env(*exec_env).value_or(NativeAddress{});
    }
    frame.exec_env = *exec_env;
}

/// The frame's own exec_env, else that of the nearest frame of the same module.
void find_instances(ThreadStack& stack, const dwarf::NativeMemoryReader& reader,
                    const AotInstances& instances) {
    for (NativeFrame& frame : stack.native) {
        if (frame.exec_env.value == 0) {
            find_instance(stack, frame, reader, instances);
        }
    }
    const auto fill = [](NativeFrame& frame, const NativeFrame& neighbour) {
        if (frame.instance_address.value == 0 && frame.module == neighbour.module) {
            frame.instance_address = neighbour.instance_address;
        }
    };
    for (std::size_t i = 1; i < stack.native.size(); ++i) {
        fill(stack.native[i], stack.native[i - 1]);
    }
    for (std::size_t i = stack.native.size(); i-- > 1;) {
        fill(stack.native[i - 1], stack.native[i]);
    }
    for (NativeFrame& frame : stack.native) {
        frame.instance = instances.of(*frame.module, frame.instance_address);
        if (frame.instance != nullptr) {
            instances.seen(*frame.instance, frame.instance_address);
        }
        if (frame.instance_address.value == 0 && frame.instance != nullptr) {
            frame.instance_address = frame.instance->address;
        }
    }
}

} // namespace

bool is_stack_check(const NativeFrame& frame) {
    const dwarf::NativeFunction* entry = frame.module->info ? function_of(frame) : nullptr;
    return entry != nullptr && !entry->internal &&
           std::ranges::any_of(frame.module->info->file().functions(), [&](const auto& each) {
               return each.internal && each.function == entry->function;
           });
}

NativeAddress stack_pointer(const NativeRegisters& registers) {
    return {registers.general.at(stack_register(registers.machine))};
}

dwarf::NativeMemoryReader reader_of(const NativeTarget& target) {
    return [&target](NativeAddress address, std::span<std::byte> into) {
        return target.read_memory(address, into);
    };
}

dwarf::NativeMemoryReader block_reader_of(const NativeTarget& target) {
    constexpr std::uint64_t size = 512; // all of a block or nothing is mapped

    struct Block {
        std::optional<std::uint64_t> begin{};
        std::array<std::byte, size> bytes{};
    };

    constexpr std::size_t count = 8;
    const auto blocks = std::make_shared<std::array<Block, count>>();
    return [&target, blocks](NativeAddress address, std::span<std::byte> into) -> Result<void> {
        const std::uint64_t begin = address.value / size * size;
        const std::uint64_t at = address.value - begin;
        Block& block = blocks->at(begin / size % count);
        if (into.size() > size - at) {
            return target.read_memory(address, into);
        }
        if (block.begin != begin) {
            block.begin.reset();
            if (!target.read_memory({begin}, block.bytes)) {
                return target.read_memory(address, into);
            }
            block.begin = begin;
        }
        std::ranges::copy(std::span(block.bytes).subspan(at, into.size()), into.begin());
        return {};
    };
}

dwarf::NativeActivation activation_of(const NativeFrame& frame,
                                      const dwarf::NativeMemoryReader& reader) {
    return {.pc = frame.pc, .kind = frame.kind, .registers = frame.registers, .memory = reader};
}

Result<ThreadStack> walk_stack(const NativeTarget& target, const CodeModules& modules,
                               const AotInstances& instances, ThreadId thread, bool in_host_call,
                               const ThreadStack* before, const dwarf::NativeMemoryReader& memory) {
    const auto registers = target.registers(thread);
    if (!registers) {
        if (registers.error().code == ErrorCode::Unavailable) {
            return ThreadStack{}; // not in guest code
        }
        return std::unexpected(registers.error());
    }
    ThreadStack stack =
        StackWalker(target, modules, thread, before, memory).walk(*registers, in_host_call);
    find_instances(stack, memory, instances);
    return stack;
}

} // namespace wdbg::aot
