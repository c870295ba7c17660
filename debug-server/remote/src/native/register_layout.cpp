// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "register_layout.h"

#include "../xml.h"

#include <wdbg/rsp/text.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace wdbg::remote {

namespace {

struct MachineRow {
    Machine machine;
    std::string_view name;
    std::size_t pointer_size;
    std::size_t stack_register;
    std::string_view pc;
    std::string_view flags;
};

constexpr std::array machine_rows{
    MachineRow{Machine::X86_64, "x86-64", 8, 7, "rip", "eflags"},
    MachineRow{Machine::AArch64, "aarch64", 8, 31, "pc", "cpsr"},
    MachineRow{Machine::Arm, "arm", 4, 13, "pc", "cpsr"},
    MachineRow{Machine::RiscV32, "riscv32", 4, 2, "pc", ""},
    MachineRow{Machine::RiscV64, "riscv64", 8, 2, "pc", ""},
};

const MachineRow& row_of(Machine machine) {
    return *std::ranges::find(machine_rows, machine, &MachineRow::machine);
}

/// Names by DWARF number (psABIs of the machines).
constexpr std::array<std::string_view, 16> x86_names{"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
                                                     "rbp", "rsp", "r8",  "r9",  "r10", "r11",
                                                     "r12", "r13", "r14", "r15"};
constexpr std::array<std::string_view, 16> arm_names{"r0",  "r1", "r2", "r3", "r4",  "r5",
                                                     "r6",  "r7", "r8", "r9", "r10", "r11",
                                                     "r12", "sp", "lr", "pc"};
constexpr std::array<std::string_view, 32> riscv_names{
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "fp", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

constexpr std::array<std::string_view, 32> riscv_float_names{
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};

/// "x12" → 12 for prefix "x".
std::optional<std::size_t> numbered(std::string_view name, std::string_view prefix,
                                    std::size_t count) {
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    name.remove_prefix(prefix.size());
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = error == std::errc{} && end == name.data() + name.size();
    return whole && number < count ? std::optional(number) : std::nullopt;
}

std::optional<std::size_t> among(std::span<const std::string_view> names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<std::size_t>(found - names.begin()));
}

std::optional<std::size_t> general_number(Machine machine, std::string_view name) {
    switch (machine) {
    case Machine::X86_64:
        return among(x86_names, name);
    case Machine::AArch64:
        return name == "sp" ? std::optional<std::size_t>(31) : numbered(name, "x", 31);
    case Machine::Arm:
        return among(arm_names, name);
    default:
        if (name == "s0") {
            return 8;
        }
        if (const auto number = numbered(name, "x", 32)) {
            return number;
        }
        return among(riscv_names, name);
    }
}

std::optional<std::size_t> vector_number(Machine machine, std::string_view name) {
    switch (machine) {
    case Machine::X86_64:
        return numbered(name, "xmm", 16);
    case Machine::AArch64:
        return numbered(name, "v", 32);
    case Machine::Arm:
        return numbered(name, "d", 32);
    default:
        return among(riscv_float_names, name);
    }
}

struct ArchitectureRow {
    std::string_view words;
    Machine machine;
};

constexpr std::array architectures{ArchitectureRow{"i386:x86-64", Machine::X86_64},
                                   ArchitectureRow{"aarch64", Machine::AArch64},
                                   ArchitectureRow{"riscv:rv64", Machine::RiscV64},
                                   ArchitectureRow{"riscv:rv32", Machine::RiscV32},
                                   ArchitectureRow{"armv8-a", Machine::AArch64},
                                   ArchitectureRow{"arm", Machine::Arm}};

std::optional<Machine> machine_named(std::string_view architecture) {
    for (const ArchitectureRow& row : architectures) {
        if (architecture.starts_with(row.words)) {
            return row.machine;
        }
    }
    return std::nullopt;
}

/// For descriptions without <architecture> (qemu's arm): by the first feature that says it.
std::optional<Machine> machine_of_feature(std::string_view feature) {
    if (feature.starts_with("org.gnu.gdb.aarch64.")) {
        return Machine::AArch64;
    }
    return feature.starts_with("org.gnu.gdb.arm.") ? std::optional(Machine::Arm) : std::nullopt;
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
}

constexpr std::size_t largest_register = 512; // bytes
constexpr std::size_t most_registers = 4096;

} // namespace

std::size_t stack_register(Machine machine) {
    return row_of(machine).stack_register;
}

std::string_view name_of(Machine machine) {
    return row_of(machine).name;
}

std::size_t pointer_size(Machine machine) {
    return row_of(machine).pointer_size;
}

void RegisterLayout::add(std::string_view name, std::uint64_t number, std::size_t size) {
    const MachineRow& row = row_of(machine_);
    Slot slot{.number = number, .size = size};
    if (name == row.pc) {
        slot.role = Role::Pc;
    } else if (const auto general = general_number(machine_, name)) {
        slot.role = Role::General;
        slot.index = *general;
    } else if (name == row.flags || (name == "xpsr" && machine_ == Machine::Arm)) {
        slot.role = Role::Flags;
    } else if (const auto vector = vector_number(machine_, name)) {
        slot.role = Role::Vector;
        slot.index = *vector;
    }
    slots_.push_back(slot);
}

void RegisterLayout::place_in_order() {
    std::ranges::sort(slots_, {}, &Slot::number); // a number twice is damage anyway
    std::size_t offset = 0;
    for (Slot& slot : slots_) {
        slot.offset = offset;
        offset += slot.size;
    }
}

Result<RegisterLayout> RegisterLayout::parse(std::string_view text) {
    struct Register {
        std::string name;
        std::uint64_t number = 0;
        std::size_t size = 0;
    };

    std::optional<Machine> machine;
    std::string architecture;
    std::vector<Register> registers;
    RegisterLayout layout;
    std::uint64_t next = 0;
    while (const auto found = xml::next_tag(text)) {
        const std::string_view tag = found->tag;
        if (tag == "/architecture") {
            architecture = found->text_before;
            machine = machine_named(architecture);
        } else if (tag.starts_with("feature ")) {
            const std::string name = xml::attribute(tag, "name").value_or("");
            machine = machine ? machine : machine_of_feature(name);
            layout.thumb_only_ = layout.thumb_only_ || name == "org.gnu.gdb.arm.m-profile";
        } else if (tag.starts_with("reg ")) {
            next = rsp::parse_integer(xml::attribute(tag, "regnum").value_or("")).value_or(next);
            const auto bits = rsp::parse_integer(xml::attribute(tag, "bitsize").value_or(""));
            registers.push_back({.name = xml::attribute(tag, "name").value_or(""),
                                 .number = next++,
                                 .size = static_cast<std::size_t>(bits.value_or(0)) / 8});
            if (registers.back().size > largest_register || registers.size() > most_registers) {
                return fail(ErrorCode::Malformed, "the server's target description is damaged");
            }
        }
    }
    if (!machine) {
        return architecture.empty()
                   ? fail(ErrorCode::NotFound, "the server does not tell what machine it is")
                   : fail(ErrorCode::Unsupported,
                          "the server's machine is " + architecture + ", which wdbg does not know");
    }
    layout.machine_ = *machine;
    for (const Register& each : registers) {
        layout.add(each.name, each.number, each.size);
    }
    layout.place_in_order();
    if (std::ranges::find(layout.slots_, Role::Pc, &Slot::role) == layout.slots_.end()) {
        return fail(ErrorCode::Malformed, "the server's target description has no pc");
    }
    return layout;
}

RegisterLayout RegisterLayout::default_of(Machine machine) {
    RegisterLayout layout;
    layout.machine_ = machine;
    std::uint64_t number = 0;
    const auto add = [&](std::string_view name, std::size_t size) {
        layout.add(name, number++, size);
    };
    if (machine == Machine::X86_64) { // GDB's order, which is not DWARF's
        for (const char* name : {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9",
                                 "r10", "r11", "r12", "r13", "r14", "r15", "rip"}) {
            add(name, 8);
        }
        add("eflags", 4);
    } else if (machine == Machine::AArch64) {
        for (std::size_t i = 0; i < 31; ++i) {
            add("x" + std::to_string(i), 8);
        }
        add("sp", 8);
        add("pc", 8);
        add("cpsr", 4);
    } else if (machine == Machine::Arm) {
        for (const std::string_view name : arm_names) {
            add(name, 4);
        }
        for (std::size_t i = 0; i < 8; ++i) {
            add("f", 12);
        }
        add("fps", 4);
        add("cpsr", 4);
    } else {
        for (const std::string_view name : riscv_names) {
            add(name, pointer_size(machine));
        }
        add("pc", pointer_size(machine));
    }
    layout.place_in_order();
    return layout;
}

void RegisterLayout::store(NativeRegisters& registers, const Slot& slot,
                           std::span<const std::byte> bytes) {
    const std::uint64_t value = little_endian(bytes);
    switch (slot.role) {
    case Role::General:
        registers.general.at(slot.index) = value;
        registers.known |= std::uint64_t{1} << slot.index;
        break;
    case Role::Pc:
        registers.pc = {value};
        if (registers.machine == Machine::X86_64) {
            registers.general[16] = value; // the return address column
            registers.known |= std::uint64_t{1} << 16U;
        } else if (registers.machine == Machine::Arm) {
            registers.general[15] = value;
            registers.known |= std::uint64_t{1} << 15U;
        }
        break;
    case Role::Flags:
        registers.flags = value;
        break;
    case Role::Vector:
        std::memcpy(registers.vectors.at(slot.index).data(), bytes.data(),
                    std::min(bytes.size(), sizeof registers.vectors[0]));
        registers.vectors_known = true;
        break;
    case Role::Ignored:
        break;
    }
}

Result<NativeRegisters> RegisterLayout::decode(std::span<const std::byte> bytes) const {
    NativeRegisters registers;
    registers.machine = machine_;
    registers.known = 0;
    registers.vectors_known = false;
    bool has_pc = false;
    for (const Slot& slot : slots_) {
        if (slot.offset + slot.size > bytes.size()) {
            break;
        }
        store(registers, slot, bytes.subspan(slot.offset, slot.size));
        has_pc = has_pc || slot.role == Role::Pc;
    }
    return has_pc ? Result<NativeRegisters>(registers)
                  : fail(ErrorCode::Malformed, "the server's registers end before the pc");
}

bool RegisterLayout::take(NativeRegisters& registers, std::uint64_t number,
                          std::span<const std::byte> bytes) const {
    const auto slot = std::ranges::lower_bound(slots_, number, {}, &Slot::number);
    if (slot == slots_.end() || slot->number != number || slot->size != bytes.size() ||
        slot->role == Role::Ignored) {
        return false;
    }
    store(registers, *slot, bytes);
    return true;
}

} // namespace wdbg::remote
