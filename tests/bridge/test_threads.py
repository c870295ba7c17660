# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A guest of several threads in a process behind gdbserver."""

THREADS = ("threads-Og", "wasi-threads-O0")
SOURCE = "threads/wasi_threads.c"
WORKERS, ROUNDS = 4, 25


def test_every_thread_has_its_own_stack(start, debug):
    session = debug(start(*THREADS), SOURCE)
    session.break_at("hit")
    session.go()
    stacks = [session.frames(thread) for thread in session.threads()]
    assert sum("thread_main" in stack for stack in stacks) == WORKERS
    assert sum("start_all" in stack for stack in stacks) == 1


def test_no_hit_is_lost(start, debug):
    session = debug(start(*THREADS), SOURCE)
    hit = session.break_at("hit")
    end = session.break_at("end")
    seen = []
    while session.go() and not end.GetHitCount():
        for thread in session.threads():
            if session.reason(thread) == "breakpoint":
                caller = thread.GetFrameAtIndex(1)
                seen.append(tuple(caller.FindVariable(name).GetValueAsSigned()
                                  for name in ("number", "round")))
    assert sorted(seen) == [(number, round_) for number in (1, 2, 3, 4, 11, 12, 13, 14)
                            for round_ in range(1, ROUNDS + 1)]
    assert hit.GetHitCount() == len(seen)


def test_steps_of_one_thread_end_in_it(start, debug):
    session = debug(start(*THREADS), SOURCE)
    session.run_to("round")
    number = session.integer("number")
    thread = session.thread.GetThreadID()
    for _ in range(5):
        session.step_over()
        assert session.thread.GetThreadID() == thread
        assert session.integer("number", session.frames().index("work")) == number
    session.target.DeleteAllBreakpoints()
    assert session.go_to_exit() == 0
