// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "hit_filter.h"

#include <wdbg/wasm/stack_types.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace wdbg::aot {

namespace layout = aot_layout;

namespace {

// --- Where values are ----------------------------------------------------------------------------

constexpr std::uint32_t general_registers = 16;         // x86-64: 16 is the pc
constexpr std::uint64_t reach = std::uint64_t{1} << 24; // bytes from a register, at most

/// Registers of which each tells its number, so that an address tells what it counts from.
NativeRegisters telling_registers(NativeAddress pc) {
    NativeRegisters registers{.pc = pc};
    for (std::uint64_t i = 0; i < general_registers; ++i) {
        registers.general[i] = (i + 1) << 48;
    }
    return registers;
}

std::optional<FixedPlace> place_of_address(NativeAddress address, const NativeRegisters& told) {
    for (std::uint32_t i = 0; i < general_registers; ++i) {
        const std::uint64_t distance = address.value - told.general[i];
        if (distance + reach < 2 * reach) {
            return FixedPlace{.kind = FixedPlace::Kind::Memory, .number = i, .offset = distance};
        }
    }
    return std::nullopt;
}

/// Asks what is known of a place with registers that tell their numbers.
class PlaceFinder {
  public:
    PlaceFinder(const CodeModule& module, dwarf::TextOffset site, std::uint32_t function,
                const dwarf::ValuesAhead& ahead)
        : info_(*module.info)
        , ahead_(ahead)
        , site_(site)
        , registers_(telling_registers(module.native(site)))
        , function_(function)
        , depth_(depth_of(function)) {}

    [[nodiscard]] std::optional<ConditionInput> local(std::uint32_t index) const {
        if (!depth_ || std::ranges::binary_search(ahead_.locals, index)) {
            return std::nullopt;
        }
        return input_at(info_.local(activation(no_memory_), *depth_, index));
    }

    /// The value at `index` above the stack's bottom before the wasm instruction at `offset`.
    [[nodiscard]] std::optional<ConditionInput>
    operand(const wasm::Module& module, CodeOffset offset, std::uint32_t index) const {
        const auto type = wasm::operand_type(module, function_, offset, false, index);
        if (!depth_ || !type || ahead_.operands) {
            return std::nullopt;
        }
        const auto place = info_.operand(activation(no_memory_), *depth_, index);
        return place && place->type == *type ? input_at(place) : std::nullopt;
    }

    /// A value that is in a register tells its number; one in memory the address that is read.
    [[nodiscard]] std::optional<FixedPlace> exec_env() const {
        std::optional<NativeAddress> read;
        const dwarf::NativeMemoryReader reader = [&read](NativeAddress address,
                                                         std::span<std::byte> into) {
            read = address;
            std::ranges::fill(into, std::byte{0});
            return Result<void>{};
        };
        const auto value = info_.exec_env(activation(reader));
        if (!value) {
            return std::nullopt;
        }
        if (read) {
            return place_of_address(*read, registers_);
        }
        const auto found = std::ranges::find(registers_.general, value->value);
        const auto number = static_cast<std::uint32_t>(found - registers_.general.begin());
        return number < general_registers
                   ? std::optional(FixedPlace{.kind = FixedPlace::Kind::Register, .number = number})
                   : std::nullopt;
    }

  private:
    [[nodiscard]] std::optional<ConditionInput>
    input_at(const Result<dwarf::LocalPlace>& place) const {
        if (!place || size_of(place->type) > sizeof(std::uint64_t)) {
            return std::nullopt;
        }
        ConditionInput input{.size = static_cast<std::uint8_t>(size_of(place->type))};
        if (const auto* in_register = std::get_if<dwarf::RegisterPlace>(&place->place)) {
            if (in_register->number >= general_registers) {
                return std::nullopt;
            }
            input.place = {.kind = FixedPlace::Kind::Register, .number = in_register->number};
            return input;
        }
        const auto* in_memory = std::get_if<dwarf::MemoryPlace>(&place->place);
        const auto found =
            in_memory != nullptr ? place_of_address(in_memory->address, registers_) : std::nullopt;
        if (!found) {
            return std::nullopt; // computed: from what is not told
        }
        input.place = *found;
        return input;
    }

    [[nodiscard]] std::optional<std::uint32_t> depth_of(std::uint32_t function) const {
        const auto positions = info_.positions(site_, dwarf::AddressKind::Instruction);
        const auto found = std::ranges::find(positions, function, &dwarf::WasmPosition::function);
        return found == positions.end()
                   ? std::nullopt
                   : std::optional(static_cast<std::uint32_t>(found - positions.begin()));
    }

    [[nodiscard]] dwarf::NativeActivation
    activation(const dwarf::NativeMemoryReader& reader) const {
        return {.pc = site_, .registers = registers_, .memory = reader};
    }

    const dwarf::AotDebugInfo& info_;
    const dwarf::ValuesAhead& ahead_;
    dwarf::TextOffset site_;
    NativeRegisters registers_;
    dwarf::NativeMemoryReader no_memory_ = [](NativeAddress, std::span<std::byte>) {
        return Result<void>(fail(ErrorCode::Unavailable, "not while a breakpoint is set"));
    };
    std::uint32_t function_;
    std::optional<std::uint32_t> depth_;
};

std::optional<ConditionInput> global_input(const CodeModule& module, std::uint32_t index) {
    const auto offset = module.wasm ? packed_global_offset(*module.wasm, index) : std::nullopt;
    const std::size_t size = offset ? size_of(module.wasm->globals()[index].type) : 0;
    if (!offset || size > sizeof(std::uint64_t)) {
        return std::nullopt;
    }
    return ConditionInput{.size = static_cast<std::uint8_t>(size),
                          .place = {.kind = FixedPlace::Kind::Global, .offset = *offset}};
}

std::optional<ConditionInput> input_of(agent::RegisterNumber number, const CodeModule& module,
                                       const PlaceFinder& finder, CodeOffset offset) {
    switch (number.kind) {
    case agent::RegisterKind::Local:
        return finder.local(number.index);
    case agent::RegisterKind::Global:
        return global_input(module, number.index);
    case agent::RegisterKind::Stack:
        return module.wasm ? finder.operand(*module.wasm, offset, number.index) : std::nullopt;
    }
    return std::nullopt;
}

// --- In the signal handler -----------------------------------------------------------------------

template <class T>
T load(std::uint64_t address) {
    T value;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the target is this process
    std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
}

std::uint64_t load_sized(std::uint64_t address, std::size_t size) {
    return size == sizeof(std::uint32_t) ? load<std::uint32_t>(address)
                                         : load<std::uint64_t>(address);
}

std::uint64_t value_at(const ConditionInput& input, const NativeRegisters& registers,
                       std::uint64_t instance) {
    const FixedPlace& place = input.place;
    switch (place.kind) {
    case FixedPlace::Kind::Register: {
        const std::uint64_t value = registers.general.at(place.number);
        return input.size == sizeof(std::uint32_t) ? static_cast<std::uint32_t>(value) : value;
    }
    case FixedPlace::Kind::Memory:
        return load_sized(registers.general.at(place.number) + place.offset, input.size);
    case FixedPlace::Kind::Global:
        return load_sized(load<std::uint64_t>(instance + layout::instance_globals) + place.offset,
                          input.size);
    }
    return 0;
}

/// What the conditions of one rule see.
struct Sight {
    const HitRule& rule;
    const NativeRegisters& registers;
    std::uint64_t instance = 0; ///< of this thread

    [[nodiscard]] bool read(agent::RegisterNumber number, std::uint64_t& value) const {
        const auto input =
            std::ranges::find(rule.inputs, agent::encode(number), &ConditionInput::number);
        if (input == rule.inputs.end()) {
            return false;
        }
        value = value_at(*input, registers, instance);
        return true;
    }

    [[nodiscard]] bool read_memory(std::uint64_t offset, void* into, std::size_t size) const {
        if (load<std::uint32_t>(instance + layout::instance_memory_count) == 0) {
            return false;
        }
        const auto memory =
            load<std::uint64_t>(load<std::uint64_t>(instance + layout::instance_memories));
        const auto end = load<std::uint64_t>(memory + layout::memory_size);
        if (offset > end || size > end - offset) {
            return false;
        }
        const auto data = load<std::uint64_t>(memory + layout::memory_data);
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the target is this process
        std::memcpy(into, reinterpret_cast<const void*>(data + offset), size);
        return true;
    }
};

std::uint64_t first_memory(std::uint64_t instance) {
    return load<std::uint32_t>(instance + layout::instance_memory_count) != 0
               ? load<std::uint64_t>(load<std::uint64_t>(instance + layout::instance_memories))
               : 0;
}

/// `instance` runs code: it is there.
bool counts(const HitRule& rule, std::uint64_t instance) {
    if (rule.others.empty() || rule.instance.address.value == instance) {
        return true;
    }
    const auto is_it = [instance](const InstanceMark& other) {
        return other.address.value == instance;
    };
    if (std::ranges::any_of(rule.others, is_it)) {
        return false;
    }
    const std::uint64_t memory = first_memory(instance);
    const auto is_clone = [memory](const InstanceMark& other) {
        return other.memory.value == memory;
    };
    return memory == 0 || rule.instance.memory.value == memory ||
           std::ranges::none_of(rule.others, is_clone);
}

bool holds(const HitRule& rule, const NativeRegisters& registers, agent::Variables& variables) {
    Sight sight{.rule = rule, .registers = registers, .instance = rule.instance.address.value};
    if (rule.exec_env) {
        const std::uint64_t environment = value_at(
            {.size = sizeof(std::uint64_t), .place = *rule.exec_env}, registers, sight.instance);
        sight.instance =
            load<std::uint64_t>(environment + layout::exec_env_instance * sizeof(std::uint64_t));
        if (!counts(rule, sight.instance)) {
            return false;
        }
    }
    const agent::Surroundings surroundings{
        .context = &sight,
        .read_register =
            [](void* context, agent::RegisterNumber number, std::uint64_t& value) {
                return static_cast<const Sight*>(context)->read(number, value);
            },
        .read_memory =
            [](void* context, std::uint64_t offset, void* into, std::size_t size) {
                return static_cast<const Sight*>(context)->read_memory(offset, into, size);
            },
        .variables = &variables};
    bool hit = rule.conditions.empty();
    for (const agent::Program& condition : rule.conditions) { // all: they may count
        hit = agent::evaluate(condition, surroundings).holds() || hit;
    }
    return hit;
}

std::uint64_t packed(CodeAddress address) { // never 0: no code lies at the file's first bytes
    return std::uint64_t{address.instance.value} << 32U | address.offset.value;
}

CodeAddress unpacked(std::uint64_t address) {
    return {.instance = InstanceId{static_cast<std::uint32_t>(address >> 32U)},
            .offset = CodeOffset{static_cast<std::uint32_t>(address)}};
}

} // namespace

Result<HitRule> with_places(HitRule rule, const CodeModule& module, dwarf::TextOffset site,
                            std::uint32_t function, const dwarf::ValuesAhead& ahead) {
    const PlaceFinder finder(module, site, function, ahead);
    rule.exec_env = finder.exec_env();
    if (!rule.exec_env && rule.instance.address.value == 0) {
        return fail(ErrorCode::Unsupported, "the instance is not known at this place");
    }
    for (const agent::Program& program : rule.conditions) {
        for (const agent::RegisterNumber number : program.registers()) {
            auto input = input_of(number, module, finder, rule.address.offset);
            if (!input) {
                return fail(ErrorCode::Unsupported, "a value is not kept in one place here");
            }
            input->number = agent::encode(number);
            rule.inputs.push_back(*input);
        }
    }
    return rule;
}

void SiteFilter::set_rules(std::vector<HitRule> rules) {
    if (!rules.empty()) {
        kept_.push_back(std::make_unique<const Rules>(std::move(rules)));
        rules_.store(kept_.back().get());
    } else {
        rules_.store(nullptr);
    }
    if (deciding_.load() == 0) { // who comes now finds the new ones
        std::erase_if(kept_, [this](const auto& each) { return each.get() != rules_.load(); });
    }
}

std::optional<CodeAddress> SiteFilter::last_accepted() const {
    const std::uint64_t accepted = accepted_.load();
    return rules_.load() != nullptr && accepted != 0 ? std::optional(unpacked(accepted))
                                                     : std::nullopt;
}

bool SiteFilter::accept(const NativeRegisters& registers, void* data) {
    SiteFilter& self = *static_cast<SiteFilter*>(data);
    self.deciding_.fetch_add(1);
    const bool accepted = self.decide(registers);
    self.deciding_.fetch_sub(1);
    return accepted;
}

/// Only a site with one rule has a probe.
void SiteFilter::probed(void* data) {
    SiteFilter& self = *static_cast<SiteFilter*>(data);
    self.deciding_.fetch_add(1);
    if (const Rules* const rules = self.rules_.load()) {
        self.accepted_.store(packed(rules->front().address));
    }
    self.deciding_.fetch_sub(1);
}

bool SiteFilter::decide(const NativeRegisters& registers) {
    const Rules* const rules = rules_.load();
    if (rules == nullptr) {
        return true;
    }
    bool accepted = false;
    for (const HitRule& rule : *rules) {
        if (holds(rule, registers, variables_) && !accepted) {
            accepted_.store(packed(rule.address));
            accepted = true;
        }
    }
    return accepted;
}

} // namespace wdbg::aot
