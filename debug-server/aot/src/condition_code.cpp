// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "condition_code.h"

#include <wdbg/model/aot_layout.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <map>

namespace wdbg::aot {

namespace {

using agent::Opcode;

// DWARF numbers of the registers that a probe has saved, and where (NativeTarget::set_probe()).
constexpr std::uint32_t rax = 0;
constexpr std::uint32_t rdx = 1;
constexpr std::uint32_t rcx = 2;
constexpr std::uint32_t rsp = 7;
constexpr std::int32_t saved_rdx = 0;
constexpr std::int32_t saved_rcx = 8;
constexpr std::int32_t saved_rax = 24;

/// The machine's numbers by DWARF's (x86-64 psABI figure 3.36).
constexpr std::array<std::uint8_t, 8> machine_number{0, 2, 1, 3, 6, 7, 5, 4};

/// A program's operand stack is the native one; rax, rcx and rdx are scratch. Below the operands
/// lies the instance's address.
class ConditionWriter {
  public:
    ConditionWriter(const HitRule& rule, agent::Variables& variables)
        : rule_(rule)
        , variables_(variables)
        , program_(rule.conditions.front().bytes()) {}

    std::optional<std::vector<std::byte>> write() {
        push_instance();
        for (std::size_t at = 0; at < program_.size() && good_;) {
            begin_instruction(at);
            const auto opcode = static_cast<Opcode>(program_[at]);
            const agent::Shape& shape = agent::shape_of(program_[at]);
            const std::size_t operand = at + 1;
            at = operand + shape.operand_bytes;
            instruction(opcode, operand);
            depth_ += shape.grows;
        }
        for (const auto& [place, depth] : faults_) {
            bind(place, code_.size());
            leave(depth);
            bytes({0xB8, 1, 0, 0, 0}); // mov eax, 1: a fault counts as true
            jump(ends_);
        }
        for (const std::size_t place : ends_) {
            bind(place, code_.size());
        }
        return good_ ? std::optional(std::move(code_)) : std::nullopt;
    }

  private:
    // --- Bytes ---
    void bytes(std::initializer_list<unsigned> values) {
        for (const unsigned value : values) {
            code_.push_back(static_cast<std::byte>(value));
        }
    }

    void number(std::uint64_t value, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i) {
            code_.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
    }

    void number32(std::uint64_t value) {
        const auto narrow = static_cast<std::int64_t>(value);
        good_ = good_ && narrow >= std::numeric_limits<std::int32_t>::min() &&
                narrow <= std::numeric_limits<std::int32_t>::max();
        number(value, 4);
    }

    [[nodiscard]] std::uint64_t operand_number(std::size_t at, std::size_t size) const {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            value = value << 8U | program_[at + i];
        }
        return value;
    }

    void jump(std::vector<std::size_t>& places) {
        bytes({0xE9, 0, 0, 0, 0});
        places.push_back(code_.size());
    }

    void jump_if(unsigned condition, std::vector<std::size_t>& places) {
        bytes({0x0F, 0x80U | condition, 0, 0, 0, 0});
        places.push_back(code_.size());
    }

    /// `place` is behind a jump's distance.
    void bind(std::size_t place, std::size_t target) {
        const auto distance = static_cast<std::int32_t>(static_cast<std::int64_t>(target) -
                                                        static_cast<std::int64_t>(place));
        std::memcpy(code_.data() + place - 4, &distance, sizeof distance);
    }

    void fault_if(unsigned condition, int depth) {
        std::vector<std::size_t> place;
        jump_if(condition, place);
        faults_.emplace_back(place.front(), depth);
    }

    // --- Places ---
    /// From the stack pointer now to what the probe has saved, with `depth_` operands.
    [[nodiscard]] std::int32_t frame(std::int32_t offset) const {
        return offset + 8 * (depth_ + instance_words_);
    }

    /// mov rax|rdx, [rsp + offset]
    void load_stack(unsigned reg, std::int32_t offset) {
        bytes({0x48, 0x8B, 0x84U | reg << 3U, 0x24});
        number(static_cast<std::uint32_t>(offset), 4);
    }

    /// mov rax|rdx, what the register (DWARF number) held at the site
    void load_register(unsigned into, std::uint32_t dwarf) {
        switch (dwarf) {
        case rax:
            return load_stack(into, frame(saved_rax));
        case rdx:
            return load_stack(into, frame(saved_rdx));
        case rcx:
            return load_stack(into, frame(saved_rcx));
        case rsp:
            bytes({0x48, 0x8D, 0x84U | into << 3U, 0x24}); // lea
            number(static_cast<std::uint32_t>(frame(probe_frame)), 4);
            return;
        default:
            break;
        }
        const bool extended = dwarf >= machine_number.size();
        const unsigned from = extended ? dwarf - 8 : machine_number.at(dwarf);
        bytes({extended ? 0x4CU : 0x48U, 0x89, 0xC0U | from << 3U | into});
    }

    /// mov rax, [rdx + offset], of 4 or 8 bytes
    void load_from_rdx(std::uint64_t offset, std::size_t size) {
        if (size == sizeof(std::uint64_t)) {
            bytes({0x48});
        }
        bytes({0x8B, 0x82});
        number32(offset);
    }

    /// mov rdx, [rdx + offset]
    void follow(std::uint64_t offset) {
        bytes({0x48, 0x8B, 0x92});
        number32(offset);
    }

    void load_instance() { load_stack(2, 8 * depth_); }

    void load_input(const ConditionInput& input) {
        const FixedPlace& place = input.place;
        switch (place.kind) {
        case FixedPlace::Kind::Register:
            load_register(0, place.number);
            if (input.size == sizeof(std::uint32_t)) {
                bytes({0x89, 0xC0}); // mov eax, eax
            }
            break;
        case FixedPlace::Kind::Memory:
            load_register(2, place.number);
            load_from_rdx(place.offset, input.size);
            break;
        case FixedPlace::Kind::Global:
            load_instance();
            follow(aot_layout::instance_globals);
            load_from_rdx(place.offset, input.size);
            break;
        }
    }

    void push_instance() {
        if (rule_.exec_env) {
            load_input({.size = sizeof(std::uint64_t), .place = *rule_.exec_env});
            bytes({0x48, 0x8B, 0x80}); // mov rax, [rax + offset]
            number32(aot_layout::exec_env_instance * sizeof(std::uint64_t));
        } else {
            load_constant(rule_.instance.address.value);
        }
        bytes({0x50}); // push rax
        instance_words_ = 1;
    }

    void load_constant(std::uint64_t value) {
        bytes({0x48, 0xB8}); // mov rax, imm64
        number(value, 8);
    }

    void load_variable(std::size_t operand) {
        auto& variable = variables_.at(static_cast<std::uint16_t>(operand_number(operand, 2)));
        load_constant(reinterpret_cast<std::uint64_t>(&variable));
    }

    /// Takes `depth` operands and the instance off the stack.
    void leave(int depth) {
        bytes({0x48, 0x8D, 0xA4, 0x24}); // lea rsp, [rsp + …]
        number(8 * static_cast<std::uint64_t>(depth + instance_words_), 4);
    }

    // --- Instructions ---
    void begin_instruction(std::size_t at) {
        const auto jumps = jumps_.find(at);
        if (jumps == jumps_.end()) {
            return;
        }
        depth_ = jumps->second.depth; // verified: the same on all ways
        for (const std::size_t place : jumps->second.places) {
            bind(place, code_.size());
        }
    }

    void jump_to(std::size_t operand, int depth, bool always) {
        auto& jumps = jumps_[operand_number(operand, 2)];
        jumps.depth = depth;
        if (always) {
            jump(jumps.places);
        } else {
            jump_if(5, jumps.places); // not zero
        }
    }

    void instruction(Opcode opcode, std::size_t operand) {
        switch (opcode) {
        case Opcode::Const8:
        case Opcode::Const16:
        case Opcode::Const32:
        case Opcode::Const64:
            load_constant(operand_number(
                operand, agent::shape_of(static_cast<std::uint8_t>(opcode)).operand_bytes));
            return bytes({0x50});
        case Opcode::Register:
            return push_input(static_cast<std::uint16_t>(operand_number(operand, 2)));
        case Opcode::Ref8:
            return load_memory(1, {0x0F, 0xB6, 0x04, 0x02}); // movzx eax, byte [rdx + rax]
        case Opcode::Ref16:
            return load_memory(2, {0x0F, 0xB7, 0x04, 0x02}); // movzx eax, word [rdx + rax]
        case Opcode::Ref32:
            return load_memory(4, {0x8B, 0x04, 0x02}); // mov eax, [rdx + rax]
        case Opcode::Ref64:
            return load_memory(8, {0x48, 0x8B, 0x04, 0x02}); // mov rax, [rdx + rax]
        case Opcode::IfGoto:
            bytes({0x58, 0x48, 0x85, 0xC0}); // pop rax; test rax, rax
            return jump_to(operand, depth_ - 1, false);
        case Opcode::Goto:
            return jump_to(operand, depth_, true);
        case Opcode::End:
            // pop rax; xor ecx, ecx; test rax, rax; setne cl; mov eax, ecx
            bytes({0x58, 0x31, 0xC9, 0x48, 0x85, 0xC0, 0x0F, 0x95, 0xC1, 0x89, 0xC8});
            leave(depth_ - 1);
            return jump(ends_);
        default:
            return rearrange(opcode, operand);
        }
    }

    void push_input(std::uint16_t encoded) {
        const auto input = std::ranges::find(rule_.inputs, encoded, &ConditionInput::number);
        if (input == rule_.inputs.end()) {
            good_ = false;
            return;
        }
        load_input(*input);
        bytes({0x50});
    }

    void load_memory(unsigned size, std::initializer_list<unsigned> load) {
        --depth_;      // until it is pushed
        bytes({0x58}); // pop rax
        load_instance();
        bytes({0x83, 0xBA}); // cmp dword [rdx + …], 0
        number32(aot_layout::instance_memory_count);
        bytes({0});
        fault_if(4, depth_); // zero
        follow(aot_layout::instance_memories);
        follow(0);
        bytes({0x48, 0x8B, 0x8A}); // mov rcx, [rdx + …]
        number32(aot_layout::memory_size);
        bytes({0x48, 0x83, 0xE9, size}); // sub rcx, size
        fault_if(2, depth_);             // below
        bytes({0x48, 0x39, 0xC8});       // cmp rax, rcx
        fault_if(7, depth_);             // above
        follow(aot_layout::memory_data);
        bytes(load);
        bytes({0x50});
        ++depth_;
    }

    void rearrange(Opcode opcode, std::size_t operand) {
        switch (opcode) {
        case Opcode::SignExtend:
            return extend(program_[operand], 0x3C); // sar
        case Opcode::ZeroExtend:
            return extend(program_[operand], 0x2C); // shr
        case Opcode::LogicalNot: // pop rax; xor ecx, ecx; test rax, rax; sete cl; push rcx
            return bytes({0x58, 0x31, 0xC9, 0x48, 0x85, 0xC0, 0x0F, 0x94, 0xC1, 0x51});
        case Opcode::BitNot:
            return bytes({0x48, 0xF7, 0x14, 0x24}); // not qword [rsp]
        case Opcode::Duplicate:
            return bytes({0xFF, 0x34, 0x24}); // push qword [rsp]
        case Opcode::Pop:
            return bytes({0x48, 0x8D, 0x64, 0x24, 0x08}); // lea rsp, [rsp + 8]
        case Opcode::Pick:
            bytes({0xFF, 0xB4, 0x24}); // push qword [rsp + …]
            return number(8ULL * program_[operand], 4);
        case Opcode::Swap: // pop rax; pop rcx; push rax; push rcx
            return bytes({0x58, 0x59, 0x50, 0x51});
        case Opcode::Rotate: // pop rax; pop rcx; pop rdx; push rax; push rdx; push rcx
            return bytes({0x58, 0x59, 0x5A, 0x50, 0x52, 0x51});
        case Opcode::GetVariable:
            load_variable(operand);
            return bytes({0xFF, 0x30}); // push qword [rax]
        case Opcode::SetVariable:
            load_variable(operand);
            return bytes(
                {0x48, 0x8B, 0x0C, 0x24, 0x48, 0x89, 0x08}); // mov rcx, [rsp]; mov [rax], rcx
        case Opcode::Count:
            load_variable(operand);
            bytes({0xB9, 1, 0, 0, 0});              // mov ecx, 1
            bytes({0xF0, 0x48, 0x0F, 0xC1, 0x08});  // lock xadd [rax], rcx
            return bytes({0x48, 0xFF, 0xC1, 0x51}); // inc rcx; push rcx
        default:
            return combine(opcode);
        }
    }

    void extend(unsigned width, unsigned shift) {
        const unsigned count = 64 - width;
        bytes({0x48, 0xC1, 0x24, 0x24, count}); // shl qword [rsp], count
        bytes({0x48, 0xC1, shift, 0x24, count});
    }

    void combine(Opcode opcode) {
        bytes({0x59, 0x58}); // pop rcx; pop rax
        switch (opcode) {
        case Opcode::Add:
            bytes({0x48, 0x01, 0xC8});
            break;
        case Opcode::Subtract:
            bytes({0x48, 0x29, 0xC8});
            break;
        case Opcode::Multiply:
            bytes({0x48, 0x0F, 0xAF, 0xC1});
            break;
        case Opcode::BitAnd:
            bytes({0x48, 0x21, 0xC8});
            break;
        case Opcode::BitOr:
            bytes({0x48, 0x09, 0xC8});
            break;
        case Opcode::BitXor:
            bytes({0x48, 0x31, 0xC8});
            break;
        case Opcode::ShiftLeft:
            shift(0xE0);
            break;
        case Opcode::ShiftRightUnsigned:
            shift(0xE8);
            break;
        case Opcode::ShiftRightSigned:
            bytes({0xBA, 63, 0, 0, 0, 0x48, 0x39, 0xD1, 0x48, 0x0F, 0x47, 0xCA}); // at most 63
            bytes({0x48, 0xD3, 0xF8});                                            // sar rax, cl
            break;
        case Opcode::Equal:
            compare(0x94);
            break;
        case Opcode::LessSigned:
            compare(0x9C);
            break;
        case Opcode::LessUnsigned:
            compare(0x92);
            break;
        default:
            divide(opcode);
            break;
        }
        bytes({0x50}); // push rax
    }

    /// xor edx, edx; shift rax, cl; cmp rcx, 63; cmova rax, rdx
    void shift(unsigned code) {
        bytes({0x31, 0xD2, 0x48, 0xD3, code, 0x48, 0x83, 0xF9, 63, 0x48, 0x0F, 0x47, 0xC2});
    }

    /// xor edx, edx; cmp rax, rcx; setcc dl; mov eax, edx
    void compare(unsigned condition) {
        bytes({0x31, 0xD2, 0x48, 0x39, 0xC8, 0x0F, condition, 0xC2, 0x89, 0xD0});
    }

    void divide(Opcode opcode) {
        bytes({0x48, 0x85, 0xC9}); // test rcx, rcx
        fault_if(4, depth_ - 2);
        const bool is_signed = opcode == Opcode::DivideSigned || opcode == Opcode::RemainderSigned;
        const bool remainder =
            opcode == Opcode::RemainderSigned || opcode == Opcode::RemainderUnsigned;
        std::vector<std::size_t> done;
        if (is_signed) { // by -1 without the division, which faults for the smallest number
            std::vector<std::size_t> divides;
            bytes({0x48, 0x83, 0xF9, 0xFF}); // cmp rcx, -1
            jump_if(5, divides);
            if (remainder) {
                bytes({0x31, 0xC0}); // xor eax, eax
            } else {
                bytes({0x48, 0xF7, 0xD8}); // neg rax
            }
            jump(done);
            bind(divides.front(), code_.size());
            bytes({0x48, 0x99, 0x48, 0xF7, 0xF9}); // cqo; idiv rcx
        } else {
            bytes({0x31, 0xD2, 0x48, 0xF7, 0xF1}); // xor edx, edx; div rcx
        }
        if (remainder) {
            bytes({0x48, 0x89, 0xD0}); // mov rax, rdx
        }
        if (!done.empty()) {
            bind(done.front(), code_.size());
        }
    }

    struct Jumps {
        int depth = 0;
        std::vector<std::size_t> places{};
    };

    const HitRule& rule_;
    agent::Variables& variables_;
    std::span<const std::uint8_t> program_;
    std::vector<std::byte> code_;
    int depth_ = 0; ///< operands
    int instance_words_ = 0;
    bool good_ = true;
    std::map<std::size_t, Jumps> jumps_;              ///< by target
    std::vector<std::pair<std::size_t, int>> faults_; ///< jumps, each with the depth there
    std::vector<std::size_t> ends_;
};

} // namespace

std::optional<std::vector<std::byte>> condition_code(const HitRule& rule,
                                                     agent::Variables& variables) {
    if (!rule.others.empty() || rule.conditions.size() != 1) {
        return std::nullopt;
    }
    return ConditionWriter(rule, variables).write();
}

} // namespace wdbg::aot
