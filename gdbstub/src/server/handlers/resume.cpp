// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "handlers.h"

#include <algorithm>
#include <utility>

namespace wdbg::rsp::handlers {

namespace {

/// One action of vCont; nothing for `t` (stay stopped).
struct Action {
    std::optional<ResumeKind> kind;
    CodeAddressRange range{};
};

const Error malformed{ErrorCode::InvalidArgument, "malformed vCont action"};

/// `r<begin>,<end>`
Result<Action> parse_range(TextReader& reader) {
    const auto begin = reader.hex();
    const bool comma = reader.take(',');
    const auto end = reader.hex();
    if (!begin || !comma || !end) {
        return std::unexpected(malformed);
    }
    const auto first = to_code_address(WasmAddress(*begin));
    const auto last = to_code_address(WasmAddress(*end));
    if (!first || !last || first->instance != last->instance) {
        return fail(ErrorCode::InvalidArgument, "a range to step over is code of one instance");
    }
    return Action{
        .kind = ResumeKind::StepRange,
        .range = {.instance = first->instance, .begin = first->offset, .end = last->offset}};
}

/// A signal cannot be delivered to a guest; its number is read and left.
Result<Action> parse_action(TextReader& reader) {
    const char letter = reader.peek();
    if (!reader.take(letter)) {
        return std::unexpected(malformed);
    }
    switch (letter) {
    case 'C':
    case 'S':
        if (!reader.hex()) {
            return std::unexpected(malformed);
        }
        return Action{.kind = letter == 'C' ? ResumeKind::Continue : ResumeKind::StepInstruction};
    case 'c':
        return Action{.kind = ResumeKind::Continue};
    case 's':
        return Action{.kind = ResumeKind::StepInstruction};
    case 'r':
        return parse_range(reader);
    case 't':
        return Action{};
    default:
        return fail(ErrorCode::Unsupported, "no such vCont action");
    }
}

/// Collects what each thread is to do; of several actions for one thread the first counts.
class ResumePlan {
  public:
    explicit ResumePlan(const Session& session) : session_(session) {}

    Result<void> add(const Action& action, const ThreadSpec& spec) {
        if (all_covered_) {
            return {};
        }
        if (spec.kind == ThreadSpec::Kind::All) {
            cover_rest(action);
            return {};
        }
        const ThreadId id =
            spec.kind == ThreadSpec::Kind::One ? ThreadId{spec.thread} : session_.current_thread;
        if (session_.find_thread(id) == nullptr) {
            return fail(ErrorCode::NotFound, "no thread " + std::to_string(id.value));
        }
        set(id, action);
        return {};
    }

    /// `others` where no thread stays stopped, so that it also covers what we do not know of.
    [[nodiscard]] ResumeRequest request() const {
        ResumeRequest result;
        for (const auto& [id, action] : actions_) {
            if (action.kind) {
                result.threads.push_back(
                    {.thread = id, .kind = *action.kind, .range = action.range});
            }
        }
        const bool some_stay = result.threads.size() != actions_.size();
        if (others_ && !some_stay) {
            result.others = others_;
        }
        return result;
    }

  private:
    void set(ThreadId id, const Action& action) {
        const bool named =
            std::ranges::any_of(actions_, [id](const auto& entry) { return entry.first == id; });
        if (!named) {
            actions_.emplace_back(id, action);
        }
    }

    void cover_rest(const Action& action) {
        all_covered_ = true;
        const bool uniform = action.kind && *action.kind != ResumeKind::StepRange;
        if (uniform) {
            others_ = action.kind;
        }
        const bool some_stay =
            std::ranges::any_of(actions_, [](const auto& entry) { return !entry.second.kind; });
        if (!uniform || some_stay) {
            for (const ThreadView& thread : session_.threads) {
                set(thread.id, action);
            }
        }
    }

    const Session& session_;
    std::vector<std::pair<ThreadId, Action>> actions_;
    std::optional<ResumeKind> others_;
    bool all_covered_ = false;
};

/// The events of the resume may arrive before it returns.
Status start(Session& session, ResumeRequest request) {
    const ThreadView* const thread = session.find_thread(session.current_thread);
    if (session.agreed.is_lldb && thread != nullptr) {
        if (const auto pc = to_code_address(thread->pc)) {
            session.fast_step.change(request, thread->id, *pc, session.options.leaves_unseen);
        }
    }
    if (request.threads.empty() && !request.others) {
        return fail(ErrorCode::InvalidArgument, "no thread would run");
    }
    session.state = RunState::Running;
    if (const auto resumed = session.debuggee.resume(request); !resumed) {
        session.state = RunState::Stopped;
        return std::unexpected(resumed.error());
    }
    return Outcome::StopFollows;
}

/// For c, C, s, S: an address to go on at may follow.
Result<void> require_no_address(const Session& session, std::string_view args) {
    if (args.empty()) {
        return {};
    }
    TextReader reader(args);
    const auto address = reader.hex();
    const ThreadView* thread = session.find_thread(session.current_thread);
    if (!address || !reader.at_end()) {
        return fail(ErrorCode::InvalidArgument, "malformed address");
    }
    if (thread == nullptr || thread->pc.packed() != *address) {
        return fail(ErrorCode::Unsupported, "WebAssembly code cannot go on at another place");
    }
    return {};
}

/// `Hc` before `c` or `s` restricts them to one thread (GDB's older form of vCont).
Status resume_by_letter(Session& session, std::string_view args, ResumeKind kind) {
    if (const auto plain = require_no_address(session, args); !plain) {
        return std::unexpected(plain.error());
    }
    ResumeRequest request;
    const bool one = session.continue_thread.kind == ThreadSpec::Kind::One;
    const ThreadId id = one ? ThreadId{session.continue_thread.thread} : session.current_thread;
    if (one || kind != ResumeKind::Continue) {
        if (session.find_thread(id) == nullptr) {
            return fail(ErrorCode::NotFound, "no thread " + std::to_string(id.value));
        }
        request.threads.push_back({.thread = id, .kind = kind});
    }
    if (!one) {
        request.others = ResumeKind::Continue;
    }
    return start(session, request);
}

/// `<signal>[;<address>]` → what follows the signal.
Result<std::string_view> skip_signal(std::string_view args) {
    TextReader reader(args);
    if (!reader.hex() || !(reader.at_end() || reader.take(';'))) {
        return fail(ErrorCode::InvalidArgument, "malformed signal number");
    }
    return reader.rest();
}

} // namespace

Status vcont_actions(Session& /*session*/, std::string_view /*args*/, Reply& out) {
    out.add("vCont;c;C;s;S;t;r");
    return Outcome::Reply;
}

/// `vCont;<action>[:<thread>][;<action>[:<thread>]]…`; a thread without an action stays stopped.
Status vcont(Session& session, std::string_view args, Reply& /*out*/) {
    ResumePlan plan(session);
    TextReader reader(args);
    do {
        const auto action = parse_action(reader);
        if (!action) {
            return std::unexpected(action.error());
        }
        ThreadSpec spec{.kind = ThreadSpec::Kind::All, .thread = 0};
        if (reader.take(':')) {
            std::string_view rest = reader.rest();
            const auto named = take_thread_spec(rest);
            if (!named) {
                return std::unexpected(malformed);
            }
            spec = *named;
            reader = TextReader(rest);
        }
        if (const auto added = plan.add(*action, spec); !added) {
            return std::unexpected(added.error());
        }
        if (spec.kind == ThreadSpec::Kind::One && action->kind) {
            session.shown_thread = ThreadId{spec.thread}; // the user steps it
        }
    } while (reader.take(';') && !reader.at_end());
    if (!reader.at_end()) {
        return std::unexpected(malformed);
    }
    return start(session, plan.request());
}

/// `c[<address>]`
Status resume_all(Session& session, std::string_view args, Reply& /*out*/) {
    return resume_by_letter(session, args, ResumeKind::Continue);
}

/// `C<signal>[;<address>]`
Status resume_all_with_signal(Session& session, std::string_view args, Reply& /*out*/) {
    const auto rest = skip_signal(args);
    return rest ? resume_by_letter(session, *rest, ResumeKind::Continue)
                : Status(std::unexpected(rest.error()));
}

/// `s[<address>]`
Status step_one(Session& session, std::string_view args, Reply& /*out*/) {
    return resume_by_letter(session, args, ResumeKind::StepInstruction);
}

/// `S<signal>[;<address>]`
Status step_one_with_signal(Session& session, std::string_view args, Reply& /*out*/) {
    const auto rest = skip_signal(args);
    return rest ? resume_by_letter(session, *rest, ResumeKind::StepInstruction)
                : Status(std::unexpected(rest.error()));
}

/// `D[;<pid>]`, also while the guest runs; `D1[;<pid>]` leaves it stopped (LLDB's addition).
Status detach(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const bool stays_stopped = reader.take('1');
    if (!reader.at_end() && (!reader.take(';') || !reader.hex() || !reader.at_end())) {
        return fail(ErrorCode::InvalidArgument, "expected D, D;<pid> or D1");
    }
    if (stays_stopped) {
        if (const auto left = session.debuggee.detach_stopped(); !left) {
            return std::unexpected(left.error());
        }
    } else if (session.state != RunState::Ended) {
        session.debuggee.detach();
    }
    session.end = stays_stopped ? SessionEnd::LeftStopped : SessionEnd::Detached;
    out.add("OK");
    return Outcome::Reply;
}

/// `k` → X09 (or W, where the guest was faster).
Status kill(Session& session, std::string_view args, Reply& out) {
    if (!args.empty()) {
        return Outcome::Reply; // some other packet that begins with k
    }
    if (session.state == RunState::Ended) {
        out.add(session.end_packet);
        session.end = SessionEnd::Killed;
        return Outcome::Reply;
    }
    session.state = RunState::Killing;
    session.debuggee.kill();
    return Outcome::StopFollows;
}

/// `vKill[;<pid>]` → OK. The session ends first: the event of the kill, which may come at once, is
/// no second answer.
Status kill_with_reply(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    if (!reader.at_end() && !reader.take(';')) {
        return Outcome::Reply; // some other packet that begins with vKill
    }
    if (!args.empty() && (!reader.hex() || !reader.at_end())) {
        return fail(ErrorCode::InvalidArgument, "malformed process number");
    }
    session.end = SessionEnd::Killed;
    if (session.state != RunState::Ended) {
        session.debuggee.kill();
    }
    out.add("OK");
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
