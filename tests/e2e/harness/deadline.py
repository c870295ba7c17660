# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Waiting for a condition, never for a time."""
import time
from collections.abc import Callable

DEFAULT_SECONDS = 10.0
_POLL_SECONDS = 0.002


class DeadlineError(AssertionError):
    """What was waited for did not come."""


class Deadline:
    def __init__(self, seconds: float = DEFAULT_SECONDS) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    def passed(self) -> bool:
        return time.monotonic() >= self._end


def wait_for(what: str, condition: Callable[[], object], seconds: float = DEFAULT_SECONDS):
    """Returns the condition's first true value."""
    deadline = Deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if deadline.passed():
            raise DeadlineError(f"waited {seconds} s for {what}")
        time.sleep(_POLL_SECONDS)
