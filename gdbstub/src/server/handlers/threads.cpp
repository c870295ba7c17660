// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../stop_reply.h"
#include "handlers.h"

#include <algorithm>

namespace wdbg::rsp::handlers {

namespace {

/// As of the stop, where there is one; else as of now.
std::vector<ThreadId> thread_ids(const Session& session) {
    std::vector<ThreadId> ids;
    if (session.state == RunState::Stopped) {
        for (const ThreadView& thread : session.threads) {
            ids.push_back(thread.id);
        }
    } else {
        for (const ThreadInfo& thread : session.debuggee.threads()) {
            ids.push_back(thread.id);
        }
    }
    return ids;
}

bool exists(const Session& session, const ThreadSpec& spec) {
    const std::vector<ThreadId> ids = thread_ids(session);
    return std::ranges::find(ids, ThreadId{spec.thread}) != ids.end();
}

Result<ThreadSpec> parse_thread(std::string_view args) {
    const std::optional<ThreadSpec> spec = take_thread_spec(args);
    if (!spec || !args.empty()) {
        return fail(ErrorCode::InvalidArgument, "malformed thread id");
    }
    return *spec;
}

/// A thread as one packet's argument, without making it the current one.
Result<const ThreadView*> named_thread(const Session& session, std::string_view args) {
    const auto spec = parse_thread(args);
    if (!spec) {
        return std::unexpected(spec.error());
    }
    const ThreadView* thread = session.find_thread(ThreadId{spec->thread});
    if (thread == nullptr) {
        return fail(ErrorCode::NotFound, "no thread " + std::to_string(spec->thread));
    }
    return thread;
}

} // namespace

/// `?` → why we stand still.
Status stop_reason(Session& session, std::string_view /*args*/, Reply& out) {
    const ThreadView* thread = session.find_thread(session.stop_thread);
    if (thread == nullptr) {
        return fail(ErrorCode::Gone, "the guest has no thread");
    }
    write_stop_reply(session, *thread, out);
    return Outcome::Reply;
}

/// `qThreadStopInfo<id>`
Status thread_stop_info(Session& session, std::string_view args, Reply& out) {
    const auto thread = named_thread(session, args);
    if (!thread) {
        return std::unexpected(thread.error());
    }
    write_stop_reply(session, **thread, out);
    return Outcome::Reply;
}

/// `qfThreadInfo` → all of them; `qsThreadInfo` then has no more.
Status first_threads(Session& session, std::string_view /*args*/, Reply& out) {
    char separator = 'm';
    for (const ThreadId id : thread_ids(session)) {
        out.add(separator).hex(id.value);
        separator = ',';
    }
    if (out.size() == 0) {
        out.add('l');
    }
    return Outcome::Reply;
}

Status more_threads(Session& /*session*/, std::string_view /*args*/, Reply& out) {
    out.add('l');
    return Outcome::Reply;
}

/// LLDB asks for it when it tells its user of a stop: what it looked at before, to decide whether
/// it is one, does not count.
Status threads_info(Session& session, std::string_view /*args*/, Reply& out) {
    session.fast_step.end();
    session.current_thread = session.shown_thread;
    out.add(threads_as_json(session, true));
    return Outcome::Reply;
}

/// `qThreadExtraInfo,<id>` → a line for people, in hex.
Status thread_extra_info(Session& session, std::string_view args, Reply& out) {
    const auto thread = named_thread(session, args);
    if (!thread) {
        return std::unexpected(thread.error());
    }
    std::string text = (*thread)->name.empty() ? "thread" : (*thread)->name;
    if (!(*thread)->host_call.empty()) {
        text += " in host call " + (*thread)->host_call;
    }
    out.hex_text(text);
    return Outcome::Reply;
}

Status current_thread(Session& session, std::string_view /*args*/, Reply& out) {
    out.add("QC").hex(session.current_thread.value);
    return Outcome::Reply;
}

/// `Hg<id>` for what follows, `Hc<id>` for c and s.
Status select_thread(Session& session, std::string_view args, Reply& out) {
    TextReader reader(args);
    const bool to_run = reader.take('c');
    if (!to_run && !reader.take('g')) {
        return fail(ErrorCode::InvalidArgument, "expected Hg or Hc");
    }
    const auto spec = parse_thread(reader.rest());
    if (!spec) {
        return std::unexpected(spec.error());
    }
    const bool one = spec->kind == ThreadSpec::Kind::One;
    if (one && !exists(session, *spec)) {
        return fail(ErrorCode::NotFound, "no thread " + std::to_string(spec->thread));
    }
    if (to_run) {
        session.continue_thread = *spec;
    } else if (one) {
        session.current_thread = ThreadId{spec->thread};
    }
    out.add("OK");
    return Outcome::Reply;
}

/// `T<id>` → whether there is such a thread.
Status thread_alive(Session& session, std::string_view args, Reply& out) {
    const auto spec = parse_thread(args);
    if (!spec) {
        return std::unexpected(spec.error());
    }
    if (!exists(session, *spec)) {
        return fail(ErrorCode::NotFound, "no thread " + std::to_string(spec->thread));
    }
    out.add("OK");
    return Outcome::Reply;
}

} // namespace wdbg::rsp::handlers
