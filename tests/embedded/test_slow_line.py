# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLDB on the stub over a line of 115 200 baud with 1 ms of delay each way. The figures are printed
(pytest -s); the limits are what the stub shall keep on a machine that does nothing else, times the factor
below."""
import statistics
import time

import pytest

from harness.slow_line import SlowLine

SLACK = 5  # other tests run on the same processors
SOURCE_STEP = 0.4  # seconds
LOOK = 0.6         # all frames and their locals


class Behind:
    """A board with the slow line in front of it."""

    def __init__(self, board) -> None:
        self._board = board
        self._line = SlowLine(board.address())
        self.module, self.command = board.module, board.command
        self.stdout, self.stderr = board.stdout, board.stderr

    def address(self) -> str:
        return self._line.address()

    def dispose(self) -> None:
        self._line.close()
        self._board.dispose()


def timed(action) -> float:
    begin = time.monotonic()
    action()
    return time.monotonic() - begin


def look(session) -> None:
    for thread in session.threads():
        for frame in thread:
            for value in frame.GetVariables(True, True, False, True):
                value.GetValue()


@pytest.mark.parametrize("board", ["mps2"], indirect=True)
def test_source_steps_and_looks(board, new_session, capsys):
    session = new_session(Behind(board))
    session.run_to("loop")
    steps, looks = [], []
    for _ in range(6):
        steps.append(timed(session.step_over))
        looks.append(timed(lambda: look(session)))
    step, seen = statistics.median(steps), statistics.median(looks)
    with capsys.disabled():
        print(f"\n115 200 baud: source step {1000 * step:.0f} ms, "
              f"frames and locals {1000 * seen:.0f} ms (medians of {len(steps)})")
    assert step < SLACK * SOURCE_STEP
    assert seen < SLACK * LOOK
