# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A guest of several threads in a process behind gdbserver."""
import pytest

from harness.threads import (ALL_HITS, WASI, WORKERS, hits_until_the_end,
                             steps_stay_in_their_thread)


@pytest.fixture
def session(start, debug):
    module, source = WASI
    return debug(start("threads-Og", module), source)


def test_every_thread_has_its_own_stack(session):
    session.break_at("hit")
    session.go()
    stacks = [session.frames(thread) for thread in session.threads()]
    assert sum("thread_main" in stack for stack in stacks) == WORKERS
    assert sum("start_all" in stack for stack in stacks) == 1


def test_no_hit_is_lost(session):
    hit = session.break_at("hit")
    assert hits_until_the_end(session) == ALL_HITS
    assert hit.GetHitCount() == len(ALL_HITS)


def test_steps_of_one_thread_end_in_it(session):
    steps_stay_in_their_thread(session)
    session.target.DeleteAllBreakpoints()
    assert session.go_to_exit() == 0
