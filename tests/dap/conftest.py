# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fixtures of pytest for the tests of the debug adapter."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from client.session import Session, fixture, wdbg  # noqa: E402

_SHOWN_LINES = 60

# What differs where the guest runs compiled with -Og (WDBG_DAP_ENGINE=aot-g): strict xfails.
_COMPILED = {
    "test_machine_level.py::test_code_without_debug_information":
        "without statement rows no place is held: a step passes several instructions",
}


def pytest_collection_modifyitems(items):
    if os.environ.get("WDBG_DAP_ENGINE", "interp") == "interp":
        return
    for item in items:
        if item.nodeid in _COMPILED:
            item.add_marker(pytest.mark.xfail(reason=_COMPILED[item.nodeid], strict=True))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.fixture
def new_session(request):
    """Makes sessions that end with the test; a failed one shows its messages."""
    sessions = []

    def make(address: str = "") -> Session:
        sessions.append(Session(address))
        return sessions[-1]

    yield make
    report = getattr(request.node, "report_call", None)
    for session in sessions:
        if report is not None and report.failed:
            text = session.connection.transcript()
            folder = os.environ.get("WDBG_DAP_LOGS")
            if folder:
                pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
                name = request.node.nodeid.replace("/", "_").replace("::", "-")
                pathlib.Path(folder, f"{name}.log").write_text(text)
            report.sections.append(("messages (end)", "\n".join(text.splitlines()[-_SHOWN_LINES:])))
        session.dispose()


@pytest.fixture
def session(new_session) -> Session:
    return new_session()


@pytest.fixture
def start_guest(tmp_path):
    """start_guest(fixture, options…): a `wdbg run` that listens; its HOST:PORT and process."""
    processes = []

    def start(name: str, *options: str, listener: str = "-g=127.0.0.1:0", args=()):
        reading, writing = os.pipe()
        command = [wdbg(), "run", listener, f"--listen-fd={writing}", *options, fixture(name), *args]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, pass_fds=(writing,))
        os.close(writing)
        processes.append(process)
        with os.fdopen(reading) as pipe:
            address = pipe.readline().strip()
        assert address, process.communicate()[1].decode()
        return address, process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
