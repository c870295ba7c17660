// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/native/step_plan.h>

#include <algorithm>

namespace wdbg::native {

namespace {

class ExitFinder {
  public:
    ExitFinder(StepPlan& plan, const InstructionDecoder& decoder, const CodeTest& in_code)
        : plan_(plan)
        , decoder_(decoder)
        , in_code_(in_code) {}

    void scan(NativeRange range, std::span<const std::byte> code);

  private:
    void add(std::uint64_t address, ExitKind kind) {
        plan_.exits.push_back({.address = address, .kind = kind});
    }

    void leave_to(std::uint64_t target, std::uint64_t from);
    /// Whether control can go on behind the instruction.
    bool visit(const DecodedInstruction& instruction, std::uint64_t address);

    StepPlan& plan_;
    const InstructionDecoder& decoder_;
    const CodeTest& in_code_;
};

void ExitFinder::leave_to(std::uint64_t target, std::uint64_t from) {
    if (plan_.in_ranges(target)) {
        plan_.straight = plan_.straight && target > from;
        return;
    }
    if (in_code_(target)) {
        add(target, ExitKind::Arrive);
    } else {
        add(from, ExitKind::PassOver);
    }
}

bool ExitFinder::visit(const DecodedInstruction& instruction, std::uint64_t address) {
    switch (instruction.kind) {
    case InstructionKind::Jump:
        leave_to(instruction.target.value, address);
        return false;
    case InstructionKind::ConditionalJump:
    case InstructionKind::CounterJump:
        leave_to(instruction.target.value, address);
        return true;
    case InstructionKind::Return:
    case InstructionKind::IndirectJump:
        add(address, ExitKind::PassOver);
        return false;
    case InstructionKind::Call:
        plan_.straight = false;
        if (plan_.into_calls && in_code_(instruction.target.value)) {
            add(instruction.target.value, ExitKind::Enter);
        }
        return true;
    case InstructionKind::IndirectCall:
        plan_.straight = false;
        if (plan_.into_calls) {
            add(address, ExitKind::PassInto);
        }
        return true;
    case InstructionKind::Trap:
        return false;
    default:
        return true;
    }
}

void ExitFinder::scan(NativeRange range, std::span<const std::byte> code) {
    std::uint64_t at = range.begin.value;
    bool goes_on = true;
    std::uint64_t last = at;
    while (at < range.end.value) {
        const auto decoded = decoder_.decode(code.subspan(at - range.begin.value), {at});
        if (!decoded) {
            return; // padding or data behind the code
        }
        last = at;
        goes_on = visit(*decoded, at);
        at += decoded->length;
    }
    if (goes_on) {
        leave_to(at, last);
    }
}

void sort_exits(std::vector<StepExit>& exits) {
    std::ranges::sort(exits, [](const StepExit& a, const StepExit& b) {
        return a.address != b.address ? a.address < b.address
                                      : a.kind == ExitKind::Enter && b.kind != ExitKind::Enter;
    });
    const auto same = std::ranges::unique(exits, {}, &StepExit::address);
    exits.erase(same.begin(), same.end());
}

} // namespace

const StepExit* StepPlan::exit_at(std::uint64_t address) const {
    const auto place = std::ranges::lower_bound(exits, address, {}, &StepExit::address);
    return place != exits.end() && place->address == address ? &*place : nullptr;
}

bool StepPlan::in_ranges(std::uint64_t address) const {
    return std::ranges::any_of(
        ranges, [address](const NativeRange& range) { return range.contains({address}); });
}

Result<StepPlan> plan_range_step(const StepNativeRange& step, const InstructionDecoder& decoder,
                                 const CodeReader& read, const CodeTest& in_code) {
    StepPlan plan;
    plan.ranges = step.ranges;
    plan.stack_floor = step.stack_floor.value;
    plan.into_calls = step.into_calls;
    ExitFinder finder(plan, decoder, in_code);
    std::uint64_t sum = 0;
    for (const NativeRange& range : step.ranges) {
        const std::uint64_t size = range.end.value - range.begin.value;
        sum += size;
        if (range.end < range.begin || sum > max_step_bytes) {
            return fail(ErrorCode::InvalidArgument, "the range to step over is too large");
        }
        std::vector<std::byte> code(size);
        if (const auto done = read(range.begin.value, code); !done) {
            return std::unexpected(done.error());
        }
        finder.scan(range, code);
    }
    sort_exits(plan.exits);
    return plan;
}

StepPlan plan_run_to(const RunToAddresses& run) {
    StepPlan plan;
    plan.stack_floor = run.stack_floor.value;
    for (const NativeAddress address : run.addresses) {
        plan.exits.push_back({.address = address.value, .kind = ExitKind::Arrive});
    }
    sort_exits(plan.exits);
    return plan;
}

} // namespace wdbg::native
