# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs that read the terminal: runInTerminal."""
import os
import pty
import subprocess

import pytest
from client.connection import RequestFailed
from client.session import engine, fixture

ECHO = "c/echo.c"


class Terminal:
    """A pseudo-terminal and what runs in it."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        self._theirs = theirs
        self.process = None

    def run(self, arguments: dict) -> int:
        self.process = subprocess.Popen(arguments["args"], stdin=self._theirs, stdout=self._theirs,
                                        stderr=self._theirs, cwd=arguments["cwd"] or None)
        return self.process.pid

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def read_until(self, text: str) -> str:
        """What has come; pytest's time limit ends a wait for nothing."""
        found = b""
        while text.encode() not in found:
            found += os.read(self._ours, 4096)
        return found.decode()

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


def _launch(session, **settings) -> int:
    session.initialize(supportsRunInTerminalRequest=True)
    return session.connection.send_request("launch", {
        "program": fixture("echo-O0"), "console": "integratedTerminal", **engine(), **settings})


def test_the_guest_reads_and_writes_the_terminal(session, terminal):
    seq = _launch(session)
    request = session.connection.reverse_request("runInTerminal", seconds=30)
    assert request["arguments"]["kind"] == "integrated"
    pid = terminal.run(request["arguments"])
    session.connection.respond(request, {"processId": pid})
    assert session.connection.response(seq, 60)["success"]
    session.connection.event("initialized", seconds=60)
    session.breakpoints(ECHO, "line")
    session.configured()
    terminal.read_until("ready")
    terminal.type("typed\n")
    session.stopped(60)
    assert session.at(ECHO, "line")
    assert "typed" in session.evaluate("buffer").result
    session.resume()
    terminal.read_until("echo: typed")
    terminal.type("\x04")  # the end of the input
    terminal.read_until("1 lines")
    assert session.exited(60) == 0


def test_a_client_that_cannot_do_it_is_told(session):
    seq = _launch(session)
    request = session.connection.reverse_request("runInTerminal", seconds=30)
    session.connection.respond(request, problem="no terminal today")
    answer = session.connection.response(seq, 30)
    assert not answer["success"] and "no terminal today" in answer["message"]


def test_without_terminals_in_the_client_it_is_refused(session):
    session.initialize()
    with pytest.raises(RequestFailed, match="no terminals"):
        session.connection.request("launch", {"program": fixture("echo-O0"), "console": "externalTerminal"})
