# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures of pytest for the tests of the microcontroller's stub. The harness is tests/e2e's."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))
sys.path.append(str(pathlib.Path(__file__).parents[1] / "dap"))  # client: the typed DAP client
sys.path.append(str(pathlib.Path(__file__).parents[1] / "bridge"))  # native: wdbg bridge

from boards import SOURCE, interpreted  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.fixture(params=["host", "mps2", "virt32"])
def board(request):
    """A machine whose guest waits at its entry."""
    started = interpreted(request.param)
    yield started
    report = getattr(request.node, "report_call", None)
    if report is not None and report.failed:
        report.sections.append(("board", f"{started.console()}\n{started.stderr.text()}"))
    started.dispose()


@pytest.fixture
def new_session(request):
    """new_session(board): an LLDB session connected to it."""
    from harness.session import Session  # loads liblldb: in the test's own process only

    sessions = []

    def make(board) -> Session:
        session = Session(SOURCE)
        sessions.append(session)
        session.connect(board)
        return session

    yield make
    report = getattr(request.node, "report_call", None)
    for session in sessions:
        if report is not None and report.failed:
            report.sections.append(("packets (end)", session.packets()[-8000:]))
        session.dispose()


@pytest.fixture
def session(board, new_session):
    return new_session(board)
