// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <wdbg/native/step_plan.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_set>
#include <utility>

namespace wdbg::native {

namespace {

constexpr std::uint64_t thumb_alignment = 2;

struct RangeCode {
    NativeRange range;
    std::vector<std::byte> bytes;
};

Result<RangeCode> read_code(const NativeRange& range, const CodeReader& read) {
    RangeCode code{.range = range,
                   .bytes = std::vector<std::byte>(range.end.value - range.begin.value)};
    if (const auto done = read(range.begin.value, code.bytes); !done) {
        return std::unexpected(done.error());
    }
    return code;
}

class ExitFinder {
  public:
    ExitFinder(StepPlan& plan, const InstructionDecoder& decoder, const CodeReader& read,
               const CodeTest& in_code)
        : plan_(plan)
        , decoder_(decoder)
        , read_(read)
        , in_code_(in_code) {}

    /// Returns end there instead of where they are executed.
    void set_caller(const NativeCaller& caller) {
        caller_ = caller;
        plan_.return_floor = caller.stack_pointer.value;
    }

    void scan(const RangeCode& code);
    /// Follows the code as it may run from `pc`.
    Result<void> follow(std::uint64_t pc);

  private:
    void add(std::uint64_t address, ExitKind kind) {
        plan_.exits.push_back({.address = address, .kind = kind});
    }

    void find_conditional(const RangeCode& code);
    void find_conditional_before(std::uint64_t begin);
    /// Within the ranges or outside of them; nullopt where no code is, or that cannot be read.
    [[nodiscard]] std::optional<DecodedInstruction> decode_any(std::uint64_t address) const;
    void go_behind(const DecodedInstruction& instruction, std::uint64_t address);
    void leave_to(std::uint64_t target, std::uint64_t from);
    void add_return(std::uint64_t address);
    [[nodiscard]] std::uint64_t behind_jump(std::uint64_t address) const;
    /// Whether control can go on behind the instruction.
    bool visit(const DecodedInstruction& instruction, std::uint64_t address);
    [[nodiscard]] std::optional<DecodedInstruction> decode(const RangeCode& code,
                                                           std::uint64_t address) const;
    /// The range around the address, read when it is first asked for; nullptr outside of all.
    Result<const RangeCode*> code_at(std::uint64_t address);

    StepPlan& plan_;
    const InstructionDecoder& decoder_;
    const CodeReader& read_;
    const CodeTest& in_code_;
    std::optional<NativeCaller> caller_;
    std::map<NativeAddress, RangeCode> code_;       ///< what was followed, by the range's begin
    std::vector<std::uint64_t> reached_;            ///< within the ranges, by jumps
    std::unordered_set<std::uint64_t> conditional_; ///< instructions that may not be executed
};

void ExitFinder::leave_to(std::uint64_t target, std::uint64_t from) {
    if (plan_.in_ranges(target)) {
        plan_.straight = plan_.straight && target > from;
        reached_.push_back(target);
        return;
    }
    if (in_code_(target)) {
        add(target, ExitKind::Arrive);
    } else {
        add(from, ExitKind::PassOver);
    }
}

void ExitFinder::add_return(std::uint64_t address) {
    if (caller_) {
        add(caller_->pc.value, ExitKind::Return);
    } else {
        add(address, ExitKind::PassOver);
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
        add_return(address);
        return false;
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

/// nullopt in padding or data.
std::optional<DecodedInstruction> ExitFinder::decode(const RangeCode& code,
                                                     std::uint64_t address) const {
    const auto bytes = std::span(code.bytes).subspan(address - code.range.begin.value);
    const auto decoded = decoder_.decode(bytes, {address});
    return decoded ? std::optional(*decoded) : std::nullopt;
}

Result<const RangeCode*> ExitFinder::code_at(std::uint64_t address) {
    const auto range = std::ranges::find_if(
        plan_.ranges, [address](const NativeRange& each) { return each.contains({address}); });
    if (range == plan_.ranges.end()) {
        return nullptr;
    }
    if (const auto known = code_.find(range->begin); known != code_.end()) {
        return &known->second;
    }
    Result<RangeCode> code = read_code(*range, read_);
    if (!code) {
        return std::unexpected(code.error());
    }
    find_conditional(*code);
    return &code_.emplace(range->begin, std::move(*code)).first->second;
}

void ExitFinder::scan(const RangeCode& code) {
    std::uint64_t at = code.range.begin.value;
    bool goes_on = true;
    std::uint64_t last = at;
    while (at < code.range.end.value) {
        const auto decoded = decode(code, at);
        if (!decoded) {
            return;
        }
        last = at;
        goes_on = visit(*decoded, at);
        at += decoded->length;
    }
    if (goes_on) {
        leave_to(at, last);
    }
}

std::optional<DecodedInstruction> ExitFinder::decode_any(std::uint64_t address) const {
    std::array<std::byte, 8> bytes{};
    if (!in_code_(address) || !read_(address, bytes)) {
        return std::nullopt;
    }
    const auto decoded = decoder_.decode(bytes, {address});
    return decoded ? std::optional(*decoded) : std::nullopt;
}

/// Data among the code is skipped.
void ExitFinder::find_conditional(const RangeCode& code) {
    find_conditional_before(code.range.begin.value);
    unsigned left = 0;
    std::uint64_t at = code.range.begin.value;
    while (at < code.range.end.value) {
        const auto decoded = decode(code, at);
        if (left != 0) {
            conditional_.insert(at);
            --left;
        }
        left = std::max<unsigned>(left, decoded ? decoded->makes_conditional : 0);
        at += decoded ? decoded->length : thumb_alignment;
    }
}

/// An IT block may reach into the range. Where instructions begin before it is not known: all that
/// can be an IT counts, as an instruction that is taken for a conditional one only makes more
/// exits.
void ExitFinder::find_conditional_before(std::uint64_t begin) {
    constexpr std::uint64_t reach = 2 + 3 * 4; // the IT, and all but one of its instructions
    for (std::uint64_t distance = reach; distance != 0; distance -= thumb_alignment) {
        std::uint64_t at = begin - distance;
        auto decoded = decode_any(at);
        unsigned left = decoded ? decoded->makes_conditional : 0;
        for (; left != 0 && decoded; --left) {
            at += decoded->length;
            conditional_.insert(at);
            decoded = decode_any(at);
        }
    }
}

/// Where a jump at `address` leads to; `address` itself if there is none.
std::uint64_t ExitFinder::behind_jump(std::uint64_t address) const {
    const auto decoded = decode_any(address);
    const bool jumps = decoded && decoded->kind == InstructionKind::Jump;
    return jumps && in_code_(decoded->target.value) ? decoded->target.value : address;
}

/// Code that raises a trap ends in a call and a jump to where the function returns: all of these
/// jumps are one exit.
void ExitFinder::go_behind(const DecodedInstruction& instruction, std::uint64_t address) {
    const std::uint64_t next = address + instruction.length;
    const bool is_call = instruction.kind == InstructionKind::Call ||
                         instruction.kind == InstructionKind::IndirectCall;
    leave_to(is_call && !plan_.in_ranges(next) ? behind_jump(next) : next, address);
}

Result<void> ExitFinder::follow(std::uint64_t pc) {
    std::unordered_set<std::uint64_t> seen;
    reached_ = {pc};
    while (!reached_.empty()) {
        const std::uint64_t at = reached_.back();
        reached_.pop_back();
        if (!seen.insert(at).second) {
            continue;
        }
        const Result<const RangeCode*> code = code_at(at);
        if (!code) {
            return std::unexpected(code.error());
        }
        const auto decoded = *code != nullptr ? decode(**code, at) : std::nullopt;
        if (decoded && (visit(*decoded, at) || conditional_.contains(at))) {
            go_behind(*decoded, at);
        }
    }
    return {};
}

void sort_exits(std::vector<StepExit>& exits) {
    const auto rank = [](ExitKind kind) {
        return kind == ExitKind::Enter ? 0 : kind == ExitKind::Return ? 2 : 1;
    };
    std::ranges::sort(
        exits, {}, [&](const StepExit& exit) { return std::pair(exit.address, rank(exit.kind)); });
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

namespace {

/// Without exits.
Result<StepPlan> begin_plan(const StepNativeRange& step) {
    std::uint64_t sum = 0;
    for (const NativeRange& range : step.ranges) {
        sum += range.end.value - range.begin.value;
        if (range.end < range.begin || sum > max_step_bytes) {
            return fail(ErrorCode::InvalidArgument, "the range to step over is too large");
        }
    }
    StepPlan plan;
    plan.ranges = step.ranges;
    plan.stack_floor = step.stack_floor.value;
    plan.into_calls = step.into_calls;
    return plan;
}

} // namespace

Result<StepPlan> plan_range_step(const StepNativeRange& step, const InstructionDecoder& decoder,
                                 const CodeReader& read, const CodeTest& in_code,
                                 std::optional<std::uint64_t> from) {
    Result<StepPlan> plan = begin_plan(step);
    if (!plan) {
        return plan;
    }
    ExitFinder finder(*plan, decoder, read, in_code);
    if (from && plan->in_ranges(*from)) {
        if (step.caller && in_code(step.caller->pc.value)) {
            finder.set_caller(*step.caller);
        }
        if (const auto done = finder.follow(*from); !done) {
            return std::unexpected(done.error());
        }
    } else {
        for (const NativeRange& range : step.ranges) {
            const Result<RangeCode> code = read_code(range, read);
            if (!code) {
                return std::unexpected(code.error());
            }
            finder.scan(*code);
        }
    }
    sort_exits(plan->exits);
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
