# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures of pytest for the end-to-end tests; see README.md."""
import os
import pathlib
import shutil

import pytest

from harness import paths
from harness.compiled_code import mark_expected_differences
from harness.guest import Guest

_LOG_TAIL_LINES = 60
_LOG_LINE_LENGTH = 300


def pytest_collection_modifyitems(items):
    mark_expected_differences(items)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


def _keep_log(session, request) -> None:
    """On failure: the packet log goes to WDBG_E2E_LOGS, its end into the report."""
    text = session.packets()
    folder = os.environ.get("WDBG_E2E_LOGS")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        name = request.node.nodeid.replace("/", "_").replace("::", "-")
        pathlib.Path(folder, f"{name}.packets.log").write_text(text)
    tail = [line[:_LOG_LINE_LENGTH] for line in text.splitlines()[-_LOG_TAIL_LINES:]]
    request.node.report_call.sections.append(("packets (end)", "\n".join(tail)))
    if session.guest is not None:
        request.node.report_call.sections.append(
            ("guest", f"{session.guest.command}\nstdout: {session.guest.stdout.text()}\n"
                      f"stderr: {session.guest.stderr.text()}"))


@pytest.fixture
def new_session(request):
    """Makes LLDB sessions that end with the test."""
    from harness.session import Session  # loads liblldb: in the test's own process only

    sessions = []

    def make(source: str = "") -> Session:
        sessions.append(Session(source))
        return sessions[-1]

    yield make
    report = getattr(request.node, "report_call", None)
    for session in sessions:
        if report is not None and report.failed:
            _keep_log(session, request)
        session.dispose()


@pytest.fixture
def debug(new_session):
    """debug(fixture, source, args…): a session on a guest that waits at its entry."""

    def start(name: str, source: str = "", args=(), options=(), cwd=None, **connect):
        session = new_session(source)
        session.connect(Guest(paths.fixture(name), args, options, cwd=cwd), **connect)
        return session

    return start


@pytest.fixture
def run():
    """run(module, args…, options=…): `wdbg run` without a listener."""
    guests = []

    def start(module, *args, options=(), listen=False, cwd=None) -> Guest:
        path = paths.fixture(module) if isinstance(module, str) else module
        guests.append(Guest(path, args, options, listen=listen, cwd=cwd))
        return guests[-1]

    yield start
    for guest in guests:
        guest.dispose()


@pytest.fixture
def scratch(tmp_path) -> pathlib.Path:
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)
