# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""wasi-threads and WAMR's pthreads: every thread with its own stack; no hit lost."""
import pytest

from harness.limitations import expected_difference
from harness.threads import (ALL_HITS, WASI, WORKERS, hits_until_the_end,
                             steps_stay_in_their_thread)

PTHREADS = ("pthreads-O0", "threads/pthreads.c")


def workers(session):
    return [thread for thread in session.threads() if "thread_main" in session.frames(thread)]


def worker_number(thread):
    """From the frame of work(), taken and read at once: see "locals-of-another-thread"."""
    for i in range(4):
        frame = thread.GetFrameAtIndex(i)
        if frame.GetFunctionName() == "work":
            return frame.FindVariable("self").GetChildMemberWithName("number").GetValueAsSigned()
    return None


def test_one_thread_at_the_start(debug):
    session = debug(*WASI)
    session.run_to("main")
    assert len(session.threads()) == 1


def test_every_thread_is_listed_with_its_own_stack(debug):
    session = debug(*WASI)
    session.break_at("hit")
    session.go()
    assert len(session.threads()) == WORKERS + 1
    main = [thread for thread in session.threads() if "_start" in session.frames(thread)]
    assert len(main) == 1
    assert "start_all" in session.frames(main[0])
    assert len(workers(session)) == WORKERS


def test_locals_of_every_thread(debug):
    session = debug(*WASI)
    session.break_at("hit")
    session.go()
    numbers = {worker_number(thread) for thread in session.threads()[1:]}
    assert numbers == {1, 2, 3, 4}


@expected_difference("locals-of-another-thread")
def test_locals_of_a_thread_visited_before(debug):
    session = debug(*WASI)
    session.break_at("hit")
    session.go()
    threads = session.threads()[1:]
    for thread in threads:
        session.frames(thread)
    assert {worker_number(thread) for thread in threads} == {1, 2, 3, 4}


def test_bt_all(debug):
    session = debug(*WASI)
    session.break_at("hit")
    session.go()
    output = session.command("thread backtrace all")
    assert output.count("thread #") == WORKERS + 1
    assert "start_all" in output and "thread_main" in output


def test_breakpoint_hits_of_all_threads_are_exact(debug):
    """Every hit of every thread stops exactly once, also when several arrive together."""
    session = debug(*WASI)
    session.run_to("main")
    session.break_at("hit")
    assert hits_until_the_end(session) == ALL_HITS
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5).startswith("hits 200\n")


def test_breakpoint_that_is_ignored_loses_no_thread(debug):
    session = debug(*WASI)
    session.break_at("hit").SetIgnoreCount(100000)
    assert session.go_to_exit(30) == 0
    assert session.guest.stdout.at_end(5).startswith("hits 200\n")


def test_one_thread_steps_while_others_are_there(debug):
    steps_stay_in_their_thread(debug(*WASI))


def test_only_one_thread_runs(debug):
    session = debug(*WASI)
    session.run_to("round")
    others = {thread.GetThreadID(): thread.GetFrameAtIndex(0).GetPC()
              for thread in session.threads() if thread.GetThreadID() != session.thread.GetThreadID()}
    session.resume("thread step-over --run-mode this-thread")
    for thread in session.threads():
        if thread.GetThreadID() in others and "wait" not in (thread.GetFrameAtIndex(0).GetFunctionName() or ""):
            assert thread.GetFrameAtIndex(0).GetPC() == others[thread.GetThreadID()]


def test_finished_threads_vanish(debug):
    session = debug(*WASI)
    session.run_to("between")
    assert len(workers(session)) == 0 or len(session.threads()) <= WORKERS + 1
    session.run_to("end")
    assert session.go_to_exit() == 0


def test_breakpoint_in_one_thread_only(debug):
    session = debug(*WASI)
    session.run_to("round")
    identifier = session.thread.GetThreadID()
    breakpoint = session.break_at("hit")
    breakpoint.SetThreadID(identifier)
    for _ in range(5):
        session.expect_at(session.go(), "hit")
        assert session.thread.GetThreadID() == identifier


@pytest.mark.parametrize("variant", ["wasi-threads-O0", "wasi-threads-O2"])
def test_runs_undisturbed(debug, variant):
    session = debug(variant, "threads/wasi_threads.c")
    assert session.go_to_exit() == 0
    assert session.guest.stdout.at_end(5) == "hits 200\ntotal 2660\n"


@expected_difference("watch-variable-in-bss")
def test_watchpoint_on_shared_memory(debug):
    session = debug(*WASI)
    session.run_to("worker")
    session.command("watchpoint set variable hits")
    values = []
    for _ in range(10):
        stop = session.go()
        assert stop.reason == "watchpoint", stop
        values.append(session.target.FindFirstGlobalVariable("hits").GetValueAsSigned())
    assert values == sorted(values)
    session.target.DeleteAllWatchpoints()
    assert session.go_to_exit() == 0


def test_pthreads(debug):
    session = debug(*PTHREADS)
    breakpoint = session.break_at("worker")
    numbers = set()
    for _ in range(3):
        session.expect_at(session.go(), "worker")
        numbers.add(session.integer("number"))
    assert numbers == {2, 3, 4}
    assert session.go_to_exit() == 0
    assert breakpoint.GetHitCount() == 3
    assert session.guest.stdout.at_end(5) == "shared 29\njoined 29\n"


def test_pthread_main_waits_in_join(debug):
    session = debug(*PTHREADS)
    session.break_at("worker")
    session.go()
    frames = [session.frames(thread) for thread in session.threads()]
    assert any("_start" in names for names in frames)
    assert any("worker" in names for names in frames)
