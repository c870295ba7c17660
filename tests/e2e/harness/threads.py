# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is asked of tests/fixtures/threads/wasi_threads.c, whatever runs it."""

WASI = ("wasi-threads-O0", "threads/wasi_threads.c")
WORKERS, ROUNDS = 4, 25
_GENERATIONS = (1, 11)  # numbers of their first workers
ALL_HITS = [(first + i, round_) for first in _GENERATIONS for i in range(WORKERS)
            for round_ in range(1, ROUNDS + 1)]


def hits_until_the_end(session) -> list[tuple[int, int]]:
    """Worker and round of every thread that stops at "hit", sorted, until the guest is at "end"."""
    end = session.break_at("end")
    seen = []
    while True:
        stop = session.go()
        if end.GetHitCount():
            return sorted(seen)
        assert stop.reason == "breakpoint", stop
        for thread in session.threads():
            if session.reason(thread) == "breakpoint":
                caller = thread.GetFrameAtIndex(1)
                seen.append(tuple(caller.FindVariable(name).GetValueAsSigned()
                                  for name in ("number", "round")))


def steps_stay_in_their_thread(session) -> None:
    session.run_to("round")
    number = session.integer("number")
    identifier = session.thread.GetThreadID()
    for _ in range(5):
        session.step_over()
        assert session.thread.GetThreadID() == identifier
        assert session.integer("number", session.frames().index("work")) == number
